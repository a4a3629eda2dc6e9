"""Gold that came about day by day, with late data and a replay, is the gold that bronze gives in one go."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from pipelines.errors import DataRefused, UsageError
from pipelines.jobs.build_gold import build_gold
from pipelines.jobs.flag import flag
from pipelines.jobs.gate import gate
from pipelines.jobs.rebuild_gold import rebuild_gold, require_equal
from pipelines.jobs.replay import replay
from pipelines.kernel.batch import Batch, Judged
from pipelines.lake.tables import Lake
from pipelines.replay.scope import Scope
from pipelines.stream import clean
from tests.gold.lakes import FIELD
from tests.stream.test_batch import take_in
from tests.uplinks import Topic, uplink

MIDNIGHT = datetime(2026, 5, 20, 8, tzinfo=UTC)  # in California
NORTH, SOUTH = "a840410000000001", "a840410000000002"
THIRD_DAY = range(96, 144)


def half_hours(device: str, slots: range) -> list[bytes]:
    """Air temperatures of half-hours, counted from the first midnight; a message says when its half-hour ended."""
    times = (MIDNIGHT + timedelta(minutes=30 * (slot + 1)) for slot in slots)
    return [
        uplink(
            {"air_temperature": 15.0 + (slot * 7) % 11}, device=device, counter=slot, time=f"{time:%Y-%m-%dT%H:%M:%SZ}"
        )
        for slot, time in zip(slots, times, strict=True)
    ]


class HalvingBatch(Batch):
    """Contracts that took the third day's temperatures in the north for half of what they are."""

    def judge(self, known_keys: pa.Table) -> Judged:
        judged = super().judge(known_keys)
        rows = judged.silver
        sequences = pc.is_in(rows["sequence"].cast("int64"), pa.array(THIRD_DAY, pa.int64()))
        is_wrong = pc.and_(pc.equal(rows["device_id"].cast("string"), NORTH), sequences)
        values = pc.if_else(is_wrong, pc.divide(rows["value"], 2), rows["value"])
        return Judged(judged.events, rows.set_column(rows.schema.get_field_index("value"), "value", values))


@pytest.fixture
def settings(home_settings):
    settings = replace(home_settings, tenant="acme")
    lake, since = Lake(settings.lake), datetime(2026, 1, 1, tzinfo=UTC)
    lake.append("reference.fields", [FIELD, FIELD | {"field_id": "south"}])
    stood = {NORTH: "north", SOUTH: "south"}
    lake.append(
        "reference.devices",
        [{"device_id": device, "field_id": field, "valid_from": since} for device, field in stood.items()],
    )
    return settings


def build(settings):
    flag(settings)
    assert gate(settings).gate_verdict == "admitted"
    return {table.table_name: table for table in build_gold(settings).tables}["gold.field_daily"]


def test_gold_with_late_data_and_a_replay_is_the_gold_that_bronze_gives(settings, tmp_path, monkeypatch):
    lake = Lake(settings.lake)
    first = [[*half_hours(NORTH, range(40)), *half_hours(NORTH, range(48, 144))], half_hours(SOUTH, range(144))]
    with monkeypatch.context() as patch:
        patch.setattr(clean, "Batch", HalvingBatch)
        take_in(lake, Topic(first))
    build(settings)
    take_in(lake, Topic([[*first[0], *half_hours(NORTH, range(40, 48))], first[1]]))  # the first day's evening, late
    build(settings)
    with pytest.raises(DataRefused, match=r"not what bronze gives.*gold\.field_daily"):
        require_equal(rebuild_gold(settings, tmp_path / "before"))

    done = replay(settings, Scope(device=NORTH), reason="read in Fahrenheit", replayed_by="maria")
    assert (done.records_read, done.observations_changed, done.observations_unchanged) == (144, 48, 96)
    built = build(settings)
    # The third day alone had rows that changed.
    assert (built.built, built.days_restated, built.restated_from) == ("some", 1, date(2026, 5, 22))
    causes = {row["cause"] for row in lake.read("gold.restatements").to_pylist() if row["date"] == date(2026, 5, 22)}
    assert causes == {"silver.flags 2 to 3; silver.observations 2 to 3; a replay: read in Fahrenheit"}

    tables = rebuild_gold(settings, tmp_path / "rebuilt")
    assert [(each.table_name, each.rows, each.is_equal) for each in tables] == [
        ("gold.field_hourly", 144, True),
        ("gold.field_daily", 6, True),
        ("gold.water_balance_daily", 0, True),
    ]
    require_equal(tables)
    with pytest.raises(UsageError, match="a new or an empty folder"):
        rebuild_gold(settings, tmp_path / "rebuilt")


def test_what_the_gate_has_not_admitted_cannot_be_compared(settings, tmp_path):
    take_in(Lake(settings.lake), Topic([half_hours(NORTH, range(2))]))
    with pytest.raises(DataRefused, match=r"versions up to 1 admitted, got 0 slices held, versions up to -1 admitted"):
        rebuild_gold(settings, tmp_path / "rebuilt")
