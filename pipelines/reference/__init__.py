"""Which fields there are, which device stood in which, and when: read from files, checked, changed, kept."""
