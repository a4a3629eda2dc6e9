"""What comes by a topic: the last word of its name says it, and with it the table that its events become rows of."""

from dataclasses import dataclass


@dataclass(frozen=True)
class TopicKind:
    """A kind of topic, `<tenant>.<name>`."""

    name: str
    table: str
    """The table of what its events say; the events themselves are in bronze.events."""


TELEMETRY = TopicKind("telemetry", "silver.observations")
OPERATIONS = TopicKind("operations", "silver.operations")
KINDS = (TELEMETRY, OPERATIONS)


def kind_of(topic: str) -> TopicKind:
    """Return the kind of a topic; one whose name says nothing else carries telemetry."""
    said = topic.rpartition(".")[2]
    return next((kind for kind in KINDS if kind.name == said), TELEMETRY)
