"""Observations drawn as tables."""

from collections.abc import Callable
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

from pipelines.contracts import tables
from pipelines.contracts.types import arrow_type

Frame = Callable[[str, list[dict[str, Any]]], DataFrame]


@pytest.fixture
def frame(spark: SparkSession) -> Frame:
    """Rows of a table as Spark reads them; columns that a row does not name are null."""
    import pyarrow as pa

    def make(name: str, rows: list[dict[str, Any]]) -> DataFrame:
        columns = tables.table(name).columns
        schema = pa.schema([(column.name, arrow_type(column.type)) for column in columns])
        return spark.createDataFrame(pa.Table.from_pylist(rows, schema=schema))

    return make
