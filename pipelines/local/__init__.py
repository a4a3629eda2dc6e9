"""The services of a single machine: a Kafka broker of our own."""
