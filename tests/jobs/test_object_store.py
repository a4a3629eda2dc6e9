"""The lake in a bucket of a real S3 store: the same tables, one writer, and nothing lost when the store goes away."""

import json
import os
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from kafka import KafkaAdminClient, TopicPartition

from pipelines import failpoints, places
from pipelines.cli import main
from pipelines.contracts.tables import table
from pipelines.errors import GateHeld, WriterConflict
from pipelines.failpoints import Seam
from pipelines.jobs.build_gold import build_gold
from pipelines.jobs.doctor_lake import doctor_lake
from pipelines.jobs.flag import flag
from pipelines.jobs.gate import gate
from pipelines.jobs.ingest import ingest
from pipelines.jobs.maintain import maintain
from pipelines.jobs.score import score
from pipelines.jobs.sql import sql
from pipelines.jobs.train import train
from pipelines.lake import maintenance
from pipelines.lake.commit import Progress, append_once
from pipelines.lake.tables import Lake
from pipelines.places import place
from pipelines.simulate.tower import SAMPLE
from pipelines.stream import broker as kafka
from pipelines.stream import clean
from tests.field_days import field_days, put_gold
from tests.lakes import FIELD, MIDNIGHT, PROBE, half_hours, observation
from tests.relay import Relay
from tests.store import BUCKET
from tests.stream.test_batch import readings, take_in
from tests.uplinks import Topic, uplink
from tests.yesterday import YesterdaysBatch, odd

RECORDS, PARTITIONS = 120, 2
STREAM = ("stream", "--once", "--engine", "embedded", "--max-records", "50")
EVENTS, OBSERVATIONS, SCORES = "bronze.events", "silver.observations", "scores.irrigation"

pytestmark = pytest.mark.broker


@pytest.fixture(scope="module")
def tenant(broker):
    """One whose topic holds good records, copies of them, and what is no message at all."""
    name = "bucket"
    kafka.ensure_topic(broker.address, f"{name}.telemetry", PARTITIONS)
    good = [
        (uplink({"air_temperature": counter / 10}, counter=counter), counter % PARTITIONS) for counter in range(100)
    ]
    with kafka.producer(broker.address) as producer:
        for value, partition in [*good, *good[:16], (b"{", 0), (b"", 1), (b"[]", 0), (b"null", 1)]:
            producer.send(f"{name}.telemetry", value, partition=partition)
    return name


@pytest.fixture
def settings(home_settings, broker, tenant, store, request):  # noqa: ARG001 - in whose bucket it is
    lakes = place(f"s3://{BUCKET}/{request.node.name.partition('[')[0]}")
    return replace(home_settings, kafka=broker.address, tenant=tenant, lakes=lakes)


def environment(settings):
    told = {"HOME": settings.home, "LAKE": settings.lakes, "TENANT": settings.tenant, "KAFKA": settings.kafka}
    return {f"FIELDSTREAM_{name}": str(value) for name, value in told.items()}


def tables(settings):
    """Every row of both tables, but for the moment of its intake and which of two copies was found where."""
    lake = Lake(settings.lake)
    return {
        name: sorted(
            str(row | {"ingest_time": None, "reasons": row.get("verdict") == "duplicate" or row["reasons"]})
            for row in lake.read(name).to_pylist()
        )
        for name in (EVENTS, OBSERVATIONS)
    }


def complete(settings):
    """Every offset is in bronze once, every good reading in silver once."""
    lake = Lake(settings.lake)
    read = lake.read(EVENTS, columns=["partition", "offset"]).to_pydict().values()
    each = range(RECORDS // PARTITIONS)
    assert Counter(zip(*read, strict=True)) == {(side, offset): 1 for side in range(PARTITIONS) for offset in each}
    assert Counter(lake.read(OBSERVATIONS, columns=["sequence"])["sequence"].to_pylist()) == dict.fromkeys(
        range(100), 1
    )


@pytest.fixture
def workers(store, spark, monkeypatch):
    """Spark's workers, who know the store: the session may have begun before there was one."""
    for name, value in store.environment().items():
        monkeypatch.setitem(spark.sparkContext.environment, name, value)


@pytest.mark.spark
@pytest.mark.usefixtures("workers")
def test_both_engines_write_to_a_bucket_what_they_write_to_a_disk(settings):
    on_disk = replace(settings, lakes=None)
    with_spark = replace(settings, lakes=settings.lakes / "spark")
    reports = [
        ingest(on_disk, engine="embedded", max_records=50),
        ingest(settings, engine="embedded", max_records=50),
        ingest(with_spark, engine="spark", max_records=50),
    ]
    assert [(each.accepted, each.duplicate, each.quarantined) for each in reports] == [(100, 16, 4)] * 3
    assert tables(settings) == tables(with_spark) == tables(on_disk)
    again = ingest(with_spark, engine="embedded")
    assert (again.records, again.bronze_version) == (0, reports[2].bronze_version)
    asked = "select verdict, count(*) from bronze.events group by 1 order by 1"
    assert sql(settings, asked).rows == [("accepted", 100), ("duplicate", 16), ("quarantined", 4)]


def test_of_two_streams_the_log_refuses_the_second(settings, monkeypatch):
    def be_overtaken(seam):
        if seam == Seam.WRITTEN:
            monkeypatch.undo()
            ingest(settings, engine="embedded")

    with monkeypatch.context() as seams:
        seams.setattr(failpoints, "reach", be_overtaken)
        monkeypatch.undo = seams.undo
        with pytest.raises(WriterConflict, match=r"bronze\.events.*recorded by process"):
            ingest(settings, engine="embedded", max_records=50)
    complete(settings)


def kill(settings, command, fail_at):
    """Run a command that is killed at a seam."""
    environ = {**os.environ, **environment(settings), "PYTHONPATH": os.pathsep.join(sys.path)}
    killed = subprocess.run(
        [sys.executable, "-c", "from pipelines.cli import entry; entry()", *command],
        env=environ | {failpoints.VARIABLE: fail_at}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert killed.returncode == -9, killed.stderr


def test_a_stream_that_is_killed_goes_on_where_the_log_says(settings):
    kill(settings, STREAM, f"{Seam.WRITTEN}:2")
    assert Lake(settings.lake).read(EVENTS).num_rows == 50
    ingest(settings, engine="embedded")
    complete(settings)


@pytest.fixture
def relay(store, monkeypatch):
    """A line to the store that can be cut."""
    with Relay(store.port) as between:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{between.port}")
        yield between


def test_a_store_that_goes_away_before_a_commit_is_named_and_nothing_is_lost(settings, relay, monkeypatch, capsys):
    monkeypatch.setitem(places._DELTA_OPTIONS, "max_retries", "2")
    with monkeypatch.context() as seams:
        seams.setattr(failpoints, "reach", lambda reached: relay.cut() if reached == Seam.BRONZE_COMMITTED else None)
        code = main(STREAM, environment(settings))
    assert (code, told(capsys)) == (4, "The lake's store does not answer")
    relay.mend()
    assert main(STREAM, environment(settings)) == 0
    complete(settings)


def test_a_commit_whose_answer_is_lost_is_known_for_what_it_is(settings, relay):
    """The client puts it again, and the store says that somebody was first: it was the same process."""
    ingest(settings, engine="embedded", max_records=50)
    lake = Lake(settings.lake)
    events = lake.open(EVENTS)
    relay.lose_answer_to("PUT", f"{events.version() + 1:020}.json")
    append_once(events, table(EVENTS), [], [Progress("an id", None, 1)])
    assert (relay.lost(), lake.open(EVENTS).transaction_version("an id")) == (1, 1)


def test_the_steps_after_the_stream_find_what_they_need_in_a_bucket(settings, monkeypatch):
    """Three days of soil moisture at 0.3, judged, built, and joined to one file."""
    monkeypatch.setattr(maintenance, "FEWEST", 3)
    lake, received = Lake(settings.lake), MIDNIGHT + timedelta(days=30)
    lake.append("reference.fields", [FIELD])
    lake.append("reference.devices", [PROBE])
    for day in range(1, 4):
        lake.append(OBSERVATIONS, [row | {"ingest_time": received} for row in half_hours(day, range(48), 0.30)])
    assert flag(settings).row_count == 144
    assert gate(settings).gate_verdict == "admitted"
    flag(settings)
    build_gold(settings)
    days = lake.read("gold.field_daily", columns=["soil_moisture_0_30cm_m3_m3"])
    assert days.to_pydict()["soil_moisture_0_30cm_m3_m3"] == [pytest.approx(0.30)] * 3
    upkeep = {each.table_name: each for each in maintain(settings, keep_days=0, apply=True).tables}
    assert (upkeep[OBSERVATIONS].joined_files, len(lake.open(OBSERVATIONS).file_uris())) == (3, 1)
    again = {each.table_name: each for each in maintain(settings, keep_days=0, apply=True).tables}
    assert again[OBSERVATIONS].joined_files == 0
    assert not build_gold(settings).built
    assert doctor_lake(settings, deep=True).damage == ()
    (file,) = map(place, lake.open(OBSERVATIONS).file_uris())
    file.unlink()
    (found,) = doctor_lake(settings, [OBSERVATIONS]).damage
    assert (found.file, found.got) == (file.name, "no such file")


def says(settings, capsys, *command):
    """What a command says, as JSON."""
    assert main([*command, "--json"], environment(settings)) == 0, capsys.readouterr().err
    return json.loads(capsys.readouterr().out)


def test_what_was_not_understood_is_judged_anew_in_a_bucket(settings, monkeypatch, capsys):
    with monkeypatch.context() as yesterday:
        yesterday.setattr(clean, "Batch", YesterdaysBatch)
        take_in(Lake(settings.lake), Topic([[odd(1), odd(2, 21.0), *readings(3)]]))
    done = says(settings, capsys, "quarantine", "redrive", "--reason", "no_time", "--apply")
    assert (done["judged"], done["accepted"], done["redrive_number"]) == (2, 2, 1)
    values = Lake(settings.lake).read(OBSERVATIONS, columns=["sequence", "value"]).to_pylist()
    assert {(row["sequence"], row["value"]) for row in values} > {(1, 20.0), (2, 21.0)}
    again = says(settings, capsys, "quarantine", "redrive", "--reason", "no_time", "--apply")
    assert (again["judged"], again["redrive_number"]) == (0, None)


def test_a_held_slice_is_let_through_in_a_bucket(settings, capsys):
    lake = Lake(settings.lake)
    lake.append(OBSERVATIONS, [observation(20), {**observation(21), "value": 0.9}])
    assert main(["gate", "run", OBSERVATIONS], environment(settings)) == GateHeld.exit_code
    assert main(["gate", "check"], environment(settings)) == GateHeld.exit_code
    capsys.readouterr()
    says(settings, capsys, "gate", "release", OBSERVATIONS, "1", "--reason", "the probe stood in water")
    assert says(settings, capsys, "gate", "status")["held"] == []
    assert main(["gate", "check"], environment(settings)) == 0
    (release,) = lake.read("ops.gate_releases").to_pylist()
    assert (release["to_version"], release["release_reason"]) == (1, "the probe stood in water")


def test_the_registry_is_changed_in_a_bucket(settings, capsys):
    files = ("--devices", str(SAMPLE / "devices.csv"), "--fields", str(SAMPLE / "fields.geojson"))
    says(settings, capsys, "reference", "load", *files)
    probe, field = "0211fffe75300011", "twitchell-alfalfa"
    says(settings, capsys, "reference", "move", probe, "--field", field, "--from", "2018-06-01", "--depths", "1=15")
    says(settings, capsys, "reference", "retire", probe, "--at", "2019-01-01")
    periods = [row for row in Lake(settings.lake).read("reference.devices").to_pylist() if row["device_id"] == probe]
    assert sorted((row["valid_from"].year, row["valid_to"].year) for row in periods) == [(2017, 2018), (2018, 2019)]


def test_a_loss_is_accepted_and_measured_in_a_bucket(settings, capsys):
    """The first ten records of a partition are gone before the stream begins to read it anew."""
    told = replace(settings, tenant="gone")
    kafka.ensure_topic(told.kafka, told.telemetry_topic, 1)
    send(told, range(5))
    ingest(told, engine="embedded")
    send(told, range(5, 20))
    admin = KafkaAdminClient(bootstrap_servers=told.kafka)
    admin.delete_records({TopicPartition(told.telemetry_topic, 0): 15})
    admin.close()
    offsets = ("--topic", told.telemetry_topic, "--partition", "0", "--from", "5", "--to", "15")
    accepted = says(told, capsys, "accept-loss", *offsets, "--reason", "the line was down")
    assert (accepted["changed"], accepted["loss"]["lost_records"]) == (True, 10)
    assert ingest(told, engine="embedded").accepted == 5
    assert main(["metrics"], environment(told)) == 0
    measured = capsys.readouterr().out
    assert 'fieldstream_table_rows{tenant="gone",table="bronze.events"} 10\n' in measured
    assert 'fieldstream_lag_records{tenant="gone",topic="gone.telemetry",partition="0"} 0\n' in measured


def send(settings, counters):
    with kafka.producer(settings.kafka) as producer:
        for counter in counters:
            producer.send(settings.telemetry_topic, uplink({"air_temperature": 20.0}, counter=counter), partition=0)


def forecasts(lake):
    return sorted(map(str, lake.read(SCORES).to_pylist()))


@pytest.mark.spark
@pytest.mark.usefixtures("workers")
def test_scores_in_a_bucket_are_those_on_a_disk_and_are_there_once(settings):
    """The first scoring is killed between its files and their commit."""
    lakes = {each: Lake(each.lake) for each in (replace(settings, lakes=None), settings)}
    for told, lake in lakes.items():
        put_gold(lake, field_days(100), field_days(60, "south", seed=4))
        train(told)
    on_disk, in_bucket = lakes.values()
    kill(settings, ("score",), f"{Seam.SCORES_WRITTEN}:1")
    assert list(in_bucket.path(SCORES).glob("*.parquet"))
    assert in_bucket.read(SCORES).num_rows == 0

    reports = [score(told) for told in lakes]
    assert [(each.rows, each.reused) for each in reports] == [((100 + 60) * 2 * 3, False)] * 2
    assert reports[0].model_digest == reports[1].model_digest
    assert forecasts(in_bucket) == forecasts(on_disk)
    at = in_bucket.version(SCORES)
    again = score(settings)
    assert (again.rows, again.reused, in_bucket.version(SCORES)) == (0, True, at)
    for lake in lakes.values():
        put_gold(lake, field_days(5, "east", seed=5))
    assert [score(told).rows for told in lakes] == [5 * 2 * 3] * 2
    assert forecasts(in_bucket) == forecasts(on_disk)
    assert doctor_lake(settings, [SCORES], deep=True).damage == ()


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"AWS_SECRET_ACCESS_KEY": "another"}, "The lake's store does not let us in"),
        ({"FIELDSTREAM_LAKE": "s3://no-such-bucket/x"}, "The lake's store does not let us in"),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, "The lake's store does not answer"),
    ],
)
def test_a_store_that_cannot_be_used_is_one_sentence(settings, monkeypatch, capsys, wrong, says):
    for name, value in wrong.items():
        monkeypatch.setenv(name, value)
    code = main(STREAM, environment(settings) | wrong)
    assert (code, told(capsys)) == (4, says)


def told(capsys):
    """What the one line on stderr says first."""
    err = capsys.readouterr().err
    (line,) = [line for line in err.splitlines() if line.startswith("fieldstream: ")]
    assert "Traceback" not in err
    return line.removeprefix("fieldstream: ").partition(" (")[0]
