"""Send the sample field's two years to Kafka as its gateways would, its late week, and what was done in it."""

from itertools import chain
from typing import Literal

from pipelines.jobs.send import SendReport, send
from pipelines.settings import Settings
from pipelines.simulate.operations import sample_operations
from pipelines.simulate.trouble import first_batch, late_block

Batch = Literal["first", "late", "operations"]


def send_sample(settings: Settings, batch: Batch) -> SendReport:
    """Send what the topic does not hold yet: of the first batch, or of the first and then the late block.

    Operations have a topic of their own.

    Raises:
        BrokerUnreachable, NotAcknowledged: The broker does not answer; the next run goes on.
        DataRefused: The topic holds something else, or the sample cannot be read.
    """
    if batch == "operations":
        return send(settings, sample_operations(settings.tenant), "operations")
    first = first_batch(settings.tenant)
    return send(settings, first if batch == "first" else chain(first, late_block(settings.tenant)))
