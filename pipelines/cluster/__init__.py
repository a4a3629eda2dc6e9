"""The training cluster: one protocol, and one module for each way to reach a cluster."""
