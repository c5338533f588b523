"""What users see: the full-screen terminal and the command line."""
