"""What is measured: schemas/quantities.yaml."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from pipelines.contracts.files import SCHEMAS, read_mapping, refused

Range = tuple[float, float]


@dataclass(frozen=True)
class Quantity:
    """A property of the field, its canonical unit and its QARTOD ranges in that unit."""

    name: str
    unit: str
    fail: Range
    suspect: Range
    description: str
    increment: str | None = None
    """For a running total: the quantity that the difference of two of them is."""


@cache
def quantities() -> dict[str, Quantity]:
    """Return every quantity by name.

    Raises:
        ContractError: A line of schemas/quantities.yaml is wrong.
    """
    path = SCHEMAS / "quantities.yaml"
    found = {name: _quantity(name, line) for name, line in read_mapping(path).items()}
    for total in found.values():
        increment = found.get(total.increment) if total.increment else None
        if total.increment and (increment is None or increment.unit != total.unit):
            raise refused(path, f"{total.name}: an increment that is a quantity in {total.unit}", total.increment)
    return found


def _quantity(name: str, line: dict[str, Any]) -> Quantity:
    path = SCHEMAS / "quantities.yaml"
    try:
        quantity = Quantity(
            name,
            line["unit"],
            tuple(line["fail"]),
            tuple(line["suspect"]),
            line["description"],
            line.get("increment"),
        )
        inside = quantity.fail[0] <= quantity.suspect[0] < quantity.suspect[1] <= quantity.fail[1]
    except (KeyError, TypeError, IndexError) as cause:
        raise refused(path, f"{name}: {{unit, fail, suspect, description}}", repr(line)) from cause
    if not inside:
        raise refused(path, f"{name}: the suspect range within the fail range", repr(line))
    return quantity
