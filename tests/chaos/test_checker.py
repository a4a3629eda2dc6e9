"""The checker finds nothing in a lake as it must be, and each way of spoiling one by name."""

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from pipelines.chaos.checker import BRONZE, SILVER, fingerprint, observation_breaches, stream_breaches, table_breaches
from tests.chaos.lakes import change, commit, double, lose


def found(lake, sent):
    return " | ".join(stream_breaches(lake, sent.sent, sent.meant, sent.topic))


def test_a_lake_as_it_must_be_has_no_breach(lake, sent):
    assert found(lake, sent) == ""
    assert observation_breaches(lake, sent.meant) == []


def put(column, value):
    def changed(rows: pa.Table) -> pa.Table:
        at = rows.schema.get_field_index(column)
        return rows.set_column(at, column, pa.repeat(pa.scalar(value, rows.schema.field(column).type), rows.num_rows))

    return changed


def plus_one(rows: pa.Table) -> pa.Table:
    return rows.set_column(rows.schema.get_field_index("value"), "value", pc.add(rows["value"], 1.0))


@pytest.mark.parametrize(
    ("table", "spoil", "sentences"),
    [
        (BRONZE, lose, ["offsets not in bronze", "verdicts that do not add up", "observations of no accepted event"]),
        (BRONZE, double, ["offsets more than once in bronze", "events more than once in bronze"]),
        (BRONZE, lambda folder: change(folder, put("raw", b"{}")), ["records whose bytes are not those sent"]),
        (BRONZE, lambda folder: change(folder, put("verdict", "duplicate")), ["records with another verdict"]),
        (BRONZE, lambda folder: change(folder, put("reasons", ["no_time"])), ["records with another reason"]),
        (BRONZE, lambda folder: change(folder, put("topic", "else")), ["rows of bronze that nobody sent"]),
        (SILVER, lose, ["observations that are not in silver as they were meant"]),
        (SILVER, double, ["observations more than once in silver", "observations that nobody meant"]),
        (SILVER, lambda folder: change(folder, plus_one), ["observations that are not in silver as they were meant"]),
        (
            SILVER,
            lambda folder: commit(folder, {"txn": {"appId": "telemetry/north.telemetry/0", "version": 1}}),
            ["silver stands at"],
        ),
        (
            BRONZE,
            lambda folder: (folder / "_delta_log" / f"{1:020}.json").unlink(),
            ["the tables cannot be read: commit 00000000000000000001.json is missing"],
        ),
        (BRONZE, lambda folder: next(folder.glob("part-*")).unlink(), ["is named by the log and is not there"]),
        (SILVER, lambda folder: next(folder.glob("part-*")).write_bytes(b"PAR1"), ["has 4 bytes, the log says"]),
    ],
)
def test_each_way_of_spoiling_a_lake_is_named(lake, sent, table, spoil, sentences):
    spoil(lake / table)
    said = found(lake, sent)
    assert [each for each in sentences if each not in said] == [], said


def test_a_file_that_no_commit_names_is_nothing(lake, sent):
    (lake / BRONZE / "part-orphan.parquet").write_bytes(b"half a fi")
    assert found(lake, sent) == ""


def test_fingerprints_tell_rows_apart_and_heed_no_order(lake, whole):
    count, digest = fingerprint(whole, SILVER)
    assert fingerprint(lake, SILVER) == (count, digest)
    change(lake / SILVER, lambda rows: rows.take(list(range(rows.num_rows))[::-1]))
    assert fingerprint(lake, SILVER) == (count, digest)
    change(lake / SILVER, put("ingest_time", None))
    assert fingerprint(lake, SILVER) != (count, digest)
    assert fingerprint(lake, SILVER, ("ingest_time",)) == fingerprint(whole, SILVER, ("ingest_time",))


def test_a_table_alone_is_held_to_its_log(lake):
    assert table_breaches(lake / BRONZE) == []
    lost = next((lake / BRONZE).glob("part-*"))
    lost.unlink()
    assert table_breaches(lake / BRONZE) == [f"bronze.events: {lost.name} is named by the log and is not there"]
