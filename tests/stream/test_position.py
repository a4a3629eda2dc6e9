import pytest

from pipelines.contracts.tables import table
from pipelines.lake.commit import append_once
from pipelines.lake.tables import Lake
from pipelines.stream.loss import Loss, Position
from pipelines.stream.position import accepted, app_id, identified, next_at_broker, position

EVENTS = "bronze.events"


@pytest.fixture
def lake(tmp_path):
    return Lake(tmp_path)


def note(lake, progress):
    append_once(lake.create(EVENTS), table(EVENTS), [], progress)


def test_a_partition_that_nobody_has_read(lake):
    assert position(lake.create(EVENTS), "t", 0, "one") == Position(None)
    assert next_at_broker(lake.open(EVENTS), "t", 0) is None


def test_a_topic_is_known_by_its_id_once_it_is_noted(lake):
    events = lake.create(EVENTS)
    note(lake, [*identified(events, "t", [0, 1], "one"), *identified(events, "t", [2], None)])
    events = lake.open(EVENTS)
    assert identified(events, "t", [0, 1], "one") == []
    remade = {each: position(events, "t", *each).is_remade for each in [(0, "one"), (0, "two"), (0, None), (2, "two")]}
    assert remade == {(0, "one"): False, (0, "two"): True, (0, None): False, (2, "two"): False}


# Three losses one after the other, and where the lake stands after each: next and shift, and next at the broker.
def test_a_loss_moves_the_position_and_the_newest_topic_alone_is_known(lake):
    note(lake, identified(lake.create(EVENTS), "t", [0], "one"))
    for lost, topic_id, at, at_broker in [
        (Loss("expired", "t", 0, 0, 5, 5, 5, 0), "one", Position(5), 5),
        (Loss("remade", "t", 0, 5, 2, 2, 7, 5), "two", Position(7, 5), 2),
        (Loss("behind", "t", 0, 2, 0, 0, 7, 7), "two", Position(7, 7), 0),
    ]:
        note(lake, accepted(lake.open(EVENTS), lost, topic_id))
        assert position(lake.open(EVENTS), "t", 0, topic_id) == at
        assert next_at_broker(lake.open(EVENTS), "t", 0) == at_broker
    assert position(lake.open(EVENTS), "t", 0, "one").is_remade
    assert app_id("t", 0) == "telemetry/t/0"
