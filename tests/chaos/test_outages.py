"""What an outage's scenario waits for; the outage itself, shorter, is tests/jobs/test_outages.py."""

from dataclasses import replace

from pipelines.chaos import outages
from pipelines.chaos.checker import SILVER


def test_a_stream_is_level_once_silver_has_seen_every_offset(lake, sent, monkeypatch):
    assert outages._level(lake / SILVER, sent) == []
    monkeypatch.setattr(outages, "LEVEL_S", 0.3)
    more = replace(sent, parts=(sent.parts[0] * 2, *sent.parts[1:]))
    (breach,) = outages._level(lake / SILVER, more)
    assert breach.startswith("the stream was not level 0 s after the last message")


def test_each_way_of_losing_the_broker_is_a_scenario_of_its_own():
    assert [each.name for each in outages.scenarios()] == ["outage.killed", "outage.frozen", "outage.long"]
