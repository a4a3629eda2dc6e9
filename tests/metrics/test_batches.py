"""The newest batch of each topic, from the log that the batch itself wrote."""

from pathlib import Path

from pipelines.lake.tables import Lake
from pipelines.metrics import catalogue
from pipelines.metrics.batches import batch_samples
from pipelines.stream.batch import Tables, run_batch
from pipelines.stream.plan import Ends
from tests.uplinks import INGEST_TIME, TOPIC, Topic, uplink


def take_in(lake: Lake, topic: Topic) -> None:
    run_batch(
        Tables(lake),
        Ends(TOPIC, dict.fromkeys(topic.ends, 0), topic.ends),
        lambda ranges, cleaning: [
            done
            for each in ranges
            if (done := cleaning.clean(topic.read(each.partition, each.start, each.end).to_batches()))
        ],
        tenant_id="acme",
        ingest_time=INGEST_TIME,
        max_records=100,
    )


def test_a_lake_without_batches_has_no_cost(tmp_path: Path) -> None:
    assert list(batch_samples(Lake(tmp_path))) == []
    Lake(tmp_path).create("bronze.events")
    assert list(batch_samples(Lake(tmp_path))) == []


def test_the_newest_batch_counts_its_records_and_values_and_what_it_cost(tmp_path: Path) -> None:
    lake, topic = Lake(tmp_path), Topic([[], []])
    for first in (0, 5):
        topic.partitions[0].extend(uplink({"air_temperature": 20.0}, counter=first + n) for n in range(3 + first))
        topic.partitions[1].append(b"{")
        take_in(lake, topic)
    lake.open("bronze.events").optimize.compact()
    found = {sample.metric: sample for sample in batch_samples(lake)}
    # The second batch: eight uplinks of which none is a copy, a value each, and one record that is no message.
    assert found[catalogue.BATCH_RECORDS] == catalogue.Sample(catalogue.BATCH_RECORDS, (TOPIC,), 9)
    assert found[catalogue.BATCH_OBSERVATIONS].value == 8
    assert 0 < found[catalogue.BATCH_CPU].value < 60
    assert 0 < found[catalogue.BATCH_WALL].value < 60
