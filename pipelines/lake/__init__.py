"""The lake: where tables are, how they are read at a version, and how rows are appended once."""
