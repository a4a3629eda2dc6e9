"""Workers are forked from a process that has loaded what they need."""

import os
from pathlib import Path

import psutil
import pyspark
import pytest


@pytest.mark.spark
def test_workers_come_from_it(spark):
    def loaded_before_the_fork(_):
        parent = psutil.Process(os.getppid())
        libraries = {Path(each.path).name.partition(".")[0] for each in parent.memory_maps()}
        return " ".join(parent.cmdline()), libraries, pyspark.__file__

    ((command, libraries, place),) = spark.sparkContext.parallelize([0], 1).map(loaded_before_the_fork).collect()
    assert "-m pipelines.jvm.daemon pyspark.worker" in command
    assert {"_duckdb", "cimpl", "libarrow_compute"} <= libraries
    assert "pandas_parser" not in libraries
    assert place == pyspark.__file__, "the zipped copy has nothing compiled"
