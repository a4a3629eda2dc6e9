"""A field's day: drawn observations in, arithmetic out; and two real weeks against plain pandas and refet."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import refet

from pipelines.contracts import tables
from pipelines.gold.field_daily import build
from pipelines.gold.series import lay_out_hours
from tests.gold.refets import refets_eto_mm
from tests.gold.relations import Rows, relations
from tests.lakes import FIELD

Days = Callable[..., dict[tuple[str, str], dict[str, Any]]]

EAST = {**FIELD, "field_id": "east", "utc_offset_h": 5.5}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def standing(device_id: str, field_id: str, since: str = "2000-01-01", until: str | None = None) -> dict[str, Any]:
    valid_to = None if until is None else at(until)
    return {"device_id": device_id, "field_id": field_id, "valid_from": at(since), "valid_to": valid_to}


BOTH_IN_FIELD = (standing("a", "north"), standing("b", "north"))


def reading(drawn: str) -> dict[str, Any]:
    """Read one line: time (UTC) | device | property | depth (cm) | value | flag."""
    time, device, name, depth, value, flag = (cell.strip() for cell in drawn.split("|"))
    return {
        "phenomenon_time": at(time),
        "device_id": device,
        "sensor_model": "sensor",
        "property": name,
        "depth_cm": float(depth) if depth else None,
        "value": float(value) if value else None,
        "flag": int(flag),
    }


def built(rows: Rows, devices: Sequence[dict[str, Any]], every_s: int, silver_version: int = 7) -> Any:
    with relations(rows, devices, [FIELD, EAST], {"sensor": every_s}) as connection:
        lay_out_hours(connection)
        return build(connection, silver_version=silver_version)


@pytest.fixture
def days() -> Days:
    """Build from drawn readings of sensors that report four times a day: {(field, date): row}."""

    def from_drawn(drawn: str, devices: Sequence[dict[str, Any]] = BOTH_IN_FIELD) -> Any:
        rows = [reading(line) for line in drawn.strip().splitlines()]
        found = built(rows, devices, 6 * 3600).to_pylist()
        return {(row["field_id"], row["date"].isoformat()): row for row in found}

    return from_drawn


def four_times(line: str, values: tuple[float, float, float, float], day: str = "2017-06-01") -> str:
    """Draw a full day of a field at UTC-8, 08:00 to 02:00 UTC: `line` is device | property | depth."""
    start = at(f"{day} 08:00")
    times = (f"{start + timedelta(hours=6 * slot):%Y-%m-%d %H:%M}" for slot in range(4))
    return "\n".join(f"{time} | {line} | {value} | 1" for time, value in zip(times, values, strict=True))


def test_columns_are_the_contract_in_its_order(days: Days) -> None:
    (row,) = days(four_times("a | air_temperature |", (10, 20, 30, 20))).values()
    assert tuple(row) == tables.table("gold.field_daily").column_names
    assert (row["silver_version"], row["eto_method"]) == (7, f"asce-short refet {refet.__version__}")


def test_a_full_day(days: Days) -> None:
    built = days(four_times("a | air_temperature |", (10, 20, 30, 24)))
    row = built["north", "2017-06-01"]
    assert row["air_temperature_mean_c"] == (10 + 20 + 30 + 24) / 4
    assert (row["air_temperature_min_c"], row["air_temperature_max_c"]) == (10, 30)
    assert row["air_temperature_coverage"] == 4 / 4


def test_a_day_is_cut_by_local_standard_time(days: Days) -> None:
    built = days(
        """
        2017-06-01 07:59:59.999999 | a | air_temperature | | 10 | 1
        2017-06-01 08:00:00        | a | air_temperature | | 20 | 1
        2017-06-01 18:29:59        | c | air_temperature | | 30 | 1
        2017-06-01 18:30:00        | c | air_temperature | | 40 | 1
        """,
        [standing("a", "north"), standing("c", "east")],
    )
    assert {key: row["air_temperature_coverage"] for key, row in built.items()} == {
        ("north", "2017-05-31"): 1 / 4,
        ("north", "2017-06-01"): 1 / 4,
        ("east", "2017-06-01"): 1 / 4,
        ("east", "2017-06-02"): 1 / 4,
    }


def test_below_ninety_per_cent_there_is_a_coverage_and_no_value(days: Days) -> None:
    three_of_four = "\n".join(four_times("a | air_temperature |", (10, 20, 30, 24)).splitlines()[:3])
    row = days(three_of_four)["north", "2017-06-01"]
    assert row["air_temperature_coverage"] == 3 / 4
    assert [row[f"air_temperature_{what}_c"] for what in ("mean", "min", "max")] == [None] * 3


@pytest.mark.parametrize(("minutes", "readings", "is_known"), [(30, 43, False), (30, 44, True), (144, 9, True)])
def test_ninety_per_cent_is_enough(minutes: int, readings: int, is_known: bool) -> None:
    drawn = (
        f"{at('2017-06-01 08:00') + timedelta(minutes=minutes * slot):%Y-%m-%d %H:%M} | a | wind_speed | | 2 | 1"
        for slot in range(readings)
    )
    rows = [reading(line) for line in drawn]
    (row,) = built(rows, [standing("a", "north")], minutes * 60).to_pylist()
    assert row["wind_speed_coverage"] == readings / (24 * 60 / minutes)
    assert row["wind_speed_mean_m_s"] == (2 if is_known else None)


def test_only_flags_one_to_three_count(days: Days) -> None:
    row = days(
        """
        2017-06-01 08:00 | a | soil_moisture | 10 | 0.30 | 1
        2017-06-01 14:00 | a | soil_moisture | 10 | 0.31 | 2
        2017-06-01 20:00 | a | soil_moisture | 10 | 0.61 | 3
        2017-06-02 02:00 | a | soil_moisture | 10 | 0.90 | 4
        2017-06-02 02:00 | b | soil_moisture | 10 | 0.30 | 1
        2017-06-01 08:00 | a | wind_speed    |    | 99   | 4
        2017-06-01 14:00 | a | wind_speed    |    |      | 9
        """
    )["north", "2017-06-01"]
    assert row["soil_moisture_0_30cm_m3_m3"] == pytest.approx((0.30 + 0.31 + 0.61 + 0.30) / 4, abs=1e-12)
    assert (row["wind_speed_coverage"], row["wind_speed_mean_m_s"]) == (0, None)


def test_devices_are_averaged_per_time_first(days: Days) -> None:
    row = days(
        four_times("a | air_temperature |", (10, 10, 10, 10)) + "\n2017-06-01 08:00 | b | air_temperature | | 20 | 1"
    )["north", "2017-06-01"]
    assert row["air_temperature_mean_c"] == ((10 + 20) / 2 + 10 + 10 + 10) / 4
    assert row["air_temperature_coverage"] == 1  # five readings, four times


def test_layers_are_told_by_depth(days: Days) -> None:
    row = days(
        "\n".join(
            four_times(f"a | soil_moisture | {depth}", (value,) * 4)
            for depth, value in ((0, 0.1), (29.9, 0.2), (30, 0.3), (60, 0.4), (90, 0.5))
        )
    )["north", "2017-06-01"]
    layers = [row[f"soil_moisture_{layer}_m3_m3"] for layer in ("0_30cm", "30_60cm", "60_90cm")]
    assert layers == [pytest.approx((0.1 + 0.2) / 2), 0.3, 0.4]


def test_night_radiation_below_zero_counts_as_zero(days: Days) -> None:
    row = days(four_times("a | solar_radiation |", (-4, 0, 800, 200)))["north", "2017-06-01"]
    assert row["solar_radiation_mj_m2"] == pytest.approx((0 + 0 + 800 + 200) / 4 * 86400 / 1e6, abs=1e-12)


def test_humidity_above_one_hundred_counts_as_one_hundred(days: Days) -> None:
    row = days(
        four_times("a | relative_humidity |", (100.1, 100, 80, 60))
        + "\n"
        + four_times("a | air_temperature |", (15, 15, 15, 15))
    )["north", "2017-06-01"]
    assert row["relative_humidity_mean_pct"] == (100 + 100 + 80 + 60) / 4
    # es(15) = 1.705 kPa: FAO-56, example 3.
    assert row["actual_vapour_pressure_kpa"] == pytest.approx(1.705 * (1 + 1 + 0.8 + 0.6) / 4, abs=0.001)


def test_vapour_pressure_needs_temperature_and_humidity_of_the_same_time(days: Days) -> None:
    temperature = four_times("a | air_temperature |", (15, 15, 15, 15)).splitlines()
    humidity = four_times("a | relative_humidity |", (60, 60, 60, 60)).splitlines()
    row = days("\n".join(temperature[:3] + humidity[1:]))["north", "2017-06-01"]
    assert row["actual_vapour_pressure_coverage"] == 2 / 4
    assert row["actual_vapour_pressure_kpa"] is None


def test_no_rain_and_no_gauge_are_not_the_same(days: Days) -> None:
    built = days(
        four_times("a | precipitation |", (0, 0, 0, 0))
        + "\n"
        + four_times("a | precipitation |", (0, 1.5, 0.25, 0), day="2017-06-02")
        + "\n"
        + four_times("a | wind_speed |", (1, 1, 1, 1), day="2017-06-03")
    )
    assert {day: (row["precipitation_mm"], row["precipitation_coverage"]) for (_, day), row in built.items()} == {
        "2017-06-01": (0, 1),
        "2017-06-02": (1.5 + 0.25, 1),
        "2017-06-03": (None, 0),
    }


def test_a_reading_belongs_to_the_field_where_its_device_stood(days: Days) -> None:
    moved = [standing("a", "north", until="2017-06-02 08:00"), standing("a", "east", since="2017-06-02 08:00")]
    built = days(
        four_times("a | air_temperature |", (10, 10, 10, 10))
        + "\n2017-06-02 08:00 | a | air_temperature | | 30 | 1"
        + "\n1999-12-31 23:59 | a | air_temperature | | 50 | 1",  # before it stood anywhere
        moved,
    )
    assert {key: row["air_temperature_coverage"] for key, row in built.items()} == {
        ("north", "2017-06-01"): 1,
        ("east", "2017-06-02"): 1 / 4,
    }


def test_a_day_of_nothing_but_failures_is_a_day(days: Days) -> None:
    row = days("2017-06-01 08:00 | a | air_temperature | | 99 | 4")["north", "2017-06-01"]
    assert (row["air_temperature_coverage"], row["air_temperature_mean_c"], row["eto_mm"]) == (0, None, None)


def test_late_rows_restate_their_day_and_no_other(days: Days) -> None:
    first = four_times("a | air_temperature |", (10, 20, 30, 24)).splitlines()
    other = four_times("a | air_temperature |", (11, 12, 13, 14), day="2017-06-02")
    before, after = days("\n".join([*first[:2], other])), days("\n".join([*first[:2], other, *first[2:]]))
    assert before["north", "2017-06-01"]["air_temperature_mean_c"] is None
    assert after["north", "2017-06-01"]["air_temperature_mean_c"] == (10 + 20 + 30 + 24) / 4
    assert before["north", "2017-06-02"] == after["north", "2017-06-02"]


def test_the_order_of_rows_does_not_show(days: Days) -> None:
    values = (0.1, 1e-7, 1234.5678, -0.3)
    drawn = [
        line
        for device, shift in (("a", 0.1), ("b", 0.7), ("c", 0.05))
        for line in four_times(f"{device} | wind_speed |", tuple(value + shift for value in values)).splitlines()  # type: ignore[arg-type]  # four, as the values are
    ]
    devices = [standing(device, "north") for device in "abc"]
    assert days("\n".join(drawn), devices) == days("\n".join(reversed(drawn)), devices)


SPRING = Path(__file__).parents[1] / "data" / "us-tw3_2017_spring.csv"
# column -> property, depth in cm, factor to the canonical unit
CHANNELS: dict[str, tuple[str, float | None, float]] = {
    "TA": ("air_temperature", None, 1),
    "RH": ("relative_humidity", None, 1),
    "SW_IN": ("solar_radiation", None, 1),
    "WS": ("wind_speed", None, 1),
    "PA": ("air_pressure", None, 10),
    "P": ("precipitation", None, 1),
    "SWC_1_1_1": ("soil_moisture", 10, 0.01),
    "SWC_1_2_1": ("soil_moisture", 45, 0.01),
    "TS_1_1_1": ("soil_temperature", 10, 1),
}


@pytest.fixture
def spring() -> pd.DataFrame:
    """The real record as published, -9999 as missing, indexed by the start of the half hour in local standard time."""
    record = pd.read_csv(SPRING, na_values=[-9999], dtype={"TIMESTAMP_START": str})
    return record.set_index(pd.to_datetime(record["TIMESTAMP_START"], format="%Y%m%d%H%M"))


@pytest.fixture
def spring_gold(spring: pd.DataFrame) -> pd.DataFrame:
    rows = [
        {
            "phenomenon_time": time.tz_localize("UTC") + timedelta(hours=8),
            "device_id": "tower",
            "sensor_model": "sensor",
            "property": name,
            "depth_cm": depth_cm,
            "value": value * factor,
            "flag": 1,
        }
        for column, (name, depth_cm, factor) in CHANNELS.items()
        for time, value in spring[column].dropna().items()
    ]
    days = built(rows, [standing("tower", "north")], 1800)
    return days.to_pandas().set_index("date").sort_index()


def test_real_days_equal_plain_pandas(spring: pd.DataFrame, spring_gold: pd.DataFrame) -> None:
    daily = spring.groupby(spring.index.date)
    clipped = spring.assign(SW_IN=spring["SW_IN"].clip(lower=0), RH=spring["RH"].clip(upper=100))
    means = clipped.groupby(clipped.index.date)
    expected = {
        "air_temperature_mean_c": ("TA", means["TA"].mean()),
        "air_temperature_min_c": ("TA", means["TA"].min()),
        "air_temperature_max_c": ("TA", means["TA"].max()),
        "relative_humidity_mean_pct": ("RH", means["RH"].mean()),
        "air_pressure_mean_hpa": ("PA", means["PA"].mean() * 10),
        "solar_radiation_mj_m2": ("SW_IN", means["SW_IN"].mean() * 0.0864),
        "wind_speed_mean_m_s": ("WS", means["WS"].mean()),
        "precipitation_mm": ("P", means["P"].sum()),
        "soil_moisture_0_30cm_m3_m3": ("SWC_1_1_1", means["SWC_1_1_1"].mean() / 100),
        "soil_moisture_30_60cm_m3_m3": ("SWC_1_2_1", means["SWC_1_2_1"].mean() / 100),
        "soil_temperature_0_30cm_c": ("TS_1_1_1", means["TS_1_1_1"].mean()),
    }
    assert len(spring_gold) == 14
    for name, (column, values) in expected.items():
        known = values.where(daily[column].count() >= 0.9 * 48)
        pd.testing.assert_series_equal(spring_gold[name], known, check_names=False, rtol=0, atol=1e-9)
    # The gaps and the quirks that the two weeks were chosen for are in them.
    assert spring_gold["air_temperature_mean_c"].isna().sum() == 3
    assert spring_gold["precipitation_mm"].first_valid_index() == date(2017, 5, 11)
    assert (spring["RH"] > 100).sum() == 2


def test_real_evapotranspiration_equals_refet(spring_gold: pd.DataFrame) -> None:
    known = spring_gold.dropna(subset=["air_temperature_mean_c", "actual_vapour_pressure_kpa"])
    expected = refets_eto_mm(known, latitude_deg=38.1)
    assert list(known["eto_mm"]) == pytest.approx(list(expected), abs=1e-9)
    assert len(known) == 11
    assert spring_gold["eto_mm"].isna().sum() == 3
