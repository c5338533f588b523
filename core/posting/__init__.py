"""Posting a document: check, amounts, entries, numbers, and writing it all at once."""
