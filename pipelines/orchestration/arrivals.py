"""Tell Airflow that something has come to Kafka: a hint to look at once, which nothing relies on.

The triggerer keeps no progress: the schedule takes in whatever a hint that was lost would have announced. A stream that
never rests gives a hint a minute and not one a record, for every run costs the same whatever it finds.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any

from airflow.triggers.base import BaseEventTrigger, TriggerEvent

_log = logging.getLogger(__name__)

LOOK_EVERY_S = 5.0
REST_S = 60.0


class Arrivals(BaseEventTrigger):
    """Fires when a topic of the tenant ends elsewhere than when it last fired, `REST_S` apart at least.

    Started anew it fires once if there are any records: some may have come while nobody looked.
    """

    def __init__(self) -> None:
        """Take no arguments: which broker and tenant, the triggerer's own environment says."""
        super().__init__()  # type: ignore[no-untyped-call]  # Airflow does not say what it takes

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Say how to make it again."""
        return f"{__name__}.{type(self).__name__}", {}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Look until cancelled; a broker that does not answer is asked again."""
        seen: dict[str, dict[int, int]] = {}
        while True:
            ends = await asyncio.to_thread(_ends)
            if ends is not None and ends != seen:
                seen = ends
                yield TriggerEvent(ends)  # type: ignore[no-untyped-call]  # Airflow does not say what it takes
                await asyncio.sleep(REST_S)
            else:
                await asyncio.sleep(LOOK_EVERY_S)


def _ends() -> dict[str, dict[int, int]] | None:
    """Return the next offsets of the topics that hold records; None where the broker does not say."""
    # Here and not above: a DAG file must not load what talks to Kafka.
    from pipelines.contracts.topics import KINDS
    from pipelines.errors import FieldstreamError
    from pipelines.local.kafka import kafka_address
    from pipelines.settings import from_environment
    from pipelines.stream.broker import end_offsets

    try:
        settings = from_environment()
        address = kafka_address(settings)
        ends = {kind.name: end_offsets(address, settings.topic(kind.name)) for kind in KINDS}
    except FieldstreamError as error:
        _log.warning("%s", error)
        return None
    return {name: offsets for name, offsets in ends.items() if any(offsets.values())}
