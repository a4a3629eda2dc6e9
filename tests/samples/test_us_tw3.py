"""The sample: what its README says of it, and that it is what cut.py makes."""

import csv
import gzip
import importlib.util
import math
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest

SAMPLE = Path(__file__).parents[2] / "samples" / "us-tw3"
FULL_FILES = Path(__file__).parents[3] / "shared" / "data" / "us-tw3"


@cache
def column(year: int, name: str) -> list[float | None]:
    with gzip.open(SAMPLE / f"us-tw3_{year}.csv.gz", "rt", newline="") as file:
        return [None if row[name] == "-9999" else float(row[name]) for row in csv.DictReader(file)]


def measured(year: int, name: str) -> list[float]:
    return [value for value in column(year, name) if value is not None]


def test_fits_into_the_repository() -> None:
    assert sum(path.stat().st_size for path in SAMPLE.glob("*.csv.gz")) < 1_300_000


@pytest.mark.parametrize(
    ("year", "name", "count", "lowest", "highest"),
    # From the README of the full files.
    [
        (2015, "TA", 17_101, -2.3, 40.4),
        (2017, "TA", 16_603, -2.3, 40.4),
        (2015, "RH", 17_101, 10.3, 100.1),
        (2017, "RH", 15_400, 10.3, 100.1),
        (2015, "SW_IN", 17_095, -8.3, 1071),
        (2017, "SW_IN", 17_094, -8.3, 1071),
        (2015, "WS", 16_975, 0.01, 14.7),
        (2017, "WD", 17_105, 0, 360),
        (2015, "PA", 17_093, 98.98, 103.88),
        (2017, "P", 11_308, 0, 0.2),
        (2015, "SWC_1_1_1", 17_101, 9.4, 54.5),
        (2017, "SWC_1_2_1", 17_146, 12.1, 51.5),
    ],
)
def test_holds_every_value_of_the_full_record(year: int, name: str, count: int, lowest: float, highest: float) -> None:
    values = measured(year, name)
    assert len(column(year, name)) == 17_520
    assert len(values) == count
    # Half of the last digit that the README gives.
    assert min(values) >= lowest - 0.05
    assert max(values) <= highest + (0.5 if isinstance(highest, int) else 0.05)


def test_no_gauge_before_may_2017_and_hardly_any_rain_after() -> None:
    assert measured(2015, "P") == []
    assert sum(measured(2017, "P")) == pytest.approx(2.1)


@pytest.mark.parametrize(
    ("year", "name", "mean"),
    [(2015, "SWC_1_1_1", 19.2), (2015, "SWC_1_2_1", 34.1), (2017, "SWC_1_1_1", 31.4), (2017, "SWC_1_2_1", 18.7)],
)
def test_levels_of_soil_moisture_change_places(year: int, name: str, mean: float) -> None:
    values = measured(year, name)
    assert round(sum(values) / len(values), 1) == mean


@pytest.mark.parametrize("year", [2015, 2017])
def test_the_upper_sensor_stays_the_upper_one(year: int) -> None:
    """A daily wave weakens with depth; so channel and depth keep together although the levels do not."""
    assert daily_amplitude(year, "SWC_1_1_1") > 2 * daily_amplitude(year, "SWC_1_2_1")
    assert daily_amplitude(year, "TS_1_1_1") > 10 * daily_amplitude(year, "TS_1_5_1")


def daily_amplitude(year: int, name: str) -> float:
    """Amplitude of the first harmonic of the mean day, April to September, each day's mean taken out."""
    summer = column(year, name)[90 * 48 : 273 * 48]
    days = [summer[start : start + 48] for start in range(0, len(summer), 48)]
    whole = [[value for value in day if value is not None] for day in days]
    whole = [day for day in whole if len(day) == 48]
    mean_day = [sum(day[slot] - sum(day) / 48 for day in whole) / len(whole) for slot in range(48)]
    angles = [2 * math.pi * slot / 48 for slot in range(48)]
    cosine = sum(value * math.cos(angle) for value, angle in zip(mean_day, angles, strict=True)) / 24
    sine = sum(value * math.sin(angle) for value, angle in zip(mean_day, angles, strict=True)) / 24
    return math.hypot(cosine, sine)


@pytest.mark.skipif(not FULL_FILES.exists(), reason="the full files are not beside the project")
@pytest.mark.parametrize("year", [2015, 2017])
def test_is_what_cut_makes_of_the_full_files(year: int) -> None:
    text = _cut().cut(FULL_FILES / f"us-tw3_{year}_hh.csv.gz")
    assert gzip.decompress((SAMPLE / f"us-tw3_{year}.csv.gz").read_bytes()) == text.encode("ascii")


def _cut() -> ModuleType:
    spec = importlib.util.spec_from_file_location("cut", SAMPLE / "cut.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
