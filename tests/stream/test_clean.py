"""What comes of records, whichever way they are cut into chunks."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.errors import OffsetGap
from pipelines.kernel.steps import steps
from pipelines.stream import clean
from pipelines.stream.clean import Cleaner, Cleaning
from pipelines.stream.known import KnownFromFiles
from tests.uplinks import INGEST_TIME, TOPIC, records, uplink


def cleaning(folder):
    return Cleaning(steps(), "acme", INGEST_TIME, KnownFromFiles(()), folder, folder)


def test_no_records_make_no_files(tmp_path):
    assert cleaning(tmp_path).clean([]) is None
    assert list(tmp_path.iterdir()) == []


def test_copies_are_found_across_chunks(tmp_path, monkeypatch):
    monkeypatch.setattr(clean, "CHUNK_ROWS", 4)
    values = [uplink({"air_temperature": 10.0}, counter=n % 5) for n in range(20)]
    result = cleaning(tmp_path).clean(records(values, start=100).to_batches(max_chunksize=3))
    (done,) = result.ranges
    assert (done.start, done.end, done.verdicts) == (100, 120, {"accepted": 5, "duplicate": 15})
    rows = pq.read_table(tmp_path / result.events_file.name)
    assert rows["offset"].to_pylist() == list(range(100, 120))
    assert done.observation_count == result.observations_file.row_count == 5


def test_partitions_in_one_chunk_are_judged_and_counted_apart(tmp_path):
    values = [uplink({"air_temperature": 10.0}, counter=n) for n in (1, 2, 2)]
    with Cleaner(cleaning(tmp_path), TOPIC, {0: 5, 1: 70, 2: 0}) as cleaner:
        cleaner.add(pa.concat_tables([records(values, start=5), records(values[:2], partition=1, start=70)]))
        cleaner.add(pa.concat_tables([records(values[2:], partition=1, start=72), records([b"{"], partition=2)]))
        ranges = [(done.partition, done.start, done.end, done.verdicts, done.observation_count) for done in
                  cleaner.finish().ranges]  # fmt: skip
    assert ranges == [
        (0, 5, 8, {"accepted": 2, "duplicate": 1}, 2),
        (1, 70, 73, {"accepted": 2, "duplicate": 1}, 2),
        (2, 0, 1, {"quarantined": 1}, 0),
    ]


@pytest.mark.parametrize(
    ("partition", "start", "expected", "got"),
    [(0, 6, 5, 6), (0, 4, 5, 4), (1, 71, 70, 71), (1, 69, 70, 69)],
)
def test_a_hole_in_one_of_a_chunks_partitions_is_named(tmp_path, partition, start, expected, got):
    values = [uplink({"air_temperature": 10.0}, counter=n) for n in range(3)]
    starts = {0: 5, 1: 70}
    rows = [records(values, partition=each, start=first) for each, first in (starts | {partition: start}).items()]
    with pytest.raises(OffsetGap) as raised, Cleaner(cleaning(tmp_path), TOPIC, starts) as cleaner:
        cleaner.add(pa.concat_tables(rows))
    assert f"partition {partition}): expected offset {expected} next, got offset {got}" in str(raised.value)
    assert list(tmp_path.iterdir()) == []


def test_a_range_without_observations_has_no_observations_file(tmp_path):
    result = cleaning(tmp_path).clean(records([b"{", None]).to_batches())
    (done,) = result.ranges
    assert (done.verdicts, done.observation_count, result.observations_file) == ({"quarantined": 2}, 0, None)
    assert [path.name for path in tmp_path.iterdir()] == [result.events_file.name]


def test_the_cleaning_travels_to_workers(tmp_path):
    import pickle

    travelled = pickle.loads(pickle.dumps(cleaning(tmp_path)))
    (done,) = travelled.clean(records([uplink({"air_temperature": 1.0})]).to_batches()).ranges
    assert done.observation_count == 1
    assert travelled.steps == cleaning(tmp_path).steps
