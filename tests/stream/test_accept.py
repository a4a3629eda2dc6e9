"""Gaps of every kind, accepted: over a topic in memory, into real tables."""

from datetime import UTC, datetime

import pytest

from pipelines.errors import RecordsLost, UsageError
from pipelines.lake.tables import Lake
from pipelines.report.intake import intake
from pipelines.stream import accept as accept_module
from pipelines.stream.accept import LOSSES, Claim, accept
from pipelines.stream.batch import Tables, run_batch
from pipelines.stream.plan import Ends
from tests.uplinks import INGEST_TIME, TOPIC, records, uplink

NOW = datetime(2026, 6, 2, tzinfo=UTC)


def readings(first, count):
    return [uplink({"air_temperature": 20.0}, counter=counter) for counter in range(first, first + count)]


class World:
    """A lake, and the topic of one partition that the broker has now, from `beginning` on."""

    def __init__(self, folder):
        self.lake = Lake(folder)
        self.put("one", readings(0, 10))

    def put(self, topic_id, values, beginning=0):
        self.topic_id, self.values, self.beginning = topic_id, values, beginning

    def ends(self, tables):
        ends = Ends(TOPIC, {0: self.beginning}, {0: self.beginning + len(self.values)})
        return ends.counted(tables.shifts(ends), self.topic_id)

    def take_in(self):
        tables = Tables(self.lake)

        def engine(ranges, cleaning):
            (wanted,) = ranges
            at_broker = wanted.start - wanted.shift - self.beginning
            values = self.values[at_broker : at_broker + wanted.count]
            return [cleaning.clean(records(values, start=wanted.start).to_batches())]

        return run_batch(
            tables, self.ends(tables), engine, tenant_id="acme", ingest_time=INGEST_TIME, max_records=1000
        )  # fmt: skip

    def accept(self, start, end, reason="the line was down"):
        tables = Tables(self.lake)
        claim = Claim(0, start, end, reason, "maria")
        return accept(tables, self.ends(tables), claim, tenant_id="acme", now=NOW)

    def offsets(self):
        return sorted(self.lake.read("bronze.events", columns=["offset"])["offset"].to_pylist())

    def counters(self):
        return sorted(self.lake.read("silver.observations", columns=["sequence"])["sequence"].to_pylist())

    def versions(self):
        return [self.lake.version(name) for name in ("bronze.events", "silver.observations", LOSSES)]

    def losses(self):
        names = ("loss_kind", "from_offset", "to_offset", "lost_records", "resume_offset", "topic_id", "accepted_by")
        return [tuple(row[name] for name in names) for row in self.lake.read(LOSSES).to_pylist()]


@pytest.fixture
def world(tmp_path):
    made = World(tmp_path)
    made.take_in()
    return made


# What the broker has then, the gap as the error names it, the row, and what the lake holds when all is taken in.
@pytest.mark.parametrize(
    ("then", "gap", "row", "offsets", "counters"),
    [
        (("one", readings(14, 6), 14), (10, 14), ("expired", 10, 14, 4, 14, "one"), [*range(10), *range(14, 20)],
         [*range(10), *range(14, 20)]),
        # Restored from an old copy: the same topic ends at 8, and goes on from there.
        (("one", readings(0, 8), 0), (10, 8), ("behind", 10, 8, 0, 10, "one"), [*range(10)], [*range(10)]),
        # Made anew. Offsets go on from 10; the three events sent once more are copies still.
        (("two", readings(7, 6), 0), (10, 0), ("remade", 10, 0, 0, 10, "two"), [*range(16)], [*range(13)]),
        # Made anew, and grown past the lake's progress meanwhile: offset 10 is there, but of another topic.
        (("two", readings(50, 20), 0), (10, 0), ("remade", 10, 0, 0, 10, "two"), [*range(30)],
         [*range(10), *range(50, 70)]),
        # Made anew, and its first two offsets deleted already.
        (("two", readings(52, 5), 2), (10, 2), ("remade", 10, 2, 2, 12, "two"), [*range(10), *range(12, 17)],
         [*range(10), *range(52, 57)]),
    ],
)  # fmt: skip
def test_a_gap_stops_the_stream_until_it_is_accepted(world, then, gap, row, offsets, counters):
    world.put(*then)
    before = world.versions()
    with pytest.raises(RecordsLost, match=f"--partition 0 --from {gap[0]} --to {gap[1]} "):
        world.take_in()
    assert world.versions() == before

    loss, changed = world.accept(*gap)
    assert (changed, loss.loss_reason, loss.decided_at) == (True, "the line was down", NOW)
    assert world.losses() == [(*row, "maria")]
    after = world.versions()
    assert world.accept(*gap) == (loss, False)
    assert world.versions() == after

    world.take_in()
    assert (world.offsets(), world.counters()) == (offsets, counters)
    assert not world.take_in()
    counted = intake(world.lake)
    assert (counted.offsets, counted.lost, counted.records) == (offsets[-1] + 1, row[3], len(offsets))
    assert counted.offsets == counted.records + counted.lost


def test_topics_made_anew_again_and_again_and_a_loss_in_the_last(world):
    world.put("two", readings(10, 5))
    world.accept(10, 0)
    world.take_in()
    world.put("three", readings(15, 5))
    world.accept(5, 0)
    world.take_in()
    world.put("three", readings(23, 5), beginning=8)
    world.accept(5, 8)
    world.take_in()
    assert world.offsets() == [*range(20), *range(23, 28)]
    assert world.counters() == [*range(20), *range(23, 28)]
    # The first topic again, as after a mistaken address: not taken for the one it was.
    world.put("one", readings(0, 40))
    with pytest.raises(RecordsLost, match="another topic of that name"):
        world.take_in()


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [
        (10, 13, r"expected --from 10 --to 14, got --from 10 --to 13"),
        (9, 14, r"expected --from 10 --to 14"),
        (0, 14, r"expected --from 10 --to 14"),
    ],
)
def test_other_numbers_than_those_of_the_gap_are_refused(world, start, end, said):
    world.put("one", readings(14, 6), 14)
    before = world.versions()
    with pytest.raises(UsageError, match=said):
        world.accept(start, end)
    assert world.versions() == before


def test_where_there_is_no_gap_or_no_reason_nothing_is_accepted(world):
    with pytest.raises(UsageError, match="expected a gap, got none"):
        world.accept(10, 12)
    world.put("one", readings(14, 6), 14)
    with pytest.raises(UsageError, match="expected a reason"):
        world.accept(10, 14, " ")


class Crash(Exception):
    pass


@pytest.mark.parametrize("dies_at", ["bronze.events", "silver.observations"])
def test_one_that_died_on_the_way_is_taken_up_again(world, monkeypatch, dies_at):
    world.put("one", readings(14, 6), 14)
    with monkeypatch.context() as patch:
        if dies_at == "bronze.events":
            patch.setattr(accept_module, "append_once", dies)
        else:
            patch.setattr(accept_module, "level_silver", dies)
        with pytest.raises(Crash):
            world.accept(10, 14)
    _, changed = world.accept(10, 14)
    assert changed == (dies_at == "bronze.events")
    assert len(world.losses()) == 1
    world.take_in()
    assert world.counters() == [*range(10), *range(14, 20)]


def dies(*_, **__):
    raise Crash


def test_a_larger_gap_after_one_that_died_on_the_way_takes_its_place(world, monkeypatch):
    world.put("one", readings(14, 6), 14)
    with monkeypatch.context() as patch:
        patch.setattr(accept_module, "append_once", dies)
        with pytest.raises(Crash):
            world.accept(10, 14)
    world.put("one", readings(16, 4), 16)
    world.accept(10, 16)
    world.take_in()
    assert world.offsets() == [*range(10), *range(16, 20)]
