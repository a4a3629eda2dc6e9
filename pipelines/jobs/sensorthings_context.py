"""SensorThings entities that a client holds already, as the Datastreams that observations refer to by their id."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.errors import UsageError

if TYPE_CHECKING:
    import pyarrow as pa

Entity = dict[str, Any]
Entities = dict[tuple[str, str], Entity]
"""By kind (Thing, ObservedProperty, ...) and `@iot.id`."""

# What a Datastream says by reference, and the name of the set that the entity stands in.
_REFERENCES = {"Thing": "Things", "ObservedProperty": "ObservedProperties", "Sensor": "Sensors"}
_DEEPEST = 20


def read_context(path: Path) -> "pa.Table":
    """Read a file of entities, nested or in lists, as a server answers with.

    Shape: one row a Datastream, with its Thing and ObservedProperty inside as far as the file holds them.

    Raises:
        UsageError: The file cannot be read.
    """
    import pyarrow as pa

    from pipelines.kernel.tables import CONTEXT

    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as cause:
        raise UsageError(
            "The context cannot be read",
            where=str(path),
            expected="SensorThings entities as JSON",
            got=str(cause),
            fix="Give the server's answer to Datastreams?$expand=Thing,ObservedProperty.",
        ) from cause
    entities: Entities = {}
    streams: dict[str, Entity] = {}
    for kind, parent, entity in _walk(content, "", None, 0):
        place = kind, str(entity.get("@iot.id"))
        entities[place] = entities.get(place, {}) | entity
        if kind == "Datastream" or "unitOfMeasurement" in entity:
            streams[str(entity.get("@iot.id"))] = {"Thing": parent, **entity} if parent else entity
    rows = [
        {"datastream_id": each, "datastream": json.dumps(_resolved(stream, entities))}
        for each, stream in streams.items()
    ]
    return pa.Table.from_pylist(rows, schema=CONTEXT)


def _walk(content: Any, kind: str, parent: Entity | None, depth: int) -> Iterator[tuple[str, Entity | None, Entity]]:
    """Yield every entity with its kind, and for a Datastream the Thing that it stands in."""
    if depth > _DEEPEST:
        return
    if isinstance(content, list):
        for item in content:
            yield from _walk(item, kind, parent, depth + 1)
    elif isinstance(content, dict):
        # Keyed by the entity's own name: {"Datastreams(1)": {...}}.
        entity = content
        if "@iot.id" in entity:
            yield kind, parent if kind == "Datastream" else None, entity
        for name, member in content.items():
            keyed = re.fullmatch(r"(\w+)\('?([^')]+)'?\)|()(\d+)", name)
            if keyed and isinstance(member, dict):
                inner = {"@iot.id": keyed[2] or keyed[4], **member}
                yield from _walk(inner, _singular(keyed[1] or kind), parent, depth + 1)
            elif isinstance(member, list | dict):
                inside = _singular(name) if name != "value" else kind
                yield from _walk(member, inside, entity if name == "Datastreams" else None, depth + 1)


def _singular(name: str) -> str:
    return {plural: one for one, plural in {**_REFERENCES, "Datastream": "Datastreams"}.items()}.get(name, name)


def _resolved(stream: Entity, entities: Entities) -> Entity:
    found = {}
    for name, plural in _REFERENCES.items():
        said = stream.get(name) or {}
        link = re.search(rf"{plural}\('?([^')]+)'?\)", str(stream.get(f"{name}@iot.navigationLink", "")))
        entity_id = str(said.get("@iot.id", link[1] if link else ""))
        entity = {**entities.get((name, entity_id), {}), **said}
        if entity:
            # What an entity contains of its own does not belong to the Datastream.
            found[name] = {key: value for key, value in entity.items() if key != "Datastreams"}
    return {**{key: value for key, value in stream.items() if key != "Observations"}, **found}
