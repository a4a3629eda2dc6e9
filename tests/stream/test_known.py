"""Judged with what is remembered, a batch comes out as judged with the ledger's files."""

from datetime import timedelta

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.kernel.batch import KNOWN_KEYS_SCHEMA, Batch
from pipelines.kernel.steps import steps
from pipelines.lake.tables import Lake
from pipelines.stream import recall as recall_module
from pipelines.stream.batch import Tables
from pipelines.stream.known import KnownByHeart, KnownFromFiles
from pipelines.stream.recall import Recall
from tests.stream.test_batch import take_in
from tests.uplinks import INGEST_TIME, Topic, records, uplink


def message(counter, minute, value):
    time = f"2026-06-01T{12 + minute // 60:02}:{minute % 60:02}:00Z"
    return uplink({"air_temperature": value}, counter=counter, time=time)


def messages(*values):
    """Few counters and times: copies and second lives of a counter are common, and with several values conflicts."""
    minutes = st.sampled_from([0, 30, 50, 65, 100, 130, 170])
    return st.builds(message, st.integers(0, 3), minutes, st.sampled_from(values))


@pytest.mark.parametrize("values", [(1.0,), (1.0, 2.0)], ids=["copies", "conflicts"])
@settings(max_examples=12, deadline=timedelta(seconds=60), suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data(), recent_rows=st.sampled_from([1, 1000]))
def test_both_ways_of_knowing_judge_alike(tmp_path_factory, values, data, recent_rows):
    before = data.draw(st.lists(st.lists(messages(*values), min_size=3, max_size=6), min_size=1, max_size=2))
    chunk = [data.draw(st.lists(messages(*values), min_size=least, max_size=6)) for least in (2, 0)]
    lake, topic = Lake(tmp_path_factory.mktemp("lake")), Topic([[], []])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recall_module, "RECENT_ROWS", recent_rows)
        recall = Recall(lambda: Tables(lake).ledger)
        for batch in before:
            taken = topic.ends
            topic.partitions[0].extend(batch[1:])
            topic.partitions[1].extend(batch[:2])
            take_in(lake, topic)
            rows = lake.read("bronze.events").to_pylist()
            new = [row for row in rows if row["offset"] >= taken[row["partition"]] and row["verdict"] == "accepted"]
            recall.add(pa.Table.from_pylist(new, schema=KNOWN_KEYS_SCHEMA))
        files = Tables(lake).ledger
        assert _judged(KnownByHeart(files, recall), chunk) == _judged(KnownFromFiles(files), chunk)


def _judged(known, chunk):
    rows = pa.concat_tables(records(values, partition=each, start=1000) for each, values in enumerate(chunk))
    with Batch(steps(), rows, tenant_id="acme", ingest_time=INGEST_TIME) as batch:
        judged = known.judge(batch, KNOWN_KEYS_SCHEMA.empty_table())
    return judged.events.to_pylist(), judged.silver.num_rows
