"""A site: homes of their own, commands by fork or not, from the sources that this process runs from."""

import os
import signal
from pathlib import Path

import pytest

from pipelines.chaos.site import SOURCES, Site, steps_of, stopped
from pipelines.simulate.tower import SAMPLE

LOAD = ("reference", "load", "--fields", str(SAMPLE / "fields.geojson"))


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with Site(tmp_path_factory.mktemp("site"), "127.0.0.1:9") as opened:
        yield opened


def test_a_forked_command_and_one_of_its_own_say_the_same(site):
    said = []
    for fork in (True, False):
        done = site.run(site.home("load"), "north", (*LOAD, "--json"), fork=fork)
        assert done.code == 0
        said.append(done.report)
    assert said[0] == said[1]
    assert said[0]["written"] == ["reference.fields"]


def test_a_frozen_command_is_seen_to_stand_still_and_goes_on(site):
    process = site.begin(site.home("frozen"), "north", LOAD, fail_at="reference.written:hang")
    assert stopped(process)
    os.kill(process.pid, signal.SIGCONT)
    assert site.end(process).code == 0
    assert not stopped(site.begin(site.home("ends"), "north", ("maintain",)))


def test_a_killed_command_is_told_from_one_that_failed(site):
    home = site.home("killed")
    assert site.run(home, "north", LOAD, fail_at="reference.written").killed
    failed = site.run(home, "north", ("maintain", "--bad"))
    assert (failed.code, failed.killed) == (2, False)


def test_a_home_is_new_or_a_copy_and_a_kept_one_is_made_once(site):
    made = []

    def make(home: Path) -> None:
        made.append(home)
        (home / "file").write_text("kept")

    first, again = site.kept("base", 1, make), site.kept("base", 1, make)
    assert (first, len(made)) == (again, 1)
    copy = site.home("copy", like=first)
    assert (copy / "file").read_text() == "kept"
    assert copy != first


def test_commands_run_from_the_sources_of_this_process(site):
    environ = site.environ(Path("home"), "north", "stream.planned", Path("/yesterday"))
    assert environ["PYTHONPATH"].startswith("/yesterday")
    assert site.environ(Path("home"), "north")["PYTHONPATH"].startswith(str(SOURCES))
    assert "FIELDSTREAM_FAIL_AT" not in site.environ(Path("home"), "north")
    assert (environ["FIELDSTREAM_FAIL_AT"], environ["FIELDSTREAM_TENANT"]) == ("stream.planned", "north")


def test_the_steps_add_up_to_what_was_meant(sent):
    steps = steps_of(sent).to_pylist()
    assert len(steps) == 120
    assert sum(row["observations"] for row in steps) == sent.meant.num_rows
    total = sum(value or 0 for value in sent.meant["value"].to_pylist())
    assert sum(row["total"] for row in steps) == pytest.approx(total)
