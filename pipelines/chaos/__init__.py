"""Faults on purpose: a stream, its jobs and its broker are broken in named ways, and the tables held to their word."""
