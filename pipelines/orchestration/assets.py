"""The tables that start other DAGs when they change."""

from airflow.sdk import Asset

GOLD_FIELD_DAILY = Asset("gold.field_daily")
"""Emitted by intake, awaited by scoring: one row per field and day, from admitted observations only."""
