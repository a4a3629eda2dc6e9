"""Spark's Python daemon: what the workers need is loaded once, before it forks them."""

import confluent_kafka  # noqa: F401 - loaded for the workers
import duckdb  # noqa: F401 - as above
import pandas as pd  # noqa: F401 - as above
import pyarrow.compute as pc  # noqa: F401 - as above
from pyspark.daemon import manager

if __name__ == "__main__":
    manager()  # type: ignore[no-untyped-call]  # pyspark says nothing of its types
