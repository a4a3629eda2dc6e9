import os
import subprocess
import sys
from datetime import UTC, date, datetime

import pytest

from pipelines.jvm.java import java_home
from pipelines.jvm.spark import session
from pipelines.lake.tables import Lake

pytestmark = pytest.mark.spark


def test_there_is_one_session(spark, home_settings):
    assert session(home_settings) is spark


def test_times_are_utc(spark):
    (row,) = spark.sql("select cast(timestamp'2026-06-01 12:00:00' as long) as seconds").collect()
    assert row.seconds == datetime(2026, 6, 1, 12, tzinfo=UTC).timestamp()


def test_a_table_made_by_delta_rs_is_read_and_appended_to(spark, tmp_path):
    lake = Lake(tmp_path)
    lake.create("gold.field_daily")
    path = str(lake.path("gold.field_daily"))
    table = spark.read.format("delta").load(path)
    assert table.count() == 0
    given = {"string": "'f1'", "date": "date'2026-06-01'", "timestamp": "timestamp'2026-06-01 12:00:00'"}
    row = spark.range(1).selectExpr(
        *(
            f"cast({given.get(kind, 'null' if kind.startswith(('array', 'map')) else 1)} as {kind}) as {name}"
            for name, kind in table.dtypes
        )
    )
    row.write.format("delta").mode("append").save(path)
    assert lake.version("gold.field_daily") == 1
    assert lake.read("gold.field_daily", columns=["field_id", "date"]).to_pylist() == [
        {"field_id": "f1", "date": date(2026, 6, 1)}
    ]


@pytest.mark.broker
def test_a_topic_is_read_as_a_batch(spark, broker):
    from kafka import KafkaProducer
    from kafka.admin import KafkaAdminClient, NewTopic

    admin = KafkaAdminClient(bootstrap_servers=broker.address)
    admin.create_topics([NewTopic("spark-batch", 1, 1)])
    admin.close()
    producer = KafkaProducer(bootstrap_servers=broker.address)
    for value in (b"a", b"b", b"\xff"):
        producer.send("spark-batch", value, key=b"k", partition=0)
    producer.flush()
    producer.close()
    read = spark.read.format("kafka").option("kafka.bootstrap.servers", broker.address)
    rows = read.option("subscribe", "spark-batch").load().orderBy("offset").collect()
    assert [(row.offset, bytes(row.value)) for row in rows] == [(0, b"a"), (1, b"b"), (2, b"\xff")]


# In a process of its own: this one's Spark stands.
STARTS = """
import sys
from pipelines.errors import SparkNotStarted
from pipelines.jvm.spark import context
from pipelines.settings import from_environment
try:
    context(from_environment())
except SparkNotStarted as error:
    sys.exit(str(error))
"""


@pytest.mark.parametrize(
    ("master", "says"),
    [
        ("nonsense", "got [JAVA_GATEWAY_EXITED] Java gateway process exited before sending its port number. Nothing"),
        ("local[two]", "Could not parse Master URL: 'local[two]'"),
    ],
)
def test_a_spark_that_does_not_start_is_one_sentence(home_settings, master, says):
    told = {"FIELDSTREAM_HOME": str(home_settings.home), "FIELDSTREAM_SPARK_MASTER": master}
    environ = {**os.environ, **told, "PYTHONPATH": os.pathsep.join(sys.path)}
    started = subprocess.run([sys.executable, "-c", STARTS], env=environ, capture_output=True, text=True, check=False)
    sentence = started.stderr.strip().splitlines()[-1]
    assert sentence.startswith(f"Spark did not start (Java at {java_home(home_settings)}): expected a session, ")
    assert says in sentence
