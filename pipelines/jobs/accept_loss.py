"""Accept that records are lost, on record, so that the stream goes on after them."""

from dataclasses import dataclass
from datetime import UTC, datetime

from pipelines.contracts.topics import KINDS
from pipelines.errors import UsageError
from pipelines.jobs.audit import current_user
from pipelines.lake.tables import Lake
from pipelines.local.kafka import kafka_address
from pipelines.settings import Settings
from pipelines.soundness.damage import require_sound
from pipelines.stream import broker
from pipelines.stream.accept import LOSSES, AcceptedLoss, Claim, accept
from pipelines.stream.batch import EVENTS, Tables
from pipelines.stream.identity import TopicIdentity
from pipelines.stream.plan import Ends


@dataclass(frozen=True)
class LossReport:
    """What is on record, and whether this run wrote it."""

    changed: bool
    loss: AcceptedLoss


def accept_loss(
    settings: Settings,
    topic: str,
    partition: int,
    from_offset: int,
    to_offset: int,
    *,
    reason: str,
    accepted_by: str | None = None,
) -> LossReport:
    """Let the stream go on after a gap that it stopped at: the numbers must be just those of its error.

    Raises:
        UsageError: There is no lake, no such gap, or no reason is given.
        BrokerUnreachable: The broker does not answer.
        WriterConflict: A stream, or the same command elsewhere, was faster.
        LakeDamaged: A table is not as it was written.
    """
    lake = Lake(settings.lake).existing()
    topics = {settings.topic(kind.name): kind for kind in KINDS}
    if topic not in topics:
        raise UsageError(
            "The loss cannot be accepted",
            where="--topic",
            expected=f"a topic of tenant {settings.tenant}, {' or '.join(topics)}",
            got=topic,
            fix="Name one of those, or the tenant whose topic it is with FIELDSTREAM_TENANT.",
        )
    kind = topics[topic]
    require_sound(lake, (EVENTS, kind.table, LOSSES))
    address, tables = kafka_address(settings), Tables(lake, kind)
    by = accepted_by or current_user()
    claim = Claim(partition, from_offset, to_offset, reason, by)
    row, changed = accept(
        tables, _ends(address, topic, tables), claim, tenant_id=settings.tenant, now=datetime.now(UTC)
    )
    return LossReport(changed, row)


def _ends(address: str, topic: str, tables: Tables) -> Ends:
    with TopicIdentity(address, topic) as identity:
        topic_id = identity.now()
    ends = broker.topic_ends(address, topic)
    return ends.counted(tables.shifts(ends), topic_id)
