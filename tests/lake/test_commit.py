import pytest
from deltalake import DeltaTable

from pipelines.contracts.tables import table
from pipelines.errors import StorageFull, WriterConflict
from pipelines.lake import commit as commit_module
from pipelines.lake.commit import Progress, append_once, replace_once
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


def replace(lake, condition, *changes, opened=None, progress=(("replay", None, 1),)):
    moved = [Progress(*each) for each in progress]
    data = rows(*changes) if changes else rows({}).slice(0, 0)
    replace_once(opened or lake.open(NAME), table(NAME), data, condition, progress=moved, information={"replay": "why"})


@pytest.fixture
def filled(lake):
    """Offsets 1 and 2 in one file, 3 in another."""
    append_once(lake.open(NAME), table(NAME), [a_file(lake, *({"offset": n, "value": n / 10} for n in (1, 2)))],
                [Progress("p", None, 3)])  # fmt: skip
    append_once(lake.open(NAME), table(NAME), [a_file(lake, {"offset": 3, "value": 0.3})], [Progress("p", 3, 4)])
    return lake


def test_rows_are_replaced_with_progress_and_a_note_in_one_commit(filled):
    kept = set(filled.open(NAME).file_uris())
    replace(filled, '"offset" = 2', {"offset": 2, "value": 0.9})
    opened = filled.open(NAME)
    assert (values(filled), opened.version(), opened.transaction_version("replay")) == ([0.1, 0.3, 0.9], 3, 1)
    assert opened.history(1)[0]["replay"] == "why"
    assert len(kept & set(opened.file_uris())) == 1  # offset 3 was nowhere near


def test_rows_may_go_and_none_come(filled):
    replace(filled, '"offset" in (1, 3)')
    assert values(filled) == [0.2]


def test_rows_that_came_meanwhile_where_others_are_replaced_refuse_it(filled):
    opened = filled.open(NAME)
    append_once(filled.open(NAME), table(NAME), [a_file(filled, {"offset": 2, "value": 0.5})], [Progress("q", None, 1)])
    with pytest.raises(WriterConflict):
        replace(filled, '"offset" between 1 and 2', opened=opened)
    append_once(filled.open(NAME), table(NAME), [a_file(filled, {"offset": 9, "value": 0.6})], [Progress("q", 1, 2)])
    replace(filled, '"offset" between 1 and 2')
    assert values(filled) == [0.3, 0.6]


def test_of_two_replays_from_the_same_state_one_is_refused(filled):
    first, second = filled.open(NAME), filled.open(NAME)
    replace(filled, '"offset" = 1', opened=first)
    with pytest.raises(WriterConflict, match="transaction id replay"):
        replace(filled, '"offset" = 3', opened=second)
    with pytest.raises(WriterConflict, match="got progress 1"):
        replace(filled, '"offset" = 3')
    assert values(filled) == [0.2, 0.3]


def test_an_append_goes_through_where_other_rows_were_replaced_meanwhile(filled):
    planned = filled.open(NAME)
    replace(filled, '"offset" = 1')
    append_once(planned, table(NAME), [a_file(filled, {"offset": 4, "value": 0.4})], [Progress("p", 4, 5)])
    assert values(filled) == [0.2, 0.3, 0.4]
    # But no second writer gets through behind it.
    with pytest.raises(WriterConflict, match="got progress 5"):
        append_once(planned, table(NAME), [a_file(filled, {"offset": 4, "value": 0.4})], [Progress("p", 4, 5)])
    assert values(filled) == [0.2, 0.3, 0.4]
