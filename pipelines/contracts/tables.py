"""What a table is: schemas/tables/<layer>/<name>.yaml, with its columns from schemas/columns.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from pipelines.contracts.files import SCHEMAS, read_mapping, refused
from pipelines.contracts.types import arrow_type, duckdb_type
from pipelines.errors import UsageError

if TYPE_CHECKING:
    import pyarrow as pa

TABLES = SCHEMAS / "tables"

SENSITIVITIES = ("internal", "location", "confidential")
"""Who may see a value, from least to most sensitive: whoever works here; whoever may know where a field lies; whoever
may read messages as they came, which can hold anything."""


@dataclass(frozen=True)
class Column:
    """A column: the same name means the same thing in every table."""

    name: str
    type: str
    description: str
    example: str
    unit: str | None
    range: tuple[float | None, float | None]
    """Least and greatest value; None where there is no bound."""
    sensitivity: str
    """One of `SENSITIVITIES`."""


@dataclass(frozen=True)
class GateRules:
    """What the gate asks of a slice beyond what columns, keys and quantities say already."""

    references: Mapping[str, str]
    """Column -> the table that has a row for each of its values."""
    most_failed: float
    """Share of the rows that may be flagged 4."""
    newest_within_s: int
    """How old the newest reading of a slice may be when it is taken in."""
    share_of_usual_day: tuple[float, float]
    """Rows of a day, least and most, as a share of those of the same weekday before."""
    least_completeness: float
    """Share of the readings, between the first and the last of a slice, that a field has of a property."""


_NO_FURTHER_RULES = GateRules({}, 1.0, 0, (0.0, float("inf")), 0.0)


@dataclass(frozen=True)
class TableContract:
    """A table: its grain, its key, its columns in order and which of them are never null."""

    name: str
    title: str
    description: str
    grain: str
    key: tuple[str, ...]
    writer: str
    owner: str
    columns: tuple[Column, ...]
    required: frozenset[str]
    gate: GateRules = _NO_FURTHER_RULES

    @property
    def column_names(self) -> tuple[str, ...]:
        """Names of the columns, in order."""
        return tuple(column.name for column in self.columns)

    @property
    def sensitivity(self) -> str:
        """That of its most sensitive column."""
        return max((column.sensitivity for column in self.columns), key=SENSITIVITIES.index)

    @property
    def arrow_schema(self) -> pa.Schema:
        """The table's schema; required columns are not nullable."""
        import pyarrow as pa

        return pa.schema(
            pa.field(column.name, arrow_type(column.type), nullable=column.name not in self.required)
            for column in self.columns
        )

    @property
    def duckdb_columns(self) -> dict[str, str]:
        """Column name to DuckDB type, in order."""
        return {column.name: duckdb_type(column.type) for column in self.columns}

    @property
    def spark_ddl(self) -> str:
        """The table's schema as Spark writes it."""
        return ", ".join(
            f"`{column.name}` {column.type}{' not null' if column.name in self.required else ''}"
            for column in self.columns
        )


@cache
def table_names() -> tuple[str, ...]:
    """Return the name of every table that has a contract, sorted."""
    return tuple(sorted(f"{path.parent.name}.{path.stem}" for path in TABLES.glob("*/*.yaml")))


@cache
def table(name: str) -> TableContract:
    """Return the contract of `<layer>.<name>`.

    Raises:
        UsageError: There is no such table.
        ContractError: Its contract is wrong.
    """
    path = TABLES / f"{name.replace('.', '/', 1)}.yaml"
    if not path.is_file():
        raise _unknown(name)
    content = read_mapping(path)
    known = _columns()
    try:
        names, required, key = content["columns"], frozenset(content["required"]), tuple(content["key"])
        undefined = [*(set(names) - known.keys()), *((required | set(key)) - set(names))]
        if undefined:
            raise refused(path, "columns that schemas/columns.yaml defines", ", ".join(sorted(undefined)))
        return TableContract(
            name=name,
            title=content["title"],
            description=content["description"].strip(),
            grain=content["grain"],
            key=key,
            writer=content["writer"],
            owner=_owners()[name.partition(".")[0]],
            columns=tuple(known[column] for column in names),
            required=required,
            gate=_gate_rules(content["gate"]) if "gate" in content else _NO_FURTHER_RULES,
        )
    except KeyError as cause:
        raise refused(path, f"an entry {cause}", "none") from cause


def _gate_rules(rules: dict[str, Any]) -> GateRules:
    return GateRules(
        references=rules["references"],
        most_failed=rules["most_failed"],
        newest_within_s=rules["newest_within_s"],
        share_of_usual_day=tuple(rules["share_of_usual_day"]),
        least_completeness=rules["least_completeness"],
    )


def _unknown(name: str) -> UsageError:
    return UsageError(
        "There is no such table",
        where="schemas/tables/",
        expected=f"one of {', '.join(table_names())}",
        got=name,
        fix="Write the layer before the name, as in silver.observations.",
    )


@cache
def _columns() -> dict[str, Column]:
    path = SCHEMAS / "columns.yaml"
    columns = {}
    for name, line in read_mapping(path).items():
        try:
            duckdb_type(line["type"])
            columns[name] = _column(name, line)
        except (KeyError, ValueError) as cause:
            raise refused(path, f"{name}: {{type, description, example}}", str(cause)) from cause
    return columns


def _column(name: str, line: dict[str, Any]) -> Column:
    least, greatest = line.get("range", (None, None))
    sensitivity = line.get("sensitivity", SENSITIVITIES[0])
    SENSITIVITIES.index(sensitivity)
    return Column(
        name=name,
        type=line["type"],
        description=line["description"],
        example=str(line["example"]),
        unit=line.get("unit"),
        range=(least, greatest),
        sensitivity=sensitivity,
    )


@cache
def _owners() -> dict[str, str]:
    return {layer: line["owner"] for layer, line in read_mapping(SCHEMAS / "layers.yaml").items()}
