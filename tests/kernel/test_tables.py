"""The tables that lie before the first step are laid out as the steps that fill them give them."""

import pyarrow as pa
import pytest

from pipelines.kernel.batch import Batch
from pipelines.kernel.steps import steps
from pipelines.kernel.tables import AT_THE_START, GENERAL, READINGS, REASONS
from tests.uplinks import INGEST_TIME, records

WORDS_AND_UNITS = b"""{"deviceInfo": {"devEui": "0101010101010101", "tags": {"sensor_model": "LSE01"}},
    "time": "2026-06-01T12:00:00Z", "fCnt": 1, "devAddr": "00000001", "object": {"temp_SOIL": "20.5 C"}}"""


@pytest.fixture
def database():
    with Batch(steps(), records([WORDS_AND_UNITS]), tenant_id="acme", ingest_time=INGEST_TIME) as batch:
        yield batch._database


@pytest.mark.parametrize(("step", "layout"), [("payloads", READINGS), ("general", GENERAL), ("found_reasons", REASONS)])
def test_a_layout_is_what_its_step_gives(database, step, layout):
    given = database.query(getattr(steps(), step)).schema
    assert {name: given.field(name).type for name in given.names} == {
        name: layout.field(name).type for name in given.names
    }


def test_most_are_empty_in_a_batch_that_has_nothing_for_them():
    with Batch(steps(), records([b"{}"]), tenant_id="acme", ingest_time=INGEST_TIME) as batch:
        found = {name: batch._database.query(f"FROM {name}") for name in AT_THE_START}
    assert found == {name: pa.Table.from_pylist([], schema=schema) for name, schema in AT_THE_START.items()}
