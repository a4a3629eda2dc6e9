"""The only room that knows Airflow: what a DAG file is written with.

A DAG file imports `airflow.sdk` and this room, nothing else of the project. Heavy work never runs in Airflow's own
process: a task runs a `fieldstream` command as a child, so a DAG file parses at once and Spark is not needed for it.
"""

from pipelines.orchestration.assets import GOLD_FIELD_DAILY, KAFKA_EVENTS
from pipelines.orchestration.defaults import DEFAULT_ARGS, START_DATE, Tag
from pipelines.orchestration.task import FieldstreamTask

__all__ = ["DEFAULT_ARGS", "GOLD_FIELD_DAILY", "KAFKA_EVENTS", "START_DATE", "FieldstreamTask", "Tag"]
