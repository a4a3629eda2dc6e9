"""Send the tower's frames with the trouble that real fields have, all of it known in advance.

    trouble            how many  which                                        must end as
    retransmission           40  every 1,301st frame, the same bytes again    duplicate
                                 three messages later
    second gateway           10  every fifth of those instead comes again     duplicate
                                 through the other gateway, at once
    truncated message         1  the weather station's of 2017-05-24 12:00,   quarantined
                                 cut off after 600 bytes; its half hour is
                                 lost with it
    impossible value          1  85.0 degC, what a common digital             accepted, flag 4
                                 thermometer (DS18B20) reads after losing
                                 power; sent at the end of the weather
                                 station's outage of 2015-10-22
    late block              336  the soil probe's week of 2017-06-12 to 18:   accepted, restates
                                 its gateway had no way out and is read out   gold
                                 when the year is over

Times are local standard time at the start of the half hour.
"""

from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pipelines.simulate.tower import HALF_HOUR, PROBE_2017, SAMPLE, STATION, frames, local_time, station_frame
from pipelines.simulate.uplinks import Frame, Gateway, Uplink, publish

BARN = Gateway("0211fffe00a90001", 38.1121, -121.6502, -84, 9.5)
LEVEE = Gateway("0211fffe00a90002", 38.1203, -121.6391, -107, 1.25)

RETRANSMIT_EVERY = 1301
RETRANSMISSIONS = 50
SECOND_GATEWAY_EVERY = 5
RETRANSMIT_AFTER = 3

TRUNCATED = (STATION, local_time("201705241200") + HALF_HOUR)
TRUNCATED_BYTES = 600

IMPOSSIBLE = station_frame(local_time("201510220600") + HALF_HOUR, {"air_temperature": 85.0})

LATE_FROM = local_time("201706120000")
LATE_TO = local_time("201706190000")
LATE_ARRIVAL = datetime(2018, 1, 1, 9, tzinfo=UTC)


def first_batch(tenant: str, sample: Path = SAMPLE) -> Iterator[Uplink]:
    """Give everything but the late block, in order of arrival.

    Raises:
        DataRefused: The sample cannot be read.
    """
    on_their_way: deque[tuple[int, Uplink]] = deque()
    for number, frame in enumerate(_with_impossible(_on_time(sample)), start=1):
        uplink = _truncate(frame, publish(tenant, frame, BARN))
        yield uplink
        if number % RETRANSMIT_EVERY == 0 and number <= RETRANSMIT_EVERY * RETRANSMISSIONS:
            if number % (RETRANSMIT_EVERY * SECOND_GATEWAY_EVERY) == 0:
                yield publish(tenant, frame, LEVEE)
            else:
                on_their_way.append((number + RETRANSMIT_AFTER, uplink))
        while on_their_way and on_their_way[0][0] <= number:
            yield on_their_way.popleft()[1]


def late_block(tenant: str, sample: Path = SAMPLE) -> Iterator[Uplink]:
    """Give the soil probe's late week: the frames are as old as they are, only their receipt is new.

    Raises:
        DataRefused: The sample cannot be read.
    """
    late = (frame for frame in frames(sample) if _is_late(frame))
    for number, frame in enumerate(late):
        yield publish(tenant, frame, LEVEE, received_at=LATE_ARRIVAL + number * timedelta(seconds=2))


def _on_time(sample: Path) -> Iterator[Frame]:
    return (frame for frame in frames(sample) if not _is_late(frame))


def _is_late(frame: Frame) -> bool:
    return frame.device is PROBE_2017 and LATE_FROM < frame.time <= LATE_TO


def _with_impossible(ordered: Iterator[Frame]) -> Iterator[Frame]:
    for frame in ordered:
        if frame.time > IMPOSSIBLE.time:
            yield IMPOSSIBLE
            yield frame
            break
        yield frame
    yield from ordered


def _truncate(frame: Frame, uplink: Uplink) -> Uplink:
    if (frame.device, frame.time) != TRUNCATED:
        return uplink
    return Uplink(uplink.key, uplink.value[:TRUNCATED_BYTES], uplink.headers, uplink.time)
