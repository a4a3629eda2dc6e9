"""The README's picture."""

import struct
from pathlib import Path

import pytest

from pipelines.errors import DataRefused
from pipelines.lake.tables import Lake
from pipelines.report.picture import draw


def test_the_picture_has_its_size_and_the_same_bytes_each_time(lake: Lake, tmp_path: Path) -> None:
    first, second = tmp_path / "1.png", tmp_path / "2.png"
    assert draw(lake, first) == draw(lake, second) == "twitchell-alfalfa"
    assert struct.unpack(">II", first.read_bytes()[16:24]) == (1200, 600)
    assert first.stat().st_size < 150_000
    assert first.read_bytes() == second.read_bytes()


def test_nothing_to_draw_is_said(empty_lake: Lake, tmp_path: Path) -> None:
    with pytest.raises(DataRefused, match="nothing to draw yet"):
        draw(empty_lake, tmp_path / "1.png")
