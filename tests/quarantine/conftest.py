"""A lake with records in quarantine, and contracts that learn to read them."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from pipelines.kernel import steps as kernel_steps
from pipelines.lake.tables import Lake
from pipelines.quarantine import level as level_module
from pipelines.quarantine import redrive as redrive_module

Learn = Callable[..., None]


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path)


@pytest.fixture
def learn(monkeypatch: pytest.MonkeyPatch) -> Learn:
    """Change the contracts for redrives: read any time but this as noon of 1 June, know a sensor by one more name."""

    def changed(*, time: str | None = None, alias: str | None = None) -> None:
        known = kernel_steps.steps()
        if time is not None:
            read = "try_cast(m.time AS TIMESTAMPTZ)"
            assert read in known.messages
            told = f"CASE m.time WHEN '{time}' THEN TIMESTAMPTZ '2026-06-01 12:00:00+00' ELSE {read} END"
            known = replace(known, messages=known.messages.replace(read, told))
        if alias is not None:
            known = _renamed(known, "tower weather station", alias)
        for module in (redrive_module, level_module):
            monkeypatch.setattr(module, "steps", lambda: known)

    return changed


def _renamed(steps: kernel_steps.Steps, alias: str, another: str) -> kernel_steps.Steps:
    rows = [row | {"alias": another} for row in steps.readings.to_pylist() if row["alias"] == alias]
    chosen = f"WHEN '{another}' THEN [{_keys(rows)}] WHEN '{alias}'"
    return replace(
        steps,
        readings=pa.concat_tables([steps.readings, pa.Table.from_pylist(rows, schema=steps.readings.schema)]),
        sensor_aliases=pa.concat_tables([steps.sensor_aliases, pa.table({"alias": [another]})]),
        observations=steps.observations.replace(f"WHEN '{alias}'", chosen),
    )


def _keys(rows: list[dict]) -> str:
    return ", ".join(f"payload.{json.dumps(row['payload_key'])}" for row in rows)
