"""Slices of silver.observations as Spark reads them."""

from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest
from pyspark.sql import DataFrame, SparkSession

from pipelines.contracts.tables import table
from pipelines.contracts.types import arrow_type


@pytest.fixture
def observations(spark: SparkSession) -> Callable[[list[dict[str, Any]]], DataFrame]:
    """Rows as a broken writer could have left them: every column may be null."""
    columns = table("silver.observations").columns
    schema = pa.schema([(column.name, arrow_type(column.type)) for column in columns])
    return lambda rows: spark.createDataFrame(pa.Table.from_pylist(rows, schema=schema))
