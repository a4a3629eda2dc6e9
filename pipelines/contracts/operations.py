"""What can be done in a field: schemas/operations.yaml."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from pipelines.contracts.files import SCHEMAS, read_mapping, refused
from pipelines.contracts.quantities import Range
from pipelines.contracts.tables import Column, table

TABLE = "silver.operations"
_OPEN = (float("-inf"), float("inf"))


@dataclass(frozen=True)
class Detail:
    """Something an operation says beside who, where and when: a number with its bounds, or a text."""

    name: str
    column: Column
    """Where it stands in silver.operations."""
    fail: Range
    suspect: Range

    @property
    def is_number(self) -> bool:
        """Whether it is a number, in the column's unit."""
        return self.column.type == "double"


@dataclass(frozen=True)
class Operation:
    """A kind of operation."""

    name: str
    description: str
    details: dict[str, Detail]
    needs: tuple[tuple[str, ...], ...]
    """Of each of these, one detail at least."""


@cache
def operations() -> dict[str, Operation]:
    """Return every kind of operation by name.

    Raises:
        ContractError: A line of schemas/operations.yaml is wrong.
    """
    return {name: _operation(name, line) for name, line in read_mapping(SCHEMAS / "operations.yaml").items()}


def _operation(name: str, line: dict[str, Any]) -> Operation:
    path = SCHEMAS / "operations.yaml"
    try:
        details = {said: _detail(name, said, about) for said, about in line.get("details", {}).items()}
        operation = Operation(name, line["description"], details, tuple(map(tuple, line.get("needs", ()))))
    except (KeyError, TypeError) as cause:
        raise refused(path, f"{name}: {{description, details, needs}}", repr(line)) from cause
    unknown = {said for one_of in operation.needs for said in one_of} - details.keys()
    if unknown:
        raise refused(path, f"{name}: needs among its details", ", ".join(sorted(unknown)))
    return operation


def _detail(operation: str, name: str, about: dict[str, Any]) -> Detail:
    path, place = SCHEMAS / "operations.yaml", f"{operation}.{name}"
    columns = {column.name: column for column in table(TABLE).columns}
    column = columns.get(about["column"])
    if column is None:
        raise refused(path, f"{place}: a column of {TABLE}", repr(about["column"]))
    if about.get("unit") != column.unit:
        raise refused(path, f"{place}: the unit of {column.name}, {column.unit}", repr(about.get("unit")))
    fail, suspect = (tuple(about.get(bounds, _OPEN)) for bounds in ("fail", "suspect"))
    if not fail[0] <= suspect[0] < suspect[1] <= fail[1]:
        raise refused(path, f"{place}: the suspect range within the fail range", repr(about))
    return Detail(name, column, fail, suspect)
