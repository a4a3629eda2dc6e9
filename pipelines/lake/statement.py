"""What a SQL statement asks: one SELECT or nothing, the tables it names, and the conditions it puts on them."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipelines.errors import UsageError

if TYPE_CHECKING:
    import duckdb

# What a file's least and greatest value must satisfy if some row of it meets the comparison.
_POSSIBLE = {
    "COMPARE_EQUAL": "{least} <= {operand} and {greatest} >= {operand}",
    "COMPARE_LESSTHAN": "{least} < {operand}",
    "COMPARE_LESSTHANOREQUALTO": "{least} <= {operand}",
    "COMPARE_GREATERTHAN": "{greatest} > {operand}",
    "COMPARE_GREATERTHANOREQUALTO": "{greatest} >= {operand}",
}


@dataclass(frozen=True)
class Condition:
    """A comparison of a column with a constant that every row of the answer must satisfy."""

    column: str
    comparison: str
    operand: str
    """The constant, as SQL."""

    def possible(self, least: str, greatest: str) -> str:
        """Return, as SQL, whether a file whose values lie in least..greatest may hold such a row."""
        return _POSSIBLE[self.comparison].format(least=least, greatest=greatest, operand=f"({self.operand})")


@dataclass(frozen=True)
class Statement:
    """A statement that only reads."""

    text: str
    tree: dict[str, Any]
    """DuckDB's own syntax tree of it."""

    @property
    def tables(self) -> frozenset[str]:
        """Names `<layer>.<name>` of the tables it reads."""
        return frozenset(_table_name(node) for node in _base_tables(self.tree))

    def conditions(self, table: str) -> tuple[Condition, ...]:
        """Return the simple conditions on a table that is read once, straight from a WHERE of ANDs; else none."""
        if sum(_table_name(node) == table for node in _base_tables(self.tree)) != 1:
            return ()
        return tuple(
            condition
            for select in _nodes(self.tree, "SELECT_NODE")
            if _reads_only(select, table)
            for part in _conjuncts(select.get("where_clause"))
            for condition in self._conditions_of(part, select["from_table"])
        )

    def _conditions_of(self, part: dict[str, Any], source: dict[str, Any]) -> Iterator[Condition]:
        if part["class"] == "BETWEEN" and part["type"] == "COMPARE_BETWEEN":
            compared = [
                (part["input"], "COMPARE_GREATERTHANOREQUALTO", part["lower"]),
                (part["input"], "COMPARE_LESSTHANOREQUALTO", part["upper"]),
            ]
        elif part["class"] == "COMPARISON" and part["type"] in _POSSIBLE:
            compared = [(part["left"], part["type"], part["right"])]
        else:
            return
        for left, comparison, right in compared:
            column = _column(left, source)
            if column and _is_constant(right):
                yield Condition(column, comparison, self._source(right))

    def _source(self, node: dict[str, Any]) -> str:
        start = node.get("query_location", 0)
        return self.text.encode()[start : start + node["query_location_length"]].decode()


def parse(connection: "duckdb.DuckDBPyConnection", text: str) -> Statement:
    """Parse a statement without running any of it.

    Raises:
        UsageError: It is no SQL, or anything but one SELECT.
    """
    answer = connection.execute("select json_serialize_sql($1, skip_null := true)", [text]).fetchall()[0][0]
    tree = json.loads(answer)
    if tree["error"] and tree["error_type"] == "parser":
        raise _refused(_place(text, int(tree.get("position", 0))), "DuckDB's SQL", tree["error_message"])
    statements = tree.get("statements", ())
    writes = [node for node in _nodes(tree) if str(node.get("type", "")).endswith("QUERY_NODE")]
    if tree["error"] or len(statements) != 1 or writes:
        got = f"{len(statements)} statements" if len(statements) > 1 else "a statement that is not a plain SELECT"
        raise _refused("whole statement", "one SELECT: tables are only read here", got if text.strip() else "nothing")
    return Statement(text, tree)


def _refused(place: str, expected: str, got: str) -> UsageError:
    return UsageError(
        "The query cannot be run",
        where=place,
        expected=expected,
        got=got,
        fix='Correct the query; a name that is also a word of SQL is quoted, as in "offset".',
    )


def _place(text: str, position: int) -> str:
    before = text.encode()[:position].decode(errors="replace")
    return f"line {before.count(chr(10)) + 1}, column {len(before) - before.rfind(chr(10))}"


def _nodes(tree: Any, kind: str | None = None) -> Iterator[dict[str, Any]]:
    if isinstance(tree, dict):
        if kind is None or tree.get("type") == kind:
            yield tree
        tree = list(tree.values())
    if isinstance(tree, list):
        for branch in tree:
            yield from _nodes(branch, kind)


def _base_tables(tree: dict[str, Any]) -> Iterator[dict[str, Any]]:
    return (node for node in _nodes(tree, "BASE_TABLE") if node.get("schema_name"))


def _table_name(node: dict[str, Any]) -> str:
    return f"{node['schema_name']}.{node['table_name']}".lower()


def _reads_only(select: dict[str, Any], table: str) -> bool:
    source = select.get("from_table", {})
    is_table = source.get("type") == "BASE_TABLE" and source.get("schema_name") and _table_name(source) == table
    return bool(is_table) and not source.get("column_name_alias")


def _conjuncts(clause: dict[str, Any] | None) -> Iterator[dict[str, Any]]:
    if clause is None:
        return
    if clause["type"] == "CONJUNCTION_AND":
        for part in clause["children"]:
            yield from _conjuncts(part)
    else:
        yield clause


def _column(node: dict[str, Any], source: dict[str, Any]) -> str | None:
    if node["class"] != "COLUMN_REF":
        return None
    *qualifier, name = node["column_names"]
    own = [[], [source.get("alias") or source["table_name"]]]
    return str(name).lower() if qualifier in own else None


def _is_constant(node: dict[str, Any]) -> bool:
    if node["class"] == "CAST":
        return _is_constant(node["child"])
    return bool(node["class"] == "CONSTANT")
