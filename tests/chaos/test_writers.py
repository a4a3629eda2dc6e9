"""A second writer must be refused with the exit code of refused data, and told the process that holds the pipeline."""

from pathlib import Path

import pytest

from pipelines.chaos.site import Done, Process
from pipelines.chaos.writers import _told, scenarios

HOLDER = Process(4711, Path("run"))


OTHER = "recorded by process 4712 on host barn"


@pytest.mark.parametrize(
    ("done", "said"),
    [
        (Done(3, "", "got progress 7, recorded by process 4711 on host barn, which began"), []),
        (Done(3, "", "got progress 7"), ["nobody was named: ended with 3: got progress 7"]),
        (Done(3, "", OTHER), [f"nobody was named: ended with 3: {OTHER}"]),
        (Done(0, "", ""), ["the second writer was not refused, it ended with 0: and said nothing"]),
    ],
)
def test_what_a_second_writer_is_told(done: Done, said: list[str]) -> None:
    assert _told(done, HOLDER) == said


def test_both_engines_are_tried() -> None:
    assert {each.engine for each in scenarios()} == {"embedded", "spark"}
