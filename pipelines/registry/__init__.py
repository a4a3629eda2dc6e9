"""The registry: which models there are, what they were made from, and their files, verified."""
