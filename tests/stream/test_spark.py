import os
import signal

import pytest

from pipelines.contracts.tables import table
from pipelines.errors import OffsetGap, WorkerLost
from pipelines.kernel.steps import steps
from pipelines.stream import broker as kafka
from pipelines.stream.clean import Cleaning
from pipelines.stream.known import KnownFromFiles
from pipelines.stream.plan import OffsetRange
from pipelines.stream.spark import clean_with_spark
from tests.uplinks import INGEST_TIME, uplink

pytestmark = [pytest.mark.spark, pytest.mark.broker]


@pytest.fixture
def topic(broker, home_settings):
    """Ten events in each of two partitions, with a counter that is their offset."""
    name = home_settings.telemetry_topic
    kafka.ensure_topic(broker.address, name, 2)
    with kafka.producer(broker.address) as producer:
        for partition in (0, 1):
            for counter in range(10):
                value = uplink({"air_temperature": 20.0}, device=f"{partition:016x}", counter=counter)
                producer.send(name, value, partition=partition)
    return name


def cleaning(folder):
    return Cleaning(steps(), "acme", INGEST_TIME, KnownFromFiles(()), folder, folder)


def test_exactly_the_offsets_asked_for_are_cleaned_by_a_task_a_partition(spark, broker, topic, tmp_path):
    ranges = [OffsetRange(topic, 0, 3, 7, 3), OffsetRange(topic, 1, 0, 10, None)]
    cleaned = clean_with_spark(spark.sparkContext, broker.address, ranges, cleaning(tmp_path))
    found = sorted(
        (each.partition, each.start, each.end, each.verdicts) for worker in cleaned for each in worker.ranges
    )
    assert found == [(0, 3, 7, {"accepted": 4}), (1, 0, 10, {"accepted": 10})]
    files = [str(tmp_path / each.events_file.name) for each in cleaned]
    rows = spark.read.schema(table("bronze.events").spark_ddl).parquet(*files)
    assert sorted((row["partition"], row["offset"]) for row in rows.select("partition", "offset").collect()) == [
        *((0, offset) for offset in range(3, 7)),
        *((1, offset) for offset in range(10)),
    ]


@pytest.fixture
def folder(tmp_path):
    """One that nothing else of a test is in."""
    made = tmp_path / "table"
    made.mkdir()
    return made


def test_offsets_that_kafka_does_not_hold_are_refused_by_name(spark, broker, topic, folder):
    with pytest.raises(OffsetGap, match=r"partition 0\): expected offset 10 next, got offset 15"):
        clean_with_spark(spark.sparkContext, broker.address, [OffsetRange(topic, 0, 5, 15, 5)], cleaning(folder))
    assert list(folder.iterdir()) == []


def test_a_worker_that_is_killed_is_one_sentence(spark, broker, topic, folder):
    class Killed:
        """Ends the worker that asks it what is known, as the system does when memory runs out.

        Within the test, so that it travels whole: a worker may not find the tests.
        """

        def judge(self, *_):
            os.kill(os.getpid(), signal.SIGKILL)

    killing = Cleaning(steps(), "acme", INGEST_TIME, Killed(), folder, folder)
    with pytest.raises(WorkerLost, match=rf"topic {topic}\): expected a result .* Nothing was committed\.") as caught:
        clean_with_spark(spark.sparkContext, broker.address, [OffsetRange(topic, 0, 0, 5, None)], killing)
    assert caught.value.exit_code == 4
    assert list(folder.iterdir()) == []
