"""The defaults of all DAGs, in the terms of whoever is on call."""

from datetime import UTC, datetime, timedelta

from pipelines.orchestration.defaults import DEFAULT_ARGS, START_DATE, Tag


def test_a_service_has_seven_minutes_to_come_back() -> None:
    # Three retries, each after twice the wait of the one before: 1 + 2 + 4 minutes (Airflow adds a little jitter).
    waits = [DEFAULT_ARGS["retry_delay"] * 2**retry for retry in range(DEFAULT_ARGS["retries"])]
    assert DEFAULT_ARGS["retry_exponential_backoff"] is True
    assert sum(waits, timedelta()) == timedelta(minutes=7)
    assert max(waits) <= DEFAULT_ARGS["max_retry_delay"]


def test_a_hung_task_ends_within_the_hour() -> None:
    assert DEFAULT_ARGS["execution_timeout"] == timedelta(hours=1)


def test_the_past_begins_before_the_project_and_in_utc() -> None:
    assert START_DATE.tzinfo is UTC
    assert datetime(2026, 11, 1, tzinfo=UTC) > START_DATE


def test_tags_are_a_closed_set() -> None:
    assert [str(tag) for tag in Tag] == ["data", "models", "impact-today", "impact-week"]
