"""Spark joins flags as the view does."""

import pytest
from pyspark.sql import SparkSession

from pipelines.lake.query import query
from pipelines.lake.tables import Lake
from pipelines.quality.combined import combined
from tests.lake.test_flagged import lake as five_observations

pytestmark = pytest.mark.spark

lake = five_observations


def test_the_same_rows_as_the_view(lake: Lake, spark: SparkSession) -> None:
    observations, flags = (
        spark.read.format("delta").load(str(lake.path(name))) for name in ("silver.observations", "silver.flags")
    )
    found = combined(observations, flags)
    assert found.columns == observations.columns
    rows = found.orderBy("sequence").select("sequence", "flag", "reasons", "value").collect()
    asked = "select sequence, flag, reasons, value from silver.observations_current order by 1"
    assert [tuple(row) for row in rows] == query(lake, asked).rows
