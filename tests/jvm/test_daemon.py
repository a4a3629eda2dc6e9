"""Workers are forked from a process that has loaded what they need."""

import os
from pathlib import Path

import psutil
import pytest


@pytest.mark.spark
def test_workers_come_from_it(spark):
    def loaded_before_the_fork(_):
        parent = psutil.Process(os.getppid())
        libraries = {Path(each.path).name.partition(".")[0] for each in parent.memory_maps()}
        return " ".join(parent.cmdline()), libraries

    ((command, libraries),) = spark.sparkContext.parallelize([0], 1).map(loaded_before_the_fork).collect()
    assert "-m pipelines.jvm.daemon pyspark.worker" in command
    assert {"_duckdb", "cimpl", "libarrow_compute", "pandas_parser"} <= libraries
