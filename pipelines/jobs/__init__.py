"""What the command line and the DAGs call: one verb, one module, joining rooms."""
