"""Data Docs that need no network."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

from pipelines.gate.pages import write_pages
from pipelines.gate.results import GateResult

RANGE = "soil_moisture is within 0 and 0.7 m3/m3 unless flagged"
EVIDENCE = [
    {
        "rule": "flag is never null",
        "relation": "slice",
        "expectation": "expect_column_values_to_not_be_null",
        "demands": {"column": "flag"},
        "severity": "critical",
        "held": True,
    },
    {
        "rule": RANGE,
        "relation": "slice",
        "expectation": "expect_column_values_to_be_between",
        "demands": {"column": "value_of_soil_moisture", "min_value": 0.0, "max_value": 0.7},
        "severity": "critical",
        "held": False,
        "rows": 8,
        "unexpected_rows": 2,
        "examples": ["0.9", "0.8"],
    },
]


def result(to_version: int, row_count: int) -> GateResult:
    decided_at = datetime(2026, 6, 1, tzinfo=UTC)
    return GateResult(
        "silver.observations", to_version - 1, to_version, row_count, 2, (f"{RANGE}: <2> rows",), (), None, "held",
        "41aa", json.dumps(EVIDENCE), (), (), (), decided_at,
    )  # fmt: skip


def test_pages_say_what_failed_and_load_nothing_from_elsewhere(tmp_path: Path) -> None:
    index, *pages = write_pages([result(3, 8), result(4, 0)], "acme", tmp_path / "docs")
    assert [page.name for page in pages] == ["silver.observations-3-20260601T000000000000.html"]
    page = pages[0].read_text()
    assert RANGE in page
    assert "25% of 8" in " ".join(re.sub(r"<[^>]*>", "", page).split())
    for text in (page, index.read_text()):
        assert re.findall(r'(?:src|href)="(?!#)([^"]*)"', text) == re.findall(r'href="([^"#]*\.html)"', text)
        assert not re.search(r"<script|@import|url\(", text)
    assert "acme" in index.read_text()
    assert "&lt;2&gt; rows" in index.read_text()
    for name in re.findall(r'href="([^"#]*)"', index.read_text() + page):
        assert (tmp_path / "docs" / name).is_file()
