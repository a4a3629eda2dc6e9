"""Column types: the names that the contracts use, as Arrow and DuckDB types."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

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
_ARROW_ALIAS = {
    "string": "string",
    "int": "int32",
    "bigint": "int64",
    "double": "float64",
    "boolean": "bool",
    "date": "date32",
    "binary": "binary",
}
_ARRAY = re.compile(r"array<(.+)>")
_STRUCT = re.compile(r"struct<(.+)>")


def arrow_type(name: str) -> pa.DataType:
    """Return the Arrow type of a contract's type name.

    Raises:
        ValueError: The name is not a type.
    """
    # A third of a second to import, and commands that only read tables with SQL have no use for it.
    import pyarrow as pa

    if match := _ARRAY.fullmatch(name):
        return pa.list_(arrow_type(match[1]))
    if match := _STRUCT.fullmatch(name):
        return pa.struct([(field, arrow_type(kind)) for field, kind in _members(match[1])])
    if name == "timestamp":
        return pa.timestamp("us", tz="UTC")
    return pa.type_for_alias(_ARROW_ALIAS[_scalar(name)])


def duckdb_type(name: str) -> str:
    """Return the DuckDB type of a contract's type name.

    Raises:
        ValueError: The name is not a type.
    """
    if match := _ARRAY.fullmatch(name):
        return f"{duckdb_type(match[1])}[]"
    if match := _STRUCT.fullmatch(name):
        members = (f'"{field}" {duckdb_type(kind)}' for field, kind in _members(match[1]))
        return f"STRUCT({', '.join(members)})"
    return _DUCKDB[_scalar(name)]


def _scalar(name: str) -> str:
    if name not in _DUCKDB:
        raise ValueError(f"{name!r} is not one of {', '.join(_DUCKDB)}, array<...> or struct<name:...>")
    return name


def _members(text: str) -> list[tuple[str, str]]:
    return [(field, kind) for field, _, kind in (part.partition(":") for part in text.split(","))]
