"""What starts DAGs when it changes: the tenant's topics, and tables."""

from airflow.sdk import Asset, AssetWatcher

from pipelines.orchestration.arrivals import Arrivals

KAFKA_EVENTS = Asset("kafka.events", watchers=[AssetWatcher("arrivals", trigger=Arrivals())])
"""Awaited by intake beside its clock: records that have come to the tenant's topics."""

GOLD_FIELD_DAILY = Asset("gold.field_daily")
"""Emitted by intake, awaited by scoring: one row per field and day, from admitted observations only."""
