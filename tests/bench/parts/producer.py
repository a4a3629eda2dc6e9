"""Sending: `fieldstream`'s way beside a plain program with the same client, and beside the client in C."""

import uuid
from dataclasses import asdict

from pipelines.stream.broker import end_offsets, ensure_topic
from tests.bench.load import PARTITIONS
from tests.bench.result import Result, Table, Target, surroundings
from tests.bench.stand import Contender, Measured, Stand, WrongRows, program

SENDERS = {
    "ours": "fieldstream's send, over kafka-python",
    "plain": "kafka-python with its own settings",
    "confluent": "confluent-kafka",
}

METHOD = """\
{events:,} uplinks to a new topic of two partitions each time. What it costs to make the messages and to start Python
is measured too, and taken off."""


def run(stand: Stand) -> Result:
    """Measure."""
    found, events = surroundings(), stand.options.events // 20
    usages: dict[str, list] = {name: [] for name in (*SENDERS, "nobody")}
    with stand.folder() as folder:
        for _ in range(stand.options.repeats):
            for name, runs in usages.items():
                tenant = f"send-{uuid.uuid4().hex[:6]}"
                ensure_topic(stand.address, f"{tenant}.telemetry", PARTITIONS)
                command = program("send_job", name, str(events), tenant, stand.address)
                sent = Contender(
                    f"send-{name}", SENDERS.get(name, name), lambda _, command=command: command, tenant=tenant
                )
                runs.append(stand.run(sent, folder / name))
                _check(stand, name, tenant, events)
    measured = {name: Measured(name, SENDERS.get(name, name), tuple(each)) for name, each in usages.items()}
    besides_s = measured["nobody"].cpu_s
    rates = {name: events / (measured[name].cpu_s - besides_s) for name in SENDERS}
    rows = tuple((SENDERS[name], f"{rate:,.0f}", f"{measured[name].wall_s:.1f}") for name, rate in rates.items())
    return Result(
        "producer",
        "Sending",
        METHOD.format(events=events),
        found,
        (Table("Cost", ("", "messages per CPU-s", "wall s"), rows),),
        (
            Target(
                "producer",
                "messages per CPU-second, fieldstream's send, of kafka-python's",
                rates["ours"] / rates["plain"],
            ),
        ),
        measured={name: [asdict(run) for run in each.runs] for name, each in measured.items()},
    )


def _check(stand: Stand, name: str, tenant: str, events: int) -> None:
    there = sum(end_offsets(stand.address, f"{tenant}.telemetry").values())
    expected = 0 if name == "nobody" else events
    if there != expected:
        raise WrongRows(f"sending, {name}: expected {expected} messages, got {there}")
