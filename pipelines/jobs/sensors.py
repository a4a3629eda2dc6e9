"""Which sensors there are contracts for, and which have sent values that no contract explains."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pipelines.contracts.quantities import quantities
from pipelines.contracts.sensors import sensors
from pipelines.contracts.spellings import named_property
from pipelines.lake.query import query
from pipelines.lake.tables import Lake
from pipelines.settings import Settings

# Where messages hold the name of the sensor's model, and its decoded values.
_MODEL_PATHS = (
    "$.deviceInfo.deviceProfileName",
    "$.uplink_message.version_ids.model_id",
    "$.DevEUI_uplink.CustomerData.alr.pro",
    "$.sensor_model",
)
_PAYLOAD_PATHS = (
    "$.object",
    "$.uplink_message.decoded_payload",
    "$.uplink_message.normalized_payload",
    "$.DevEUI_uplink.payload",
    "$.values",
)
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_/]*")
_LONGEST_EXAMPLE = 40


@dataclass(frozen=True)
class SensorSummary:
    """A sensor model that has a contract."""

    model: str
    title: str
    known_as: tuple[str, ...]
    properties: tuple[str, ...]


@dataclass(frozen=True)
class MissingContract:
    """A payload key that no contract explains, and the line to write for it; no key where a message named none."""

    sensor: str | None
    key: str | None
    events: int
    devices: int
    example_device: str | None
    example: str | None
    first_seen: datetime
    last_seen: datetime
    contract_file: str
    contract_line: str


def list_sensors() -> list[SensorSummary]:
    """List the sensor models that have a contract."""
    return [
        SensorSummary(
            each.model, each.title, each.aliases, tuple(dict.fromkeys(line.quantity.name for line in each.readings))
        )
        for each in sensors().values()
    ]


def missing_contracts(settings: Settings) -> list[MissingContract]:
    """List what devices have sent that no contract explains, the most frequent first.

    Nothing of it is lost: once the line is written, `quarantine redrive --apply` makes observations of it.
    """
    rows = query(Lake(settings.lake), _MISSING).rows
    return [_missing(row) for row in rows]


def _missing(row: Sequence[Any]) -> MissingContract:
    sensor, key, events, devices, device, example, first_seen, last_seen = row
    return MissingContract(
        sensor, key, events, devices, device, example, first_seen, last_seen, *_contract(sensor, key)
    )


def _contract(sensor: str | None, key: str | None) -> tuple[str, str]:
    if sensor is None:
        return "reference.devices", "sensor_model: the device's, for the message names none"
    known = next((each for each in sensors().values() if sensor.lower() in _names(each.model, each.aliases)), None)
    if known is not None:
        return f"schemas/sensors/{known.model}.yaml", _line(key)
    slug = re.sub(r"[^a-z0-9]+", "_", sensor.lower()).strip("_")[:60] or "sensor"
    return f"schemas/sensors/{slug}.yaml", f"aliases: [{json.dumps(sensor)}]" if key is None else _line(key)


def _names(model: str, aliases: tuple[str, ...]) -> set[str]:
    return {name.lower() for name in (model, *aliases)}


def _line(key: str | None) -> str:
    if key is None:
        return ""
    name = _guessed(key)
    unit = quantities()[name].unit if name else "?"
    return f"{_yaml(key)}: {{property: {_yaml(name or '?')}, unit: {_yaml(unit)}}}"


def _yaml(text: str) -> str:
    return text if _PLAIN.fullmatch(text) else json.dumps(text)


def _guessed(key: str) -> str | None:
    """Which property a key most likely means: a known spelling, else what contracts agree on, else its words."""
    spelled = named_property(key)
    if spelled is not None:
        return spelled.name
    plain = _words(key)
    meant = [line.quantity.name for each in sensors().values() for line in each.readings if _words(line.key) == plain]
    # `temp` stands for temperature, but not for one of two temperatures.
    named = [name for name in quantities() if all(_abbreviates(word, _words(name)) for word in plain)]
    for names in (meant if len(meant) > 1 else [], named):
        if plain and len(set(names)) == 1:
            return names[0]
    return None


def _abbreviates(word: str, words: list[str]) -> bool:
    return any(each.startswith(word) for each in words)


def _words(name: str) -> list[str]:
    return re.findall("[a-z]+", re.sub("(?<=[a-z])(?=[A-Z])", "_", name).lower())


def _first_of(paths: tuple[str, ...], operator: str) -> str:
    found = (f"message {operator} '{path}'" for path in paths)
    return f"coalesce({', '.join(found)})"


_MISSING = f"""
with unread as (
    select
        *,
        case when json_valid(text) then text::json end as message
    from (
        select device_id, kafka_time, unnest(reasons) as reason, try(decode(raw)) as text
        from bronze.events_current
        where verdict = 'accepted'
    )
    where reason = 'unknown_sensor' or starts_with(reason, 'unknown_key')
),
keyed as (
    select
        device_id,
        kafka_time,
        nullif({_first_of(_MODEL_PATHS, "->>")}, '') as sensor,
        {_first_of(_PAYLOAD_PATHS, "->")} as payload,
        unnest(
            case
                when starts_with(reason, 'unknown_key:') then [substr(reason, length('unknown_key:') + 1)]
                when json_type(payload) = 'OBJECT' and payload::varchar <> '{{}}' then json_keys(payload)
                else [null]
            end
        ) as key
    from unread
)
select
    sensor,
    key,
    count(*) as events,
    count(distinct device_id),
    max_by(device_id, kafka_time),
    left(max_by(try(from_json(payload, '"MAP(VARCHAR, VARCHAR)"')[key]), kafka_time), {_LONGEST_EXAMPLE}),
    min(kafka_time),
    max(kafka_time)
from keyed
group by sensor, key
order by events desc, sensor nulls last, key
"""  # noqa: S608 - paths of our own
