"""Airflow's policy on a machine where somebody watches a single run: a failure is told at once, not retried."""

from typing import Any


def task_policy(task: Any) -> None:
    """Switch the retries off; the person reads the sentence and runs the DAG again."""
    task.retries = 0
