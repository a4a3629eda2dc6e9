"""The kernel's SQL steps, with the parts that the contracts decide filled in."""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from string import Template

import pyarrow as pa

from pipelines.contracts.formats import formats
from pipelines.contracts.sensors import mapping

_ENVELOPE = (
    '{"time":"VARCHAR","devAddr":"VARCHAR","fCnt":"BIGINT",'
    '"deviceInfo":{"devEui":"VARCHAR","deviceProfileName":"VARCHAR"},"object":{%s}}'
)


@dataclass(frozen=True)
class Steps:
    """The compiled steps and the two small tables they join with; plain data, so that it can travel to workers."""

    messages: str
    verdicts: str
    verdicts_given: str
    observations: str
    events: str
    readings: pa.Table
    """The sensors' mapping, with the ordinal of each payload key within its alias."""
    sensor_aliases: pa.Table
    """Every name under which gateways report a sensor that has a contract."""


@cache
def steps() -> Steps:
    """Compile the steps from the contracts.

    Raises:
        ContractError: A contract is wrong.
    """
    rows = mapping().to_pylist()
    keys_by_alias: dict[str, list[str]] = {}
    ordinals = []
    for row in rows:
        keys = keys_by_alias.setdefault(row["alias"], [])
        keys.append(row["payload_key"])
        ordinals.append(len(keys))
    parts = _contract_parts(keys_by_alias)
    return Steps(
        messages=_filled("1_messages", parts),
        verdicts=_filled("2_verdicts", parts),
        verdicts_given=_filled("2_verdicts_given", parts),
        observations=_filled("3_observations", parts),
        events=_filled("4_events", parts),
        readings=mapping().append_column("ordinal", pa.array(ordinals, pa.int64())),
        sensor_aliases=pa.table({"alias": list(keys_by_alias)}),
    )


def _contract_parts(keys_by_alias: dict[str, list[str]]) -> dict[str, str]:
    """Write the contracts as SQL: how a format is told, which payload keys exist, which belong to which sensor."""
    # DuckDB tells the members of a struct apart without regard to case.
    all_keys = {key.lower(): key for keys in reversed(keys_by_alias.values()) for key in reversed(keys)}
    members = ",".join(f'{_json_name(key)}:"DOUBLE"' for key in all_keys.values())
    return {
        "chirpstack_v4": _literal(formats()["chirpstack_v4"].recognised_by),
        "chirpstack_v4_shape": _literal(_ENVELOPE % members),
        "payload_values": "\n".join(
            f"        WHEN {_literal(alias)} THEN [{', '.join(f'payload.{_identifier(key)}' for key in keys)}]"
            for alias, keys in keys_by_alias.items()
        ),
    }


def _filled(step: str, parts: dict[str, str]) -> str:
    text = files("pipelines.kernel").joinpath(f"{step}.sql").read_text(encoding="utf-8")
    return Template(text).safe_substitute(parts)


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _json_name(name: str) -> str:
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
