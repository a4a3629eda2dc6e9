"""What every DAG has in common: owner, retries, time limit and the closed set of tags."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any


class Tag(StrEnum):
    """What a DAG may be tagged with: the half of the pipeline it drives, and how urgent its failure is."""

    DATA = "data"
    MODELS = "models"
    URGENT = "impact-today"
    """A failure stops fresh data or scores from reaching a field: look at it the same day."""
    PATIENT = "impact-week"
    """The last good result keeps serving: look at it within the week."""


START_DATE = datetime(2026, 1, 1, tzinfo=UTC)
"""Before anything runs; with catchup off it starts no runs of the past."""

DEFAULT_ARGS: dict[str, Any] = {
    "owner": "fieldstream",
    "retries": 3,
    "retry_delay": timedelta(minutes=1),
    "retry_exponential_backoff": True,
    "max_retry_delay": timedelta(minutes=30),
    "execution_timeout": timedelta(hours=1),
}
"""Retries are for services that do not answer; whatever would fail the same way again fails at once (see `task`)."""
