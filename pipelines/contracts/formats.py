"""What a message looks like: schemas/formats/<format>.yaml."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pipelines.contracts.files import SCHEMAS, read_mapping, refused
from pipelines.contracts.quantities import Quantity, quantities


@dataclass(frozen=True)
class Rule:
    """One way to know a format; everything that it names must be there."""

    contains: tuple[str, ...] = ()
    """Texts in the message: cheap to look for, so they are looked for first."""
    holds: tuple[str, ...] = ()
    """JSON paths that the message has."""
    place: str | None = None
    """Pattern in the MQTT topic or the Kafka key."""


@dataclass(frozen=True)
class KnownKey:
    """A key whose meaning the format itself fixes, whatever the sensor."""

    quantity: Quantity
    unit: str
    """UCUM unit that holds where the message names none."""
    is_share: bool
    """Whether the format wants 0 to 1, so that a number up to 1 called percent contradicts itself."""
    channel: int | None


@dataclass(frozen=True)
class Format:
    """A message format: how it is recognised and what its own keys mean."""

    name: str
    title: str
    description: str
    reference: str
    topic: str
    """The kind of topic that its messages come by: telemetry or operations."""
    precedence: int
    """Formats of a topic are tried in this order; the first that fits is taken."""
    recognised_by: tuple[Rule, ...]
    assumes_units: bool
    """Whether a value without a unit is in the unit of its property."""
    keys: dict[str, KnownKey]
    """A key may be preceded by its entity's type and a slash, and then holds for that type alone."""
    ignored: tuple[str, ...]
    """Keys that have a number and are no measurement."""

    def key(self, said: str) -> KnownKey | None:
        """Return what the format fixes for a key, or for `<type>/<key>`."""
        return self.keys.get(said) or self.keys.get(said.rpartition("/")[2])


@cache
def formats(topic: str = "telemetry") -> dict[str, Format]:
    """Return the formats of a kind of topic by name, in the order in which they are tried.

    Raises:
        ContractError: A file under schemas/formats/ is wrong.
    """
    found = [_format(path) for path in sorted((SCHEMAS / "formats").glob("*.yaml"))]
    tried = sorted(found, key=lambda each: each.precedence)
    return {each.name: each for each in tried if each.topic == topic}


def _format(path: Path) -> Format:
    content = read_mapping(path)
    try:
        return Format(
            path.stem,
            content["title"],
            content["description"].strip(),
            content["reference"],
            content.get("topic", "telemetry"),
            content["precedence"],
            tuple(_rule(path, line) for line in content["recognised_by"]),
            bool(content.get("assumes_units")),
            {key: _known_key(path, key, line) for key, line in content.get("keys", {}).items()},
            tuple(content.get("ignored", ())),
        )
    except KeyError as cause:
        raise refused(path, f"an entry {cause}", "none") from cause


def _rule(path: Path, line: dict[str, Any]) -> Rule:
    try:
        said: dict[str, Any] = {name: value if name == "place" else tuple(value) for name, value in line.items()}
        rule = Rule(**said)
    except (TypeError, AttributeError) as cause:
        raise refused(path, "recognised_by: a list of {contains, holds, place}", repr(line)) from cause
    if rule == Rule():
        raise refused(path, "recognised_by: something that is looked for", repr(line))
    return rule


def _known_key(path: Path, key: str, line: dict[str, Any]) -> KnownKey:
    quantity = quantities().get(line["property"])
    if quantity is None:
        raise refused(path, f"{key}: a property of schemas/quantities.yaml", repr(line["property"]))
    return KnownKey(quantity, line["unit"], bool(line.get("share")), line.get("channel"))
