"""What is measured: schemas/quantities.yaml."""

from dataclasses import dataclass
from functools import cache

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


@cache
def quantities() -> dict[str, Quantity]:
    """Return every quantity by name.

    Raises:
        ContractError: A line of schemas/quantities.yaml is wrong.
    """
    return {name: _quantity(name, line) for name, line in read_mapping(SCHEMAS / "quantities.yaml").items()}


def _quantity(name: str, line: dict[str, object]) -> Quantity:
    path = SCHEMAS / "quantities.yaml"
    try:
        quantity = Quantity(name, line["unit"], tuple(line["fail"]), tuple(line["suspect"]), line["description"])  # type: ignore[arg-type]  # checked below
        inside = quantity.fail[0] <= quantity.suspect[0] < quantity.suspect[1] <= quantity.fail[1]
    except (KeyError, TypeError, IndexError) as cause:
        raise refused(path, f"{name}: {{unit, fail, suspect, description}}", repr(line)) from cause
    if not inside:
        raise refused(path, f"{name}: the suspect range within the fail range", repr(line))
    return quantity
