import shutil

import pytest

from pipelines.chaos.truth import Truth, truth
from tests.chaos.lakes import take_in


@pytest.fixture(scope="session")
def sent() -> Truth:
    return truth("north", 1, 120)


@pytest.fixture(scope="session")
def whole(tmp_path_factory, sent):
    """A lake that has taken in everything."""
    root = tmp_path_factory.mktemp("whole")
    take_in(root, sent)
    return root


@pytest.fixture
def lake(whole, tmp_path):
    """A copy of it to spoil."""
    return shutil.copytree(whole, tmp_path / "lake")
