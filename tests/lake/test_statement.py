"""Which tables a statement names, and which simple conditions it puts on them."""

import duckdb
import pytest

from pipelines.errors import UsageError
from pipelines.lake.statement import parse


@pytest.mark.parametrize(
    ("text", "tables"),
    [
        ("select 1", set()),
        ("select * from a.b", {"a.b"}),
        ('select * from "A" . "B" as x', {"a.b"}),
        ("select * from a.b, (select * from c.d where x in (select y from e.f))", {"a.b", "c.d", "e.f"}),
        ("with t as (select * from a.b) select * from t union all select * from c.d", {"a.b", "c.d"}),
        ("summarize a.b", {"a.b"}),
        ("select 'from c.d' from a.b -- and e.f", {"a.b"}),
    ],
)
def test_tables(text: str, tables: set[str]) -> None:
    assert parse(duckdb.connect(), text).tables == tables


@pytest.mark.parametrize(
    ("where", "conditions"),
    [
        ("x = 1", ["x COMPARE_EQUAL 1"]),
        ("X < date '2026-06-01'", ["x COMPARE_LESSTHAN date '2026-06-01'"]),
        (
            "'é' = 'é' and t.x >= 'ü' and y <= 2",
            ["x COMPARE_GREATERTHANOREQUALTO 'ü'", "y COMPARE_LESSTHANOREQUALTO 2"],
        ),
        ("x between 1 and 9", ["x COMPARE_GREATERTHANOREQUALTO 1", "x COMPARE_LESSTHANOREQUALTO 9"]),
        ("x = 1 or y = 2", []),
        ("not x = 1", []),
        ("x + 1 = 2", []),
        ("x = y", []),
        ("x = random()", []),
        ("u.x = 1", []),
        ("x not between 1 and 9", []),
    ],
)
def test_conditions(where: str, conditions: list[str]) -> None:
    statement = parse(duckdb.connect(), f"select * from a.b t where {where}")  # noqa: S608 - drawn in the table above
    found = [f"{each.column} {each.comparison} {each.operand}" for each in statement.conditions("a.b")]
    assert found == conditions


@pytest.mark.parametrize(
    "text",
    [
        "select * from a.b t(y, x) where x = 1",
        "select * from a.b join c.d using (k) where x = 1",
        "select * from a.b where x = 1 union all select * from a.b",
        "select * from c.d where x = 1 and y in (select y from a.b)",
    ],
)
def test_conditions_that_may_not_hold_for_every_row_used_are_left_alone(text: str) -> None:
    assert parse(duckdb.connect(), text).conditions("a.b") == ()


def test_a_place_is_counted_in_characters() -> None:
    with pytest.raises(UsageError, match="line 2, column 9"):
        parse(duckdb.connect(), "select 1,\n  'äöü' )")
