"""Contracts of yesterday: a kernel that does not understand yet what today's does."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from pipelines.kernel.batch import Batch, Judged
from pipelines.lake.tables import Lake
from pipelines.stream import clean
from tests.stream.test_batch import take_in
from tests.uplinks import Topic, uplink

# Yesterday nobody could read a time with these seconds, and nobody knew this sensor.
ODD_TIME = "2026-06-01T12:00:59Z"
ODD_RESULT_TIME = datetime(2026, 6, 1, 12, 0, 59, tzinfo=UTC)
NEW_SENSOR = "TOWER weather STATION"


def odd(counter: int, value: float = 20.0, **said: str) -> bytes:
    """A message that yesterday was quarantined for `no_time`."""
    return uplink({"air_temperature": value}, counter=counter, time=ODD_TIME, **said)


def new(counter: int, value: float = 20.0, **said: str) -> bytes:
    """A message that yesterday was accepted as of an `unknown_sensor`."""
    return uplink({"air_temperature": value}, counter=counter, sensor=NEW_SENSOR, **said)


class YesterdaysBatch(Batch):
    """As today's, but for the messages above."""

    def judge(self, known_keys: pa.Table) -> Judged:
        judged = super().judge(known_keys)
        rows = [_as_yesterday(row) for row in judged.events.to_pylist()]
        unread = {row["offset"] for row in rows if row["verdict"] == "quarantined" or row["reasons"]}
        is_read = [offset not in unread for offset in judged.silver["offset"].to_pylist()]
        return Judged(
            pa.Table.from_pylist(rows, schema=judged.events.schema),
            judged.silver.filter(pa.array(is_read, pa.bool_())),
        )


class RefusingBatch(Batch):
    """Takes nothing for a message."""

    def judge(self, known_keys: pa.Table) -> Judged:
        judged = super().judge(known_keys)
        rows = [row | _QUARANTINED for row in judged.events.to_pylist()]
        return Judged(pa.Table.from_pylist(rows, schema=judged.events.schema), judged.silver.slice(0, 0))


_QUARANTINED = {"verdict": "quarantined", "reasons": ["no_time"], "event_key": None, "result_time": None}


def _as_yesterday(row: dict) -> dict:
    raw = row["raw"] or b""
    if ODD_TIME.encode() in raw:
        return row | _QUARANTINED
    if NEW_SENSOR.encode() in raw and row["verdict"] == "accepted":
        return row | {"reasons": ["unknown_sensor"]}
    return row


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path)


@pytest.fixture
def take_in_yesterday(monkeypatch: pytest.MonkeyPatch) -> Callable[[Lake, Topic], None]:
    def taken_in(lake: Lake, topic: Topic) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(clean, "Batch", YesterdaysBatch)
            take_in(lake, topic)

    return taken_in
