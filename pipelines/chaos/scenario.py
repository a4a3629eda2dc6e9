"""What a fault scenario is, what one injection of it comes to, and the promises it is held to."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipelines.chaos.site import Site

PROMISES = {
    "P1": "no acknowledged record is lost while Kafka holds it; a gap stops the stream and names the offsets",
    "P2": "bronze holds each offset once, silver each event once",
    "P3": "accepted, duplicate and quarantined records add up to the offsets, each with the bytes that were sent",
    "P4": "gold rebuilt equals gold",
    "P5": "a score is a function of gold's version and the model's digest, and is there once",
    "P6": "no reader sees half a batch of a table",
    "P7": "a process killed at any point leaves all of this true after a restart",
}


@dataclass(frozen=True)
class Outcome:
    """What came of one run of a scenario with one seed."""

    seed: int
    injections: int
    """Faults that really struck: kills, pauses, damaged files."""
    breaches: tuple[str, ...] = ()
    """What was found broken, a sentence each; none where every promise held."""
    looks: int = 0
    """How often a reader beside it has looked at the tables."""


@dataclass(frozen=True)
class Scenario:
    """A fault, or a row of them, that can be tried with any seed.

    `runs` does everything for one seed on the site it is given: it makes a home of its own (`site.home`), breaks
    something, lets the pipeline go on, has the tables checked and returns what came of it. It raises only where the
    harness itself cannot go on; a fault of the pipeline is a breach.
    """

    name: str
    """Lower-case words and dots, as `kill.stream.written`: what a user types."""
    what: str
    """What is done, in a clause for the matrix."""
    holds: tuple[str, ...]
    """Which of `PROMISES` are checked."""
    runs: Callable[["Site", int], Outcome]
    seeds: int
    """With how many seeds a full sweep runs it."""
    engine: str = "embedded"
    """`embedded`, `spark`, or `none` where it needs neither."""
