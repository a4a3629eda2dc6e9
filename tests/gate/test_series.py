"""What is kept of a slice day by day."""

from datetime import UTC, date, datetime, timedelta

import pyarrow as pa

from pipelines.contracts.tables import table
from pipelines.gate.series import field_days, rows_by_day
from tests.gate.conftest import LaidOut
from tests.lakes import START, observation


def test_rows_are_counted_by_day_and_impossible_days_are_not(laid_out: LaidOut) -> None:
    clock = {"phenomenon_time": datetime(1970, 1, 1, tzinfo=UTC), "flag": 4, "reasons": ["impossible_date"]}
    days = [START, START + timedelta(hours=23), START + timedelta(days=1)]
    rows = [{**observation(n), "phenomenon_time": time} for n, time in enumerate(days)]
    connection = laid_out([*rows, {**observation(3), **clock}])
    assert rows_by_day(connection) == [{"date": date(2026, 6, 1), "rows": 2}, {"date": date(2026, 6, 2), "rows": 1}]


def test_a_slice_touches_days_of_the_fields_in_which_its_devices_stood(laid_out: LaidOut) -> None:
    """00:00 UTC is still the day before at -8 h; the device moved from north to south in April."""
    field = {"latitude_deg": 38.0, "longitude_deg": -121.0, "elevation_m": 0.0, "wind_height_m": 2.0}
    fields = [{"field_id": name, "utc_offset_h": -8.0, **field} for name in ("north", "south")]
    moved = datetime(2026, 4, 1, tzinfo=UTC)
    stood = [
        {
            "device_id": "probe-0",
            "field_id": "north",
            "valid_from": datetime(2020, 1, 1, tzinfo=UTC),
            "valid_to": moved,
        },
        {"device_id": "probe-0", "field_id": "south", "valid_from": moved, "valid_to": None},
    ]
    connection = laid_out(
        [observation(0), observation(9), {**observation(10), "device_id": "nobody-s"}],
        devices=pa.Table.from_pylist(stood, schema=table("reference.devices").arrow_schema),
        fields=pa.Table.from_pylist(fields, schema=table("reference.fields").arrow_schema),
    )
    day = date(2026, 5, 31)
    assert field_days(connection) == [{"field_id": "south", "from_date": day, "to_date": day}]
