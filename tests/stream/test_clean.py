import pyarrow.parquet as pq

from pipelines.kernel.steps import steps
from pipelines.stream import clean
from pipelines.stream.clean import Cleaning
from pipelines.stream.known import KnownFromFiles
from tests.uplinks import INGEST_TIME, records, uplink


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
