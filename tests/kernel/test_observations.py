"""What a batch of telemetry has to explain, and the rows of what was accepted."""

import numpy as np
import pyarrow as pa
import pytest

from pipelines.kernel.batch import Batch
from pipelines.kernel.steps import steps
from tests.uplinks import INGEST_TIME, records, uplink

GOOD = {"air_temperature": 21.5}
SENT = [
    (uplink(GOOD, counter=1), None),
    (uplink(GOOD, counter=2)[:-20], ("quarantined", ["not_json"])),
    (uplink(GOOD, counter=3, device=""), ("quarantined", ["no_device"])),
    (uplink(GOOD, counter=4, sensor="Nobody's probe"), ("accepted", ["unknown_sensor"])),
    (uplink(GOOD | {"colour": "blue"}, counter=5), ("accepted", ["unknown_key:colour"])),
]


@pytest.fixture
def batch():
    values = [value for value, _ in SENT]
    with Batch(steps(), records(values), tenant_id="acme", ingest_time=INGEST_TIME) as opened:
        yield opened


def test_only_what_is_to_be_explained_is_an_exception(batch):
    said = batch._meant.exceptions().sort_by("row_id").to_pylist()
    assert [(each["row_id"], (each["verdict"], each["reasons"])) for each in said] == [
        (row_id, expected) for row_id, (_, expected) in enumerate(SENT) if expected
    ]


@pytest.mark.parametrize(("accepted", "offsets"), [([0, 4], [0, 4]), ([4], [4]), ([], [])])
def test_only_accepted_events_have_rows(batch, accepted, offsets):
    is_accepted = np.isin(np.arange(len(SENT)), accepted)
    constants = {"tenant_id": "acme", "topic": "acme.telemetry", "ingest_time": INGEST_TIME}
    rows: pa.Table = batch._meant.rows(batch._found, is_accepted, constants)
    assert [(row["offset"], row["value"], row["tenant_id"]) for row in rows.to_pylist()] == [
        (offset, 21.5, "acme") for offset in offsets
    ]
