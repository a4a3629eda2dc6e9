"""How messages write units and properties: schemas/units.yaml and schemas/properties.yaml."""

import re
from collections.abc import Iterable
from functools import cache

from pipelines.contracts.files import SCHEMAS, read_mapping, refused
from pipelines.contracts.quantities import Quantity, quantities
from pipelines.contracts.units import conversion

# Symbols differ by case alone (mS, MS); words do not.
_LONGEST_TITLE = 200
_WORD = re.compile(r"[^\W\d_][^\W\d_ ]{3,}|[^\W\d_]+( [^\W\d_]+)+")


def unit_conversion(said: str, quantity: Quantity) -> tuple[float, float] | None:
    """Return (scale, offset) from a unit as a message writes it to the quantity's own; None where there is none.

    Units: any spelling in, the quantity's canonical unit per that unit and the canonical unit out.
    """
    return into_unit(said, quantity.unit)


def into_unit(said: str, canonical: str) -> tuple[float, float] | None:
    """Return (scale, offset) from a unit as a message writes it to another; None where there is none.

    Units: any spelling and a UCUM code in, the canonical unit per that unit and the canonical unit out.
    """
    code = _ucum(said)
    if code is None:
        return None
    try:
        return conversion(code, canonical)
    except ValueError:
        return None


def named_property(said: str) -> Quantity | None:
    """Return the quantity that a message's word for a property means; None where it means none, or may mean several."""
    return _properties().get(plain(said))


def mentioned_property(said: str) -> Quantity | None:
    """Return the quantity that a title speaks of ("Soil moisture at 20 cm"), by its longest name of several words."""
    words = re.findall(r"[a-z0-9]+", said.lower()[:_LONGEST_TITLE])
    for length in range(len(words), 1, -1):
        spans = ("".join(words[start : start + length]) for start in range(len(words) - length + 1))
        found = {quantity.name: quantity for span in spans if (quantity := _properties().get(span))}
        if found:
            return next(iter(found.values())) if len(found) == 1 else None
    return None


def plain(name: str) -> str:
    """Return a name without case, blanks and punctuation."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


@cache
def units() -> dict[str, str]:
    """Return the UCUM code of every spelling.

    Raises:
        ContractError: Two codes claim one spelling.
    """
    path = SCHEMAS / "units.yaml"
    lines = read_mapping(path)
    return _claimed(path.name, ((str(said), str(code)) for code, others in lines.items() for said in (code, *others)))


def _ucum(said: str) -> str | None:
    text = said.strip().removeprefix("ucum:").removeprefix("UCUM:")
    if text.startswith(("http://", "https://")):
        text = re.split(r"[/#]", text)[-1]
    found = units().get(text)
    if found is None and _WORD.fullmatch(text):
        return _words().get(text.lower())
    return found


@cache
def _words() -> dict[str, str]:
    return {said.lower(): code for said, code in units().items() if _WORD.fullmatch(said)}


@cache
def _properties() -> dict[str, Quantity]:
    path = SCHEMAS / "properties.yaml"
    lines = read_mapping(path)
    unknown = set(lines) - set(quantities())
    if unknown:
        raise refused(path, "properties of schemas/quantities.yaml", ", ".join(sorted(unknown)))
    spellings = ((plain(said), name) for name in quantities() for said in (name, *lines.get(name, ())))
    return {said: quantities()[name] for said, name in _claimed(path.name, spellings).items()}


def _claimed(file: str, spellings: Iterable[tuple[str, str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for said, meant in spellings:
        if found.setdefault(said, meant) != meant:
            raise refused(SCHEMAS / file, "a spelling of its own", f"{said!r} for {found[said]} and for {meant}")
    return found
