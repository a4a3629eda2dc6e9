"""Arguments of the registry's commands, as people write them."""

from argparse import ArgumentTypeError

import pytest

from pipelines.cli import main
from pipelines.cli.registry_commands import depths, position


def test_depths_and_position_are_read():
    assert depths("1=10; 2=45") == [{"channel": 1, "depth_cm": 10.0}, {"channel": 2, "depth_cm": 45.0}]
    assert position("-121.6467,38.1159") == (-121.6467, 38.1159)


@pytest.mark.parametrize(("read", "text"), [(depths, "deep"), (position, "1"), (position, "1,2,3"), (position, "a,b")])
def test_others_are_refused(read, text):
    with pytest.raises(ArgumentTypeError):
        read(text)


@pytest.mark.parametrize(
    ("time", "told"),
    [("2026-06-01T12:00:00", "is neither a time like"), ("June", "is neither a time like")],
)
def test_a_time_needs_its_offset(capsys, time, told):
    assert main(["reference", "retire", "a", "--at", time], {}) == 2
    assert told in capsys.readouterr().err


def test_the_registry_is_loaded_moved_and_listed(capsys, tmp_path):
    environ = {"FIELDSTREAM_HOME": str(tmp_path)}
    files = ["--devices", "samples/us-tw3/devices.csv", "--fields", "samples/us-tw3/fields.geojson"]
    assert main(["reference", "load", *files], environ) == 0
    line = ["0211fffe75300011", "--field", "twitchell-alfalfa", "--from", "2018-06-01", "--depths", "1=10"]
    assert main(["reference", "move", *line], environ) == 0
    capsys.readouterr()
    assert main(["reference", "ls", "--at", "2018-06-01"], environ) == 0
    assert "2018-06-01T00:00:00Z" in capsys.readouterr().out
