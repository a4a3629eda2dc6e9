"""Every fault scenario there is, in the order of the matrix."""

from pipelines.chaos import disks, kills, outages, sparked, steps, writers
from pipelines.chaos.scenario import Scenario


def scenarios() -> list[Scenario]:
    """Return the scenarios; another family of faults is another line."""
    return [
        *kills.scenarios(),
        *steps.scenarios(),
        *sparked.scenarios(),
        *writers.scenarios(),
        *outages.scenarios(),
        *disks.scenarios(),
    ]
