"""Who moved a progress marker is told from the log alone."""

import os
import socket
from datetime import UTC, datetime

import pytest

from pipelines.contracts.tables import table
from pipelines.errors import WriterConflict
from pipelines.lake.commit import Progress, append_once
from pipelines.lake.tables import Lake
from pipelines.lake.writer import last_writer

NAME = "silver.observations"


@pytest.fixture
def lake(tmp_path):
    made = Lake(tmp_path)
    made.create(NAME)
    return made


def commit(lake, app_id, start, end):
    append_once(lake.open(NAME), table(NAME), [], [Progress(app_id, start, end)])


def test_the_one_who_moved_this_very_marker_is_named(lake, monkeypatch):
    commit(lake, "p", None, 7)
    monkeypatch.setattr("socket.gethostname", lambda: "elsewhere")
    commit(lake, "q", None, 3)
    monkeypatch.undo()
    mine, other = last_writer(lake.open(NAME), "p"), last_writer(lake.open(NAME), "q")
    assert mine.startswith(f"process {os.getpid()} on host {socket.gethostname()}, which began at ")
    assert other.startswith(f"process {os.getpid()} on host elsewhere, which began at ")
    began = datetime.fromisoformat(mine.rpartition(" ")[2])
    assert began < datetime.now(UTC)


def test_what_nobody_signed_names_nobody(lake):
    assert last_writer(lake.open(NAME), "p") is None
    lake.append(NAME, [])
    assert last_writer(lake.open(NAME), "p") is None


def test_who_is_refused_is_told_who_holds_it(lake):
    stale = lake.open(NAME)
    commit(lake, "p", None, 7)
    told = rf"got progress 7, recorded by process {os.getpid()} on host .*, which began at 20\d\d-.*Z\. This run"
    with pytest.raises(WriterConflict, match=told):
        append_once(stale, table(NAME), [], [Progress("p", None, 9)])
    with pytest.raises(WriterConflict, match=told):
        append_once(lake.open(NAME), table(NAME), [], [Progress("p", None, 9)])
