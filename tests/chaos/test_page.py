"""The page of reliability is what the kept result gives, and the result is one worth keeping."""

import json

from pipelines.chaos.catalogue import scenarios
from tests.chaos.page import PAGE, RESULT, as_page

KEPT = json.loads(RESULT.read_text(encoding="utf-8"))


def test_the_page_is_made_from_the_kept_result() -> None:
    assert PAGE.read_text(encoding="utf-8") == as_page(KEPT)


def test_the_kept_result_is_of_every_fault_there_is_and_holds() -> None:
    rows = {row["fault"]: row for row in KEPT["matrix"]["rows"]}
    assert set(rows) == {each.name for each in scenarios()}
    assert {row["result"] for row in rows.values()} == {"held"}
    assert all(row["injections"] >= row["runs"] for row in rows.values())
    assert KEPT["matrix"]["injections"] >= 300


def test_a_breach_stands_on_the_page_with_its_seed() -> None:
    row = KEPT["matrix"]["rows"][0] | {"result": "broken", "seed": 7, "breaches": ["offsets not in bronze: 3"]}
    page = as_page(KEPT | {"matrix": KEPT["matrix"] | {"rows": [row], "breaches": 1}})
    assert "1 breaches" in page
    assert "| broken | 7 |" in page
    assert f"- `{row['fault']}`: offsets not in bronze: 3" in page
