"""What the scenarios of disks take for a refusal, and what they spoil; all of it runs in `make faults`."""

import pytest

from pipelines.chaos import disks
from pipelines.chaos.site import Done


@pytest.mark.parametrize(
    ("done", "is_refused"),
    [
        (Done(3, "", "fieldstream: The lake is damaged (...). ...\n"), True),
        (Done(3, "", "took in 5 records\nfieldstream: The lake is damaged (...). ...\n"), True),
        (Done(0, "", ""), False),
        (Done(1, "", "Traceback (most recent call last):\n"), False),
        (Done(4, "", "fieldstream: The disk is full (...). ...\n"), False),
    ],
)
def test_a_refusal_is_one_sentence_and_its_exit_code(done, is_refused):
    assert (disks._refused(done, 3) == []) == is_refused


def test_the_last_commit_of_silver_is_no_victim(lake):
    log = sorted((lake / disks.SILVER / "_delta_log").glob("*.json"))
    assert log[-1] not in disks._victims(lake)
    assert len(disks._victims(lake)) == 4
