"""Two minutes of a stream: it holds no more than it needs, and everything that was sent is in the tables."""

import os
import threading

import pyarrow.compute as pc
import pytest

from pipelines.lake.maintenance import FEWEST
from pipelines.lake.tables import Lake
from pipelines.simulate.farm import Farm
from tests.bench.following import following
from tests.bench.load import deliver, paced, placed
from tests.bench.soak import BURST, RATE, TABLES, Soak, Window, soak
from tests.bench.stand import FIELDSTREAM, ROOT

WINDOWS, WINDOW_S = 4, 30.0
# What a stream holds at most, all its pools full, and some more; in two minutes it makes some 170 batches, so that
# one thread or descriptor in ten of them, or a megabyte in three, is too much. A rise from window to window would say
# less: a pool gets its threads when it is busiest, and two minutes do not tell whether that was early or late.
MOST = {"threads": 64, "descriptors": 45, "memory_mb": 350, "peak_mb": 450, "played_back": 12}


def environment(settings, tenant, broker):
    return os.environ | {
        "PYTHONPATH": str(ROOT),
        "FIELDSTREAM_HOME": str(settings.home),
        "FIELDSTREAM_TENANT": tenant,
        "FIELDSTREAM_KAFKA": broker.address,
    }


@pytest.fixture
def neighbour(home_settings, broker):
    """Another tenant, of a hundredth of the load, for as long; its lake, once its stream has ended."""
    tenant = "neighbour"
    seconds = WINDOWS * WINDOW_S
    load = paced(placed(Farm(round(seconds * RATE / 100), devices=100, tenant=tenant)), RATE / 100)
    sending = threading.Thread(target=deliver, args=(load, broker.address, f"{tenant}.telemetry"))
    command = (*FIELDSTREAM, "stream", "--engine", "embedded")
    with following(command, environment(home_settings, tenant, broker), home_settings.home / "neighbour.log"):
        sending.start()
        yield Lake(home_settings.home / "lake" / tenant)
        sending.join()


@pytest.mark.broker
def test_a_stream_holds_no_more_than_it_needs_and_a_small_neighbour_is_never_late(home_settings, broker, neighbour):
    topic, lake = f"{home_settings.tenant}.telemetry", Lake(home_settings.lake)
    environ = environment(home_settings, home_settings.tenant, broker)
    seen = soak(environ, lake, topic, broker.address, windows=WINDOWS, window_s=WINDOW_S)
    assert seen.records == seen.sent == RATE * WINDOWS * WINDOW_S + BURST
    # A message in 20 is sent twice, one in 200 is cut off; each other has seven values.
    assert seen.observations == 7 * (seen.sent - seen.sent // 20 - seen.sent // 200)
    assert lake.open("silver.observations").count() == seen.observations
    held = {name: max(getattr(window, name) for window in seen.windows) for name in MOST}
    assert {name: most for name, most in held.items() if most > MOST[name]} == {}
    # Each batch writes two. How many wait to be joined goes by what else the machine does; how many are left does not.
    assert max(window.files for window in seen.windows) < seen.batches
    # Maintenance lets be what is not worth joining.
    assert seen.files_left < FEWEST * len(TABLES)
    events = neighbour.read("bronze.events", columns=["kafka_time", "ingest_time"])
    late = pc.quantile(pc.cast(pc.subtract(events["ingest_time"], events["kafka_time"]), "int64"), 0.95)[0].as_py()
    assert events.num_rows > RATE / 100 * WINDOWS * WINDOW_S / 2
    # Starved, it would fall behind for as long as the other goes on.
    assert late / 1e6 < 10


@pytest.mark.parametrize(
    ("memory_mb", "growth"),
    [
        ([900, 900, 900, 900, 100, 100, 100, 100], 0.0),  # the first half is not judged
        ([100, 100, 100, 100, 100, 110, 120, 130], 30 / 115),
        ([100, 100, 100, 100, 130, 120, 110, 100], -30 / 115),
        ([100, 100, 100, 100, 90, 110, 90, 110], 12 / 100),  # a line through a saw rises a little
    ],
)
def test_growth_is_the_rise_of_a_line_through_what_is_judged(memory_mb, growth):
    windows = tuple(Window(value, value, 1, 1, 1, 1, 1) for value in memory_mb)
    assert Soak(windows, 0, 0, 0, 0, 0.0, 0).growth("memory_mb") == pytest.approx(growth)


def test_messages_come_at_their_rate_and_late_ones_at_once(monkeypatch):
    now = [0.0]
    monkeypatch.setattr("tests.bench.load.time.monotonic", lambda: now[0])
    monkeypatch.setattr("tests.bench.load.time.sleep", lambda s: now.__setitem__(0, now[0] + s))
    came = []
    for message in paced("abcdef", rate=10):
        came.append((message, round(now[0], 3)))
        if message == "c":
            now[0] += 0.25  # whoever takes them was busy
    assert came == [("a", 0.0), ("b", 0.1), ("c", 0.2), ("d", 0.45), ("e", 0.45), ("f", 0.5)]
