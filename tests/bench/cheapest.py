"""What works cost by themselves, in this process: whatever else the machine does falls on all of them alike."""

import time
from collections.abc import Callable


def cheapest_s(*works: Callable[[], object], turns: int) -> list[float]:
    """Return the least CPU seconds of each, in turns."""
    costs_s: list[list[float]] = [[] for _ in works]
    for _ in range(turns):
        for work, own in zip(works, costs_s, strict=True):
            begun = time.process_time()
            work()
            own.append(time.process_time() - begun)
    return [min(each) for each in costs_s]
