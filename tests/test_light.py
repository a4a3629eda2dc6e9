import os
import subprocess
import sys

# In a process of its own: pandas is imported once for good.
PROGRAM = """
import sys
from pipelines.light import start_light
start_light()
import pipelines.jobs.ingest
import pyarrow as pa
print("pandas" in sys.modules, pa.array([1, 2]).to_pandas().sum(), pa.default_memory_pool().backend_name)
"""


def test_arrow_makes_arrays_without_pandas_and_pandas_where_it_is_asked_for() -> None:
    ended = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert ended.stdout.split() == ["False", "3", "system"]


THREADS = """
import os
from pipelines.light import start_light
start_light()
import numpy
print(len(os.listdir("/proc/self/task")))
"""


def test_numpy_starts_no_threads_for_linear_algebra_unless_told_to() -> None:
    asked = {"OPENBLAS_NUM_THREADS": "2"}
    alone = {name: value for name, value in os.environ.items() if name not in asked}
    threads = [
        int(subprocess.run([sys.executable, "-c", THREADS], capture_output=True, check=True, env=environ).stdout)
        for environ in (alone, alone | asked)
    ]
    assert threads[1] == threads[0] + 1


DRIVER = """
import sys
from pipelines.light import spark_without_pandas
spark_without_pandas()
from pyspark.sql.types import NumpyArrayConverter
converts = NumpyArrayConverter().can_convert("not an array")
print("pandas" in sys.modules, converts)
import pandas as pd
print(pd.Series([1, 2]).sum())
"""


def test_spark_calls_java_without_pandas() -> None:
    ended = subprocess.run([sys.executable, "-c", DRIVER], capture_output=True, text=True, check=True)
    assert ended.stdout.split() == ["False", "False", "3"]
