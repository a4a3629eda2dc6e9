"""What the newest batch of each topic cost, from the log of bronze.events."""

from collections.abc import Iterator

from pipelines.lake.cost import CPU, WALL, last_costs
from pipelines.lake.tables import Lake
from pipelines.metrics import catalogue
from pipelines.metrics.catalogue import Sample

_EVENTS = "bronze.events"


def batch_samples(lake: Lake) -> Iterator[Sample]:
    """Give cost and size of the newest batch of each topic; nothing where none of the last commits was one."""
    costs = last_costs(lake.open(_EVENTS)) if lake.exists(_EVENTS) else {}
    for topic, cost in costs.items():
        yield Sample(catalogue.BATCH_CPU, (topic,), cost[CPU])
        yield Sample(catalogue.BATCH_WALL, (topic,), cost[WALL])
        yield Sample(catalogue.BATCH_RECORDS, (topic,), cost["records"])
        yield Sample(catalogue.BATCH_OBSERVATIONS, (topic,), cost["observations"])
