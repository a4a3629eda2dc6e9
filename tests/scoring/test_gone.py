"""What was scored before, and not again, is said to be gone; once."""

from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest

from pipelines.contracts.tables import table
from pipelines.lake.files import FileWriter
from pipelines.scoring.gone import gone
from tests.scoring.trained import RUN

LAYOUT = table("scores.irrigation").arrow_schema
Row = dict[str, object]
# field, day of June, version of gold, whether it is gone.
BEFORE = [
    ("north", 1, 1, False),
    ("north", 2, 1, False),
    ("north", 2, 2, False),
    ("north", 3, 1, False),
    ("south", 2, 1, False),
    ("east", 2, 1, False),
    ("east", 2, 2, True),
]


def row(field_id: str, day: int, gold_version: int, *, is_gone: bool, digest: str = RUN.model_digest) -> Row:
    known = {"field_id": field_id, "date": date(2026, 6, day), "soil_layer": "0_30cm", "horizon_d": 1}
    said = {"missing_reason": "gone_from_gold"} if is_gone else {"soil_moisture_p50_m3_m3": 0.3}
    return known | said | {"model_name": "irrigation", "model_digest": digest, "gold_version": gold_version}


def file(folder: Path, rows: list[Row]) -> str:
    with FileWriter(folder) as writer:
        writer.write(pa.Table.from_pylist(rows, schema=LAYOUT))
        written = writer.finish()
    assert written is not None
    return str(folder / written.name)


@pytest.mark.parametrize(
    ("since", "given", "expected"),
    [
        (None, [], [("north", 1), ("north", 2), ("north", 3), ("south", 2)]),
        (None, [("north", 1), ("south", 2)], [("north", 2), ("north", 3)]),
        ({"north": 2}, [("north", 2)], [("north", 3)]),
        ({"north": 2, "south": 3}, [], [("north", 2), ("north", 3)]),
        ({"east": 1}, [], []),
        ({}, [], []),
    ],
)
def test_what_was_scored_before_and_not_again(
    tmp_path: Path, since: dict[str, int] | None, given: list[tuple[str, int]], expected: list[tuple[str, int]]
) -> None:
    another = row("north", 1, 1, is_gone=False, digest="another model")
    before = [file(tmp_path, [*(row(*said, is_gone=is_gone) for *said, is_gone in BEFORE), another])]
    now = [file(tmp_path, [row(*key, RUN.gold_version, is_gone=False) for key in given])] if given else []
    days = None if since is None else {field_id: date(2026, 6, day) for field_id, day in since.items()}
    found = gone(tmp_path, RUN, before, now, days)
    assert found.schema == LAYOUT
    whole = dict.fromkeys(LAYOUT.names) | row("", 1, RUN.gold_version, is_gone=True)
    assert found.to_pylist() == [
        whole | {"field_id": field_id, "date": date(2026, 6, day)} for field_id, day in expected
    ]
