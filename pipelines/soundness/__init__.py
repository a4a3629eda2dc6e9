"""Soundness: whether tables are as they were written, told from their logs and files without a Delta library."""
