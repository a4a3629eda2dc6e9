import pytest
from deltalake import DeltaTable

from pipelines.contracts.tables import table
from pipelines.errors import StorageFull, WriterConflict
from pipelines.lake import commit as commit_module
from pipelines.lake.commit import Progress, append_once
from pipelines.lake.files import FileWriter
from pipelines.lake.tables import Lake
from tests.lake.test_files import rows

NAME = "silver.observations"


@pytest.fixture
def lake(tmp_path):
    made = Lake(tmp_path)
    made.create(NAME)
    return made


def a_file(lake, *changes):
    with FileWriter(lake.path(NAME)) as writer:
        writer.write(rows(*(changes or ({},))))
        return writer.finish()


def values(lake):
    return sorted(lake.read(NAME)["value"].to_pylist())


def test_rows_and_progress_arrive_together(lake):
    append_once(lake.open(NAME), table(NAME), [a_file(lake, {"value": 0.3})], [Progress("p", None, 7)])
    assert values(lake) == [0.3]
    assert lake.open(NAME).transaction_version("p") == 7


def test_progress_alone_is_a_commit_too(lake):
    append_once(lake.open(NAME), table(NAME), [], [Progress("p", None, 7)])
    assert (values(lake), lake.open(NAME).transaction_version("p")) == ([], 7)


def test_uncommitted_files_are_invisible(lake):
    a_file(lake)
    assert values(lake) == []


@pytest.mark.parametrize("start", [None, 3, 9])
def test_progress_that_is_not_where_the_plan_saw_it_is_refused(lake, start):
    append_once(lake.open(NAME), table(NAME), [], [Progress("p", None, 7)])
    with pytest.raises(WriterConflict, match=r"transaction id p.*got progress 7"):
        append_once(lake.open(NAME), table(NAME), [a_file(lake)], [Progress("p", start, 9)])
    assert values(lake) == []


def test_a_writer_with_the_same_id_that_was_faster_wins(lake):
    mine, theirs = lake.open(NAME), lake.open(NAME)
    append_once(theirs, table(NAME), [a_file(lake, {"value": 0.1})], [Progress("p", None, 7)])
    with pytest.raises(WriterConflict, match="got progress 7"):
        append_once(mine, table(NAME), [a_file(lake, {"value": 0.2})], [Progress("p", None, 7)])
    assert values(lake) == [0.1]


def test_writers_with_other_ids_do_not_disturb_each_other(lake):
    mine, theirs = lake.open(NAME), lake.open(NAME)
    append_once(theirs, table(NAME), [a_file(lake, {"value": 0.1})], [Progress("theirs", None, 7)])
    append_once(mine, table(NAME), [a_file(lake, {"value": 0.2})], [Progress("mine", None, 3)])
    assert values(lake) == [0.1, 0.2]


def test_a_full_disk_is_told_as_such(lake):
    class Full(DeltaTable):
        def create_write_transaction(self, *_args, **_kwargs):
            raise OSError(28, "No space left on device")

    full = Full(str(lake.path(NAME)))
    with pytest.raises(StorageFull, match="The disk is full"):
        commit_module.append_once(full, table(NAME), [a_file(lake)], [Progress("p", None, 1)])
    assert values(lake) == []
