"""Which messages the two batches of the sample are."""

from collections.abc import Iterable

import pytest

from pipelines.jobs import send_sample as module
from pipelines.jobs.send import SendReport
from pipelines.jobs.send_sample import Batch, send_sample
from pipelines.settings import from_environment
from pipelines.simulate.expected import expected_all, expected_first
from pipelines.simulate.uplinks import Uplink


def test_the_late_batch_is_the_first_and_then_the_week_that_came_late(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[list[Uplink]] = []

    def send(_settings: object, sequence: Iterable[Uplink]) -> SendReport:
        sent.append(list(sequence))
        return SendReport("demo.telemetry", len(sent[-1]), 0)

    monkeypatch.setattr(module, "send", send)
    # Two years of messages take seconds to make, and are the same each time (tests/simulate/test_trouble.py).
    made = tuple(module.first_batch("demo"))
    monkeypatch.setattr(module, "first_batch", lambda tenant: iter({"demo": made}[tenant]))
    batches: tuple[Batch, ...] = ("first", "late")
    for batch in batches:
        send_sample(from_environment({}), batch)
    first, late = sent
    assert (len(first), len(late)) == (expected_first().records, expected_all().records)
    assert late[: len(first)] == first
