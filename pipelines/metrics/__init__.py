"""What Prometheus is told: numbers read from the tables and the broker, and how they are written and served."""
