"""The cleaning kernel: Kafka records in, verdicts and flagged observations out. Arrow both ways, no I/O, no clock."""
