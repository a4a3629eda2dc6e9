"""Count from the sample itself what the demo must end with: never by way of the messages or the pipeline."""

import csv
import gzip
from dataclasses import dataclass
from pathlib import Path

from pipelines.simulate.tower import SAMPLE

YEARS = (2015, 2017)
STATION = ("TA", "RH", "SW_IN", "WS", "WD", "PA", "P")
PROBE = ("SWC_1_1_1", "SWC_1_2_1", "TS_1_1_1", "TS_1_5_1")
LATE_WEEK = ("201706120000", "201706190000")
LOST_HALF_HOUR = "201705241200"

RETRANSMITTED = 50
TRUNCATED = 1
IMPOSSIBLE = 1


@dataclass(frozen=True)
class Expected:
    """What must lie in the tables: `records` = `accepted` + `duplicates` + `quarantined`."""

    records: int
    accepted: int
    duplicates: int
    quarantined: int
    observations: int
    """Values of the accepted events; a value that was not measured is not one."""


def expected_first(sample: Path = SAMPLE) -> Expected:
    """Return the counts after the first batch alone."""
    both, late = expected_all(sample), expected_late(sample)
    return Expected(
        records=both.records - late.records,
        accepted=both.accepted - late.accepted,
        duplicates=both.duplicates,
        quarantined=both.quarantined,
        observations=both.observations - late.observations,
    )


def expected_late(sample: Path = SAMPLE) -> Expected:
    """Return what the late block adds."""
    week = [row for row in _rows(sample, 2017) if LATE_WEEK[0] <= row["TIMESTAMP_START"] < LATE_WEEK[1]]
    messages, values = _count(week, PROBE)
    return Expected(messages, messages, 0, 0, values)


def expected_all(sample: Path = SAMPLE) -> Expected:
    """Return the counts after both."""
    rows = [row for year in YEARS for row in _rows(sample, year)]
    messages, values = (sum(counts) for counts in zip(_count(rows, STATION), _count(rows, PROBE), strict=True))
    lost = [row for row in rows if row["TIMESTAMP_START"] == LOST_HALF_HOUR]
    accepted = messages - TRUNCATED + IMPOSSIBLE
    return Expected(
        records=accepted + RETRANSMITTED + TRUNCATED,
        accepted=accepted,
        duplicates=RETRANSMITTED,
        quarantined=TRUNCATED,
        observations=values - _count(lost, STATION)[1] + IMPOSSIBLE,
    )


def _rows(sample: Path, year: int) -> list[dict[str, str]]:
    with gzip.open(sample / f"us-tw3_{year}.csv.gz", "rt", encoding="ascii", newline="") as file:
        return list(csv.DictReader(file))


def _count(rows: list[dict[str, str]], columns: tuple[str, ...]) -> tuple[int, int]:
    """Return how many rows hold any of the columns, and how many values they hold."""
    measured = [sum(row[column] != "-9999" for column in columns) for row in rows]
    return sum(count > 0 for count in measured), sum(measured)
