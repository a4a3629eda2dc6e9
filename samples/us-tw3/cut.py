"""Cut the sample out of the two full files: `python samples/us-tw3/cut.py <folder of us-tw3_*_hh.csv.gz>`.

Keeps every half-hour and the original text of every value; drops the columns that nothing here reads.
"""

import csv
import gzip
import io
import sys
from pathlib import Path

YEARS = (2015, 2017)
COLUMNS = (
    "TIMESTAMP_START",
    "TIMESTAMP_END",
    "TA",
    "RH",
    "SW_IN",
    "WS",
    "WD",
    "PA",
    "P",
    "SWC_1_1_1",
    "SWC_1_2_1",
    "TS_1_1_1",
    "TS_1_5_1",
)


def cut(source: Path) -> str:
    """Return the kept columns of one full file as CSV text with LF line ends."""
    out = io.StringIO()
    with gzip.open(source, "rt", encoding="ascii", newline="") as full:
        writer = csv.DictWriter(out, COLUMNS, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(csv.DictReader(full))
    return out.getvalue()


def main(source_folder: Path, sample_folder: Path) -> None:
    """Write one gzip file per year; no time stamp goes in, so the same input gives the same bytes."""
    for year in YEARS:
        text = cut(source_folder / f"us-tw3_{year}_hh.csv.gz")
        packed = gzip.compress(text.encode("ascii"), compresslevel=9, mtime=0)
        (sample_folder / f"us-tw3_{year}.csv.gz").write_bytes(packed)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(__file__).parent)
