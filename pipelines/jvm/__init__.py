"""Java for Spark and the broker: where it is, its jars, and the Spark session."""
