"""From Kafka into the lake: plan the offsets, run the kernel over them, commit rows and progress together."""
