"""Every metric there is: its name, what it counts or measures, and by what it is told apart. Nothing by device."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["counter", "gauge"]


@dataclass(frozen=True)
class Metric:
    """A metric, as Prometheus knows it; `tenant` is a label of every one, and not named here."""

    name: str
    kind: Kind
    labels: tuple[str, ...]
    meaning: str


@dataclass(frozen=True)
class Sample:
    """A value of a metric, with the values of its labels in their order."""

    metric: Metric
    values: tuple[str, ...]
    value: float


def _counter(name: str, labels: tuple[str, ...], meaning: str) -> Metric:
    return Metric(f"fieldstream_{name}", "counter", labels, meaning)


def _gauge(name: str, labels: tuple[str, ...], meaning: str) -> Metric:
    return Metric(f"fieldstream_{name}", "gauge", labels, meaning)


_TABLE, _TOPIC, _PLACE = ("table",), ("topic",), ("topic", "partition")

RECORDS = _counter("records_total", ("verdict",), "Kafka records in bronze.events")
OBSERVATIONS = _counter("observations_total", ("flag",), "Values in silver.observations, by QARTOD flag")
NEIGHBOUR_FLAGS = _counter("neighbour_flags_total", ("flag",), "Rows of silver.flags, by flag; 1 takes a flag back")

BROKER_UP = _gauge("broker_up", (), "1 where the broker answers, else 0; without it nothing is known of the lag")
END_OFFSET = _gauge("topic_end_offset", _PLACE, "Offset that the partition's next record will have")
LAG_RECORDS = _gauge("lag_records", _PLACE, "Records of the partition that are not in bronze.events yet")
LAG_SECONDS = _gauge("lag_seconds", _PLACE, "How long the oldest of them has been waiting; 0 where none is")

NEWEST = _gauge(
    "newest_timestamp_seconds", _TABLE, "Time of the newest row, as Unix time: kafka_time, phenomenon_time or date"
)
LAST_COMMIT = _gauge("last_commit_timestamp_seconds", _TABLE, "When the table was last written to, as Unix time")
VERSION = _gauge("table_version", _TABLE, "Version of the table")
ROWS = _gauge("table_rows", _TABLE, "Rows of the table's current version")
FILES = _gauge("table_files", _TABLE, "Data files of the table's current version")
BYTES = _gauge("table_bytes", _TABLE, "Size of those files")
LOG_FILES = _gauge("table_log_files", _TABLE, "Files of the table's Delta log, checkpoints among them")
LOG_BYTES = _gauge("table_log_bytes", _TABLE, "Size of the table's Delta log")

GATE_VERDICT = _gauge("gate_verdict", ("table", "verdict"), "1 for what the gate said last, 0 for what it did not say")
GATE_JUDGEMENTS = _counter("gate_judgements_total", ("table", "verdict"), "Slices that the gate has judged")
GATE_ADMITTED = _gauge("gate_admitted_version", _TABLE, "Newest version that the gate has admitted, -1 if none")
GATE_LAST = _gauge("gate_last_judgement_timestamp_seconds", _TABLE, "When the gate last judged, as Unix time")

BATCH_CPU = _gauge("last_batch_cpu_seconds", _TOPIC, "CPU that the newest batch took, until its commit")
BATCH_WALL = _gauge("last_batch_duration_seconds", _TOPIC, "How long the newest batch took, until its commit")
BATCH_RECORDS = _gauge("last_batch_records", _TOPIC, "Records of the newest batch")
BATCH_OBSERVATIONS = _gauge("last_batch_observations", _TOPIC, "Values of the newest batch")
JUDGEMENT_CPU = _gauge("last_judgement_cpu_seconds", _TABLE, "CPU that the gate's newest judgement took")
JUDGEMENT_WALL = _gauge("last_judgement_duration_seconds", _TABLE, "How long the gate's newest judgement took")
JUDGEMENT_ROWS = _gauge("last_judgement_rows", _TABLE, "Rows of the slice that was judged")

DISK_FREE = _gauge("disk_free_bytes", (), "Room left on the disk of the lake")
DISK_SIZE = _gauge("disk_size_bytes", (), "Size of the disk of the lake")

METRICS = (
    *(RECORDS, OBSERVATIONS, NEIGHBOUR_FLAGS),
    *(BROKER_UP, END_OFFSET, LAG_RECORDS, LAG_SECONDS),
    *(NEWEST, LAST_COMMIT, VERSION, ROWS, FILES, BYTES, LOG_FILES, LOG_BYTES),
    *(GATE_VERDICT, GATE_JUDGEMENTS, GATE_ADMITTED, GATE_LAST),
    *(BATCH_CPU, BATCH_WALL, BATCH_RECORDS, BATCH_OBSERVATIONS),
    *(JUDGEMENT_CPU, JUDGEMENT_WALL, JUDGEMENT_ROWS),
    *(DISK_FREE, DISK_SIZE),
)

# The time by which a table's newest row is told.
NEWEST_BY = {
    "bronze.events": "kafka_time",
    "silver.observations": "phenomenon_time",
    "gold.field_daily": "date",
    "scores.irrigation": "date",
}
