import gzip
from pathlib import Path

from pipelines.simulate.expected import Expected, expected_all, expected_first, expected_late

HEADER = "TIMESTAMP_START,TA,RH,SW_IN,WS,WD,PA,P,SWC_1_1_1,SWC_1_2_1,TS_1_1_1,TS_1_5_1"
FILES = {
    2015: """
201501010000,1,1,1,1,1,1,-9999,1,1,1,1
201501010030,-9999,-9999,-9999,-9999,-9999,-9999,-9999,-9999,-9999,-9999,-9999
""",
    2017: """
201705241200,1,1,1,1,1,1,1,1,1,1,1
201706120000,1,1,1,1,1,1,1,1,1,-9999,1
201706190000,1,1,1,1,1,1,1,1,1,1,1
""",
}


def test_counts_by_hand(tmp_path: Path) -> None:
    for year, rows in FILES.items():
        (tmp_path / f"us-tw3_{year}.csv.gz").write_bytes(gzip.compress((HEADER + rows).encode()))
    # Station: 1 + 3 messages, 6 + 7 + 7 + 7 values. Probe: 1 + 3 messages, 4 + 4 + 3 + 4 values.
    # Trouble: one message of 7 values lost, one of one value added, 50 repeated.
    assert expected_late(tmp_path) == Expected(1, 1, 0, 0, observations=3)
    assert expected_all(tmp_path) == Expected(
        records=4 + 4 + 1 + 50,
        accepted=4 + 4 - 1 + 1,
        duplicates=50,
        quarantined=1,
        observations=6 + 7 + 7 + 4 + 4 + 3 + 4 + 7 - 7 + 1,
    )
    assert expected_first(tmp_path) == Expected(58, 7, 50, 1, observations=36 - 3)


def test_counts_of_the_sample() -> None:
    # The README of the full files: 17,520 half-hours a year, 384 silent ones in 2015 of the station.
    assert expected_first().records + expected_late().records == expected_all().records
    assert expected_late().records == 7 * 48
    assert expected_late().observations == 7 * 48 * 4
