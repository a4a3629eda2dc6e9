"""A lake of its own for each test, and a stream that may judge as yesterday."""

from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.lake.tables import Lake
from pipelines.stream import clean
from tests.stream.test_batch import take_in
from tests.uplinks import Topic
from tests.yesterday import YesterdaysBatch


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path)


@pytest.fixture
def take_in_yesterday(monkeypatch: pytest.MonkeyPatch) -> Callable[[Lake, Topic], None]:
    def taken_in(lake: Lake, topic: Topic) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(clean, "Batch", YesterdaysBatch)
            take_in(lake, topic)

    return taken_in
