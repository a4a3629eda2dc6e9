"""The registry's facts, one a row, as the kernel joins them."""

from datetime import UTC, datetime

from pipelines.lake.overrides import SCHEMA, device_overrides
from pipelines.lake.tables import Lake

JANUARY, JUNE = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC)


def test_each_fact_of_each_period_is_a_row(tmp_path):
    lake = Lake(tmp_path)
    line = {"property": "soil_moisture", "channel": None, "gain": 1.05, "offset": -0.02}
    moved = {"device_id": "b", "field_id": "n", "valid_from": JANUARY, "valid_to": JUNE}
    lake.append(
        "reference.devices",
        [
            {"device_id": "a", "field_id": "n", "valid_from": JANUARY},
            {**moved, "valid_from": JUNE, "valid_to": None, "depths": [{"channel": None, "depth_cm": 30.0}]},
            {
                **moved,
                "sensor_model": "tower_soil_probe",
                "depths": [{"channel": 1, "depth_cm": 10.0}, {"channel": 2, "depth_cm": 45.0}],
                "calibration": [line],
            },
        ],
    )
    found = device_overrides(lake)
    assert found.schema == SCHEMA
    facts = [tuple(row.values()) for row in found.to_pylist()]
    assert facts == [
        # device, from, to, model, channel, depth, property, gain, offset
        ("b", JANUARY, JUNE, "tower_soil_probe", None, None, None, None, None),
        ("b", JANUARY, JUNE, None, 1, 10.0, None, None, None),
        ("b", JANUARY, JUNE, None, 2, 45.0, None, None, None),
        ("b", JANUARY, JUNE, None, None, None, "soil_moisture", 1.05, -0.02),
        ("b", JUNE, None, None, None, 30.0, None, None, None),
    ]


def test_without_a_registry_there_are_no_facts(tmp_path):
    assert device_overrides(Lake(tmp_path)).equals(SCHEMA.empty_table())
