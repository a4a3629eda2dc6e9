"""The report: reads the lake's tables and writes one page that a person can read."""
