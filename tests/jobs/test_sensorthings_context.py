"""Entities that a client holds are found however the file nests them."""

import json
from pathlib import Path

import pytest

from pipelines.errors import UsageError
from pipelines.jobs.sensorthings_context import read_context

UNIT = {"name": "percent", "symbol": "%", "definition": "ucum:%"}
STREAM = {"@iot.id": 1, "name": "moisture", "unitOfMeasurement": UNIT}
THING, PROPERTY = {"@iot.id": 5, "name": "probe"}, {"@iot.id": "soil", "name": "Soil moisture"}
WHOLE = STREAM | {"Thing": THING, "ObservedProperty": PROPERTY}


@pytest.mark.parametrize(
    "content",
    [
        WHOLE,
        [WHOLE],
        {"value": [WHOLE]},
        {"Datastreams": [WHOLE]},
        {"Datastreams(1)": {key: value for key, value in WHOLE.items() if key != "@iot.id"}},
        {"Things": [THING | {"Datastreams": [STREAM | {"ObservedProperty": PROPERTY}]}]},
        {
            "Datastreams": [STREAM | {"Thing": {"@iot.id": 5}, "ObservedProperty": {"@iot.id": "soil"}}],
            "Things": [THING],
            "ObservedProperties": [PROPERTY],
        },
        {
            "Datastreams": [
                STREAM
                | {
                    "Thing@iot.navigationLink": "https://sta.example.org/v1.1/Things(5)",
                    "ObservedProperty@iot.navigationLink": "https://sta.example.org/v1.1/ObservedProperties('soil')",
                }
            ],
            "Things": [THING],
            "ObservedProperties": [PROPERTY],
        },
    ],
)
def test_a_datastream_is_found_with_its_thing_and_property(tmp_path: Path, content: object) -> None:
    path = tmp_path / "context.json"
    path.write_text(json.dumps(content))
    (row,) = read_context(path).to_pylist()
    stream = json.loads(row["datastream"])
    assert row["datastream_id"] == "1"
    assert (stream["unitOfMeasurement"], stream["Thing"]["name"], stream["ObservedProperty"]["name"]) == (
        UNIT,
        "probe",
        "Soil moisture",
    )


@pytest.mark.parametrize("content", [b"{", b"\xff", b"[" * 100_000])
def test_a_file_that_is_no_json_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "context.json"
    path.write_bytes(content)
    with pytest.raises(UsageError, match="The context cannot be read"):
        read_context(path)
