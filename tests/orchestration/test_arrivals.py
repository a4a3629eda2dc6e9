"""The hint: when it is given, and that nothing that Kafka does ends it."""

import asyncio
from dataclasses import replace

import pytest

from pipelines.local.kafka import Broker
from pipelines.orchestration import arrivals
from pipelines.orchestration.arrivals import Arrivals
from pipelines.settings import Settings
from pipelines.stream import broker as kafka

Ends = dict[str, dict[int, int]] | None


def hints(looks: list[Ends], monkeypatch: pytest.MonkeyPatch) -> tuple[list[Ends], list[float]]:
    """Return what was told where each look in turn finds these ends, and how long was waited after each look."""
    told, waits, left = [], [], iter(looks)

    class Over(Exception):
        pass

    def look() -> Ends:
        try:
            return next(left)
        except StopIteration:
            raise Over from None

    async def wait(seconds: float) -> None:
        waits.append(seconds)

    async def watch() -> None:
        async for event in Arrivals().run():
            told.append(event.payload)  # noqa: PERF401 - what was told must stay when the watch breaks off

    monkeypatch.setattr(arrivals, "_ends", look)
    monkeypatch.setattr(arrivals.asyncio, "sleep", wait)
    with pytest.raises(Over):
        asyncio.run(watch())
    return told, waits


@pytest.mark.parametrize(
    ("looks", "expected"),
    [
        ([{}, {}], []),  # nothing was ever sent
        ([{"telemetry": {0: 3}}], [0]),  # there from the start: some may have come while nobody looked
        ([{"telemetry": {0: 3}}, {"telemetry": {0: 3}}], [0]),  # told once
        ([{}, {"telemetry": {0: 0, 1: 1}}, {"telemetry": {0: 2, 1: 1}}], [1, 2]),
        ([{"telemetry": {0: 3}}, {"telemetry": {0: 3}, "operations": {0: 1}}], [0, 1]),
        ([{"telemetry": {0: 3}}, None, {"telemetry": {0: 3}}], [0]),  # no answer says nothing
        ([None, {"telemetry": {0: 3}}], [1]),
        ([{"telemetry": {0: 9}}, {"telemetry": {0: 1}}], [0, 1]),  # the topic was made anew
    ],
)
def test_a_hint_is_given_where_the_ends_moved(
    looks: list[Ends], expected: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    told, waits = hints(looks, monkeypatch)
    assert told == [looks[number] for number in expected]
    assert waits == [60.0 if number in expected else 5.0 for number in range(len(looks))]


@pytest.fixture
def environment(home_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setenv("FIELDSTREAM_HOME", str(home_settings.home))
    monkeypatch.setenv("FIELDSTREAM_TENANT", home_settings.tenant)
    return monkeypatch


def test_a_broker_that_is_not_there_ends_nothing(environment: pytest.MonkeyPatch) -> None:
    assert arrivals._ends() is None
    environment.setenv("FIELDSTREAM_KAFKA", "127.0.0.1:9")
    environment.setattr(kafka, "_PATIENCE_MS", 300)
    assert arrivals._ends() is None


@pytest.mark.broker
def test_the_ends_are_those_of_the_tenants_topics(
    home_settings: Settings, environment: pytest.MonkeyPatch, broker: Broker
) -> None:
    environment.setenv("FIELDSTREAM_KAFKA", broker.address)
    assert arrivals._ends() == {}
    settings = replace(home_settings, kafka=broker.address)
    for topic in (settings.telemetry_topic, settings.topic("operations")):
        kafka.ensure_topic(broker.address, topic, 2)
    with kafka.producer(broker.address) as producer:
        producer.send(settings.topic("operations"), b"a", partition=1)
    assert arrivals._ends() == {"operations": {0: 0, 1: 1}}


def test_it_is_made_again_from_what_it_says() -> None:
    path, arguments = Arrivals().serialize()
    assert (path, arguments) == ("pipelines.orchestration.arrivals.Arrivals", {})
