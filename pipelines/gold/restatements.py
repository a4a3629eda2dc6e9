"""gold.restatements: rows of a daily table that one version says otherwise than the version before."""

import json
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import pyarrow as pa

from pipelines.contracts.tables import table

TABLE = "gold.restatements"
# True of every row that is built again, whether or not it says anything else.
UNSAID = frozenset({"silver_version", "operations_version"})

Row = dict[str, Any]


def build(
    changed: pa.Table, table_name: str, *, gold_table_version: int, cause: str, decided_at: datetime
) -> list[Row]:
    """Build the rows for what one version of a table changed.

    Shape: one row per field and day that says something else, or is gone; columns of the contract.

    Args:
        changed: Rows of the table with `side`, then or now: each that differs, as it was and as it is.
        table_name: The table.
        gold_table_version: The version that changed them.
        cause: What had changed in what it is made from.
        decided_at: When the version was built.
    """
    sides: dict[tuple[str, date], dict[str, Row]] = {}
    for row in changed.to_pylist():
        sides.setdefault((row["field_id"], row["date"]), {})[row["side"]] = row
    said = [name for name in table(table_name).column_names if name not in {*UNSAID, "field_id", "date"}]
    common = {
        "table_name": table_name,
        "gold_table_version": gold_table_version,
        "cause": cause,
        "decided_at": decided_at,
    }
    return [
        common | {"field_id": field_id, "date": day} | what
        for (field_id, day), each in sorted(sides.items())
        if (then := each.get("then"))
        for what in _difference(then, each.get("now"), said)
    ]


def _difference(then: Row, now: Row | None, said: list[str]) -> Iterator[Row]:
    names = [name for name in said if now is None or then[name] != now[name]]
    if names:
        yield {
            "columns_changed": names,
            "before": _json({name: then[name] for name in names}),
            "after": None if now is None else _json({name: now[name] for name in names}),
        }


def _json(values: Row) -> str:
    return json.dumps(values, default=str)
