"""Every seam has a scenario that kills there, and every scenario can be typed and says what it checks."""

import re

from pipelines.chaos.catalogue import scenarios
from pipelines.chaos.scenario import PROMISES
from pipelines.failpoints import Seam


def test_every_seam_has_a_scenario_that_kills_there() -> None:
    killed = {each.name.removeprefix("kill.") for each in scenarios()}
    assert set(Seam) - killed == set()


def test_names_are_unique_and_can_be_typed() -> None:
    names = [each.name for each in scenarios()]
    assert len(set(names)) == len(names)
    assert [name for name in names if not re.fullmatch(r"[a-z]+(\.[a-z-]+)+", name)] == []


def test_every_scenario_names_promises_engine_and_seeds() -> None:
    for each in scenarios():
        assert each.holds
        assert set(each.holds) <= PROMISES.keys()
        assert each.engine in {"embedded", "spark", "none"}
        assert each.seeds >= 1
