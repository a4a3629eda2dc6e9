import sys
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from pipelines.errors import GateHeld
from pipelines.gate.results import GateResult, results
from pipelines.jobs.build_gold import build_gold
from pipelines.jobs.flag import flag
from pipelines.jobs.gate import TableStatus, gate, gate_release, gate_status, require_admitted, require_none_held
from pipelines.jobs.quarantine import redrive
from pipelines.jobs.replay import replay
from pipelines.lake.tables import Lake
from pipelines.quarantine.selection import Selection
from pipelines.replay.scope import Scope
from pipelines.settings import Settings
from pipelines.stream import clean
from tests.lakes import START, observation
from tests.stream.test_batch import take_in
from tests.uplinks import Topic, uplink
from tests.yesterday import YesterdaysBatch, new

SILVER = "silver.observations"


def result(verdict: str, *failed: str) -> GateResult:
    decided_at = datetime(2026, 6, 1, tzinfo=UTC)
    return GateResult(SILVER, 3, 5, 700, 41, failed, (), None, verdict, "41aa", "[]", (), (), (), decided_at)


def test_an_admitted_slice_passes() -> None:
    assert require_admitted(result("admitted")).gate_verdict == "admitted"


def test_a_held_slice_is_named_with_what_failed() -> None:
    with pytest.raises(GateHeld) as held:
        require_admitted(result("held", "flag is one of QARTOD's: 1 rows are not so, such as 5"))
    assert held.value.exit_code == 5
    assert str(held.value).startswith(
        "The gate holds a slice (silver.observations, versions 4 to 5): expected every expectation to hold for 700 "
        "rows, got flag is one of QARTOD's: 1 rows are not so, such as 5."
    )


def test_the_status_of_a_lake_without_tables(home_settings: Settings) -> None:
    status = gate_status(home_settings)
    assert status.tables == tuple(TableStatus(name, -1, -1, -1, None) for name in (SILVER, "silver.operations"))
    assert status.held == ()


def test_a_held_slice_shows_with_its_rows_until_it_is_released(home_settings: Settings) -> None:
    lake = Lake(home_settings.lake)
    lake.append("reference.fields", [_field("north")])
    lake.append("reference.devices", [{"device_id": "probe-2", "field_id": "north", "valid_from": START}])
    lake.append(SILVER, [observation(20), {**observation(21), "value": 0.9}])
    verdict = gate(home_settings)
    status, _ = gate_status(home_settings).tables
    assert (status.version, status.judged_version, status.admitted_version) == (1, 1, -1)
    assert status.latest is not None
    assert (status.latest.decided_at, status.latest.judged_now) == (verdict.decided_at, False)
    (held,) = gate_status(home_settings).held
    with pytest.raises(GateHeld, match=r"versions 0 to 1.*soil_moisture is within"):
        require_none_held(gate_status(home_settings))
    assert held.failed_expectations == (
        "soil_moisture is within 0 and 0.7 m3/m3 unless flagged: 1 rows are not so, such as 0.9",
    )
    assert [(row["device_id"], row["offset"]) for row in held.sample_rows] == [("probe-2", 21)]
    day = date(2026, 6, 1)
    assert held.field_days == ({"field_id": "north", "from_date": day, "to_date": day},)
    assert gate_release(home_settings, SILVER, 1, "the probe stood in water", "maria").from_version == -1
    status, _ = gate_status(home_settings).tables
    assert (status.admitted_version, require_none_held(gate_status(home_settings)).held) == (1, ())


STATION_DAY = START - timedelta(days=1)


def half_hour(slot: int, value: float, *, is_read: bool) -> bytes:
    """What a weather station sends at the end of a half hour, in words that yesterday's contracts read or do not."""
    said: dict[str, Any] = {"time": f"{STATION_DAY + (slot + 1) * timedelta(minutes=30):%Y-%m-%dT%H:%M:%SZ}"}
    return uplink({"air_temperature": value}, counter=slot, **said) if is_read else new(slot, value, **said)


def test_a_held_slice_is_mended_by_a_redrive(home_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = replace(home_settings, tenant="acme")
    lake = Lake(settings.lake)
    lake.append("reference.fields", [_field("north")])
    lake.append(
        "reference.devices", [{"device_id": "a840410000000001", "field_id": "north", "valid_from": STATION_DAY}]
    )
    # A day of 48 half hours: one value cannot be, 2 are read, 45 come from a model that nobody knows yet.
    sent = [half_hour(slot, 99.0 if slot == 0 else 20.0, is_read=slot < 3) for slot in range(48)]
    with monkeypatch.context() as patch:
        patch.setattr(clean, "Batch", YesterdaysBatch)
        take_in(lake, Topic([sent]))
    held = gate(settings)
    # One of three is more than one in twenty.
    assert (held.gate_verdict, held.row_count) == ("held", 3)
    assert [sentence.partition(" rows")[0] for sentence in held.failed_expectations] == ["at most 5% of"]
    # The model has a contract now. Its values are a slice of their own, and of 48 values one in twenty may be bad.
    assert redrive(settings, Selection(), apply=True).observations == 45
    gate(settings)
    assert gate_status(settings).held == ()
    assert [(each.gate_verdict, each.row_count) for each in results(lake, SILVER)] == [
        ("held", 3),
        ("admitted", 48),
        ("admitted", 45),
    ]
    flag(settings)
    build_gold(settings)
    (day,) = lake.read("gold.field_daily").to_pylist()
    assert (day["air_temperature_mean_c"], day["air_temperature_coverage"]) == (20.0, 47 / 48)
    assert gate(settings).judged_now is False


def test_a_held_slice_is_mended_by_a_replay(home_settings: Settings) -> None:
    settings = replace(home_settings, tenant="acme")
    lake = Lake(settings.lake)
    lake.append("reference.fields", [_field("north")])
    stood = {"device_id": "a840410000000001", "field_id": "north", "valid_from": STATION_DAY}
    lake.append("reference.devices", [stood])
    take_in(lake, Topic([[half_hour(slot, value, is_read=True) for slot, value in enumerate((99.0, 20.0, 21.0))]]))
    assert gate(settings).gate_verdict == "held"
    # The station is known to be calibrated otherwise: 99 says 49.5, which can be.
    line = {"property": "air_temperature", "channel": None, "gain": 0.5, "offset": 0.0}
    lake.open("reference.devices").delete()
    lake.append("reference.devices", [stood | {"calibration": [line]}])
    assert replay(settings, Scope(), reason="calibrated").observations_changed == 3
    gate(settings)
    assert gate_status(settings).held == ()
    verdicts = [("held", 3), ("admitted", 3), ("admitted", 3)]
    assert [(each.gate_verdict, each.row_count) for each in results(lake, SILVER)] == verdicts
    assert gate(settings).judged_now is False


def _field(name: str) -> dict[str, object]:
    where = {"latitude_deg": 38.0, "longitude_deg": -121.0, "elevation_m": 0.0}
    return {"field_id": name, "utc_offset_h": 0.0, "wind_height_m": 2.0, **where}


def test_who_releases_is_by_default_who_runs_the_command(home_settings: Settings) -> None:
    import os
    import pwd

    lake = Lake(home_settings.lake)
    lake.append(SILVER, [{**observation(21), "value": 0.9}])
    gate(home_settings)
    assert gate_release(home_settings, SILVER, 1, "known").released_by == pwd.getpwuid(os.getuid()).pw_name


def test_the_gate_is_imported_without_its_heavy_libraries() -> None:
    import subprocess

    said = "import sys, pipelines.jobs.gate; print([m for m in ('pyspark', 'great_expectations') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True).stdout == "[]\n"
