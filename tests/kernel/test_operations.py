"""Messages that say what was done: each has its verdict, its reasons and its row; poison is kept, never a crash."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from pipelines.contracts.topics import OPERATIONS
from pipelines.kernel.batch import KNOWN_KEYS_SCHEMA, Batch, Judged
from pipelines.kernel.steps import steps
from tests.uplinks import INGEST_TIME, records, uplink

TOPIC = "acme.operations"


def message(**said: Any) -> bytes:
    usual = {
        "device_id": "valve-7",
        "time": "2026-06-01T12:00:00Z",
        "operation": "irrigation",
        "field_id": "north",
        "sequence": 1,
        "details": {"water_depth": 25},
    }
    return json.dumps({key: value for key, value in (usual | said).items() if value is not None}).encode()


def judged(*values: bytes | None, **about: Any) -> Judged:
    rows = records(values, topic=TOPIC, **about)
    with Batch(steps(OPERATIONS), rows, tenant_id="acme", ingest_time=INGEST_TIME) as batch:
        return batch.judge(KNOWN_KEYS_SCHEMA.empty_table())


def verdict(value: bytes | None, **about: Any) -> tuple[str, list[str]]:
    (row,) = judged(value, **about).events.to_pylist()
    return row["verdict"], row["reasons"]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({}, ("accepted", [])),
        ({"operation": "irrigation_on", "details": None}, ("accepted", [])),
        ({"operation": "harvest"}, ("quarantined", ["unknown_operation:harvest"])),
        ({"field_id": " "}, ("quarantined", ["no_field"])),
        ({"device_id": None}, ("quarantined", ["no_device"])),
        ({"time": "soon"}, ("quarantined", ["no_time"])),
        ({"tenant_id": "other"}, ("quarantined", ["tenant_mismatch"])),
        ({"details": {}}, ("quarantined", ["missing_detail:water_depth or water_volume"])),
        ({"details": {"water_depth": None}}, ("quarantined", ["missing_detail:water_depth or water_volume"])),
        ({"details": [25]}, ("quarantined", ["unreadable_detail:details"])),
        ({"details": {"water_depth": "much"}}, ("quarantined", ["unreadable_detail:water_depth"])),
        ({"details": {"water_depth": True}}, ("quarantined", ["unreadable_detail:water_depth"])),
        ({"details": {"water_depth": 10**400}}, ("quarantined", ["unreadable_detail:water_depth"])),
        ({"details": {"water_depth": {"value": 2, "unit": "Cel"}}}, ("quarantined", ["unreadable_detail:water_depth"])),
        ({"started_at": "never"}, ("quarantined", ["unreadable_detail:time"])),
        ({"ended_at": "later"}, ("quarantined", ["unreadable_detail:time"])),
        ({"details": {"water_depth": 25, "colour": "blue"}}, ("accepted", ["unknown_key:colour"])),
    ],
)
def test_a_message_has_the_verdict_that_its_contract_gives_it(
    said: dict[str, Any], expected: tuple[str, list[str]]
) -> None:
    assert verdict(message(**said)) == expected


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "empty"),
        (b"", "not_json"),
        (b"\xff\xfe", "not_utf8"),
        (message()[:-7], "not_json"),
        (b"[]", "unknown_format"),
        (uplink({"air_temperature": 20}), "unknown_format"),
        (b'{"operation": ' + b"[" * 100_000 + b"}", "not_json"),
    ],
)
def test_poison_waits_in_quarantine_with_its_bytes(value: bytes | None, reason: str) -> None:
    found = judged(value, message())
    first, second = found.events.to_pylist()
    assert (first["verdict"], first["reasons"], first["raw"]) == ("quarantined", [reason], value)
    assert second["verdict"] == "accepted"
    assert found.silver["offset"].to_pylist() == [1]


@pytest.mark.parametrize(
    ("details", "column", "value", "flag", "reasons"),
    [
        ({"water_depth": 25}, "water_depth_mm", 25, 1, []),
        ({"water_depth": {"value": 1, "unit": "inch"}}, "water_depth_mm", 25.4, 1, []),
        ({"water_volume": {"value": 5000, "unit": "L"}}, "water_volume_m3", 5, 1, []),
        ({"water_depth": 201}, "water_depth_mm", 201, 3, ["above_suspect_range"]),
        ({"water_depth": 1001}, "water_depth_mm", 1001, 4, ["above_gross_range"]),
        ({"water_depth": -1}, "water_depth_mm", -1, 4, ["below_gross_range"]),
    ],
)
def test_a_number_is_in_its_columns_unit_and_flagged_by_its_bounds(
    details: dict[str, Any], column: str, value: float, flag: int, reasons: list[str]
) -> None:
    (row,) = judged(message(details=details)).silver.to_pylist()
    assert (row[column], row["flag"], row["reasons"]) == (pytest.approx(value), flag, reasons)


def test_times_that_cannot_be_are_flagged() -> None:
    early = message(sequence=2, started_at="1999-12-31T00:00:00Z")
    backwards = message(sequence=3, ended_at="2026-06-01T11:59:00Z")
    rows = judged(early, backwards).silver.to_pylist()
    assert [(row["flag"], row["reasons"]) for row in rows] == [(4, ["impossible_date"]), (4, ["ended_before_start"])]


def test_a_pesticide_application_keeps_what_the_law_asks_for() -> None:
    details = {
        "product": "Teldor", "authorisation_number": "024637-00", "dose_by_mass": {"value": 500, "unit": "g/ha"},
        "treated_area": 3.2, "crop": "VITVI", "growth_stage": 65,
    }  # fmt: skip
    said = message(operation="pesticide_application", started_at="2026-06-01T06:00:00+02:00", details=details)
    (row,) = judged(said).silver.to_pylist()
    kept = (
        "product_name",
        "authorisation_number",
        "dose_kg_ha",
        "treated_area_ha",
        "crop_eppo_code",
        "growth_stage_bbch",
    )
    assert [row[name] for name in kept] == ["Teldor", "024637-00", 0.5, 3.2, "VITVI", 65]
    assert row["phenomenon_time"] == datetime(2026, 6, 1, 4, tzinfo=UTC)


def test_copies_and_contradictions_are_told_as_those_of_telemetry() -> None:
    found = judged(message(), message(), message(details={"water_depth": 30}), message(sequence=2))
    assert found.events["verdict"].to_pylist() == ["accepted", "duplicate", "quarantined", "accepted"]
    assert found.events["reasons"].to_pylist() == [[], ["repeated_in_batch"], ["conflict"], []]
    assert found.silver["offset"].to_pylist() == [0, 3]


def test_a_counter_on_the_topic_of_operations_is_not_that_of_telemetry() -> None:
    (operation,) = judged(message(session="00bb10a1")).events["event_key"].to_pylist()
    with Batch(steps(), records([uplink({"air_temperature": 20}, device="valve-7")]), tenant_id="acme",
               ingest_time=INGEST_TIME) as batch:  # fmt: skip
        (telemetry,) = batch.judge(KNOWN_KEYS_SCHEMA.empty_table()).events["event_key"].to_pylist()
    assert operation[-8:] == telemetry[-8:]
    assert operation[:24] != telemetry[:24]


def test_rows_can_be_made_again_from_the_ledger() -> None:
    found = judged(message(), message(), message(sequence=2))
    with Batch(steps(OPERATIONS), found.events, tenant_id="acme", ingest_time=INGEST_TIME) as batch:
        assert batch.observe().to_pylist() == found.silver.to_pylist()


def test_an_envelope_may_carry_it() -> None:
    body = {"specversion": "1.0", "subject": "valve-7", "time": "2026-06-01T12:00:00Z",
            "data": json.loads(message(device_id=None, time=None))}  # fmt: skip
    assert verdict(json.dumps(body).encode()) == ("accepted", ["time_from:envelope"])
