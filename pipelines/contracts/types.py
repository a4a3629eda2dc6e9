"""Column types: the names that the contracts use, as Arrow and DuckDB types."""

import re

import pyarrow as pa

_ARROW = {
    "string": pa.string(),
    "int": pa.int32(),
    "bigint": pa.int64(),
    "double": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us", tz="UTC"),
    "binary": pa.binary(),
}
_DUCKDB = {
    "string": "VARCHAR",
    "int": "INTEGER",
    "bigint": "BIGINT",
    "double": "DOUBLE",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "timestamp": "TIMESTAMPTZ",
    "binary": "BLOB",
}
_ARRAY = re.compile(r"array<(.+)>")
_STRUCT = re.compile(r"struct<(.+)>")


def arrow_type(name: str) -> pa.DataType:
    """Return the Arrow type of a contract's type name.

    Raises:
        ValueError: The name is not a type.
    """
    if name in _ARROW:
        return _ARROW[name]
    if match := _ARRAY.fullmatch(name):
        return pa.list_(arrow_type(match[1]))
    if match := _STRUCT.fullmatch(name):
        return pa.struct([(field, arrow_type(kind)) for field, kind in _members(match[1])])
    raise ValueError(f"{name!r} is not one of {', '.join(_ARROW)}, array<...> or struct<name:...>")


def duckdb_type(name: str) -> str:
    """Return the DuckDB type of a contract's type name, which `arrow_type` must know."""
    if match := _ARRAY.fullmatch(name):
        return f"{duckdb_type(match[1])}[]"
    if match := _STRUCT.fullmatch(name):
        members = (f"{field} {duckdb_type(kind)}" for field, kind in _members(match[1]))
        return f"STRUCT({', '.join(members)})"
    return _DUCKDB[name]


def _members(text: str) -> list[tuple[str, str]]:
    return [(field, kind) for field, _, kind in (part.partition(":") for part in text.split(","))]
