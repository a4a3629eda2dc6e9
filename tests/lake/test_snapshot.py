"""What a table's log says of its sources is looked up once a version, and never out of date."""

import pytest
from deltalake import DeltaTable

from pipelines.contracts.tables import table
from pipelines.lake.commit import Progress, append_once
from pipelines.lake.tables import Lake

NAME = "silver.observations"


@pytest.fixture
def lake(tmp_path):
    return Lake(tmp_path)


@pytest.fixture
def opened(lake):
    return lake.create(NAME)


@pytest.fixture
def asked(monkeypatch):
    """The ids that the log was asked for."""
    names, look_up = [], DeltaTable.transaction_version
    monkeypatch.setattr(
        DeltaTable, "transaction_version", lambda self, name: (names.append(name), look_up(self, name))[1]
    )
    return names


def move(lake, **to):
    """Commit as another writer does, from the log's latest."""
    snapshot = lake.open(NAME)
    progress = [Progress(name, snapshot.transaction_version(name), number) for name, number in to.items()]
    append_once(snapshot, table(NAME), [], progress)


def test_each_is_looked_up_once_until_the_table_moves(lake, opened, asked):
    assert [opened.transaction_version(name) for name in ("a", "b", "a", "a")] == [None] * 4
    assert asked == ["a", "b"]
    move(lake, a=7)
    asked.clear()
    assert opened.transaction_version("a") is None  # as of the version that is open
    assert asked == []
    opened.update_incremental()
    assert [opened.transaction_version(name) for name in ("a", "b", "a")] == [7, None, 7]
    assert asked == ["a", "b"]


def test_what_a_commit_of_ones_own_moved_is_not_looked_up(lake, opened, asked):
    assert [opened.transaction_version(name) for name in ("a", "b")] == [None, None]
    move(lake, a=7)
    opened.update_incremental()
    asked.clear()
    opened.moved_on({"a": 7})
    assert [opened.transaction_version(name) for name in ("a", "b")] == [7, None]
    assert asked == []


def test_beside_anybody_elses_commit_all_is_looked_up(lake, opened):
    assert [opened.transaction_version(name) for name in ("a", "b")] == [None, None]
    move(lake, b=3)
    move(lake, a=7)
    opened.update_incremental()
    opened.moved_on({"a": 7})
    assert [opened.transaction_version(name) for name in ("a", "b")] == [7, 3]


def test_tables_do_not_mix(lake, opened):
    move(lake, a=7)
    assert opened.transaction_version("a") is None
    assert lake.open(NAME).transaction_version("a") == 7
