"""Spark's Python daemon: what the workers need is loaded once, before it forks them."""

import sys
from pathlib import Path

# Spark puts zipped copies of what is installed first in the path. Nothing compiled is in them: every daemon would
# compile all of PySpark anew.
_ZIPPED = ("pyspark*.zip", "py4j*.zip")
sys.path[:] = [place for place in sys.path if not any(Path(place).match(each) for each in _ZIPPED)]

import confluent_kafka  # noqa: E402, F401 - loaded for the workers
import duckdb  # noqa: E402, F401 - as above
import pyarrow.compute as pc  # noqa: E402, F401 - as above
from pyspark.daemon import manager  # noqa: E402

from pipelines.light import arrow_without_pandas  # noqa: E402

if __name__ == "__main__":
    arrow_without_pandas()
    manager()  # type: ignore[no-untyped-call]  # pyspark says nothing of its types
