"""The kernel by itself."""

from dataclasses import asdict

from tests.bench.kernel_figures import (
    EVENTS,
    LEAST_EVENTS_PER_CPU_S,
    LEAST_PAYLOADS_PER_CPU_S,
    MANY_DEVICES,
    MOST_GROWTH,
    kernel_figures,
)
from tests.bench.result import Result, Table, Target, surroundings
from tests.bench.stand import Stand

METHOD = """\
In one process, from records in memory to verdicts and rows in memory, the cheapest of five turns: ChirpStack uplinks
of seven values, and devices' own bytes of every model that has a codec alike."""


def run(_stand: Stand) -> Result:
    """Measure; sizes are fixed, for the targets are set for them."""
    found, kernel = surroundings(), kernel_figures()
    rows = (
        ("uplinks judged", f"{kernel.events_per_cpu_s:,.0f}"),
        ("devices' own payloads read", f"{kernel.payloads_per_cpu_s:,.0f}"),
    )
    return Result(
        "kernel",
        "The kernel alone",
        METHOD,
        found,
        (Table("In a CPU-second", ("", "per CPU-s"), rows),),
        (
            Target(
                "kernel", f"events per CPU-second of the kernel in one process, {EVENTS:,} a batch",
                kernel.events_per_cpu_s, LEAST_EVENTS_PER_CPU_S,
            ),
            Target(
                "kernel_growth", f"growth of an event's cost from 100 to {MANY_DEVICES:,} devices",
                kernel.growth, MOST_GROWTH, at_least=False,
            ),
            Target(
                "codecs", "devices' own payloads read per CPU-second",
                kernel.payloads_per_cpu_s, LEAST_PAYLOADS_PER_CPU_S,
            ),
        ),
        measured=asdict(kernel),
    )  # fmt: skip
