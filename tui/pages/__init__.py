"""The pages, each a screen beside its style."""
