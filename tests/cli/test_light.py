import subprocess
import sys

# In a process of its own: pandas is imported once for good.
PROGRAM = """
import sys
from pipelines.cli.light import start_light
start_light()
import pipelines.jobs.ingest
import pyarrow as pa
print("pandas" in sys.modules, pa.array([1, 2]).to_pandas().sum(), pa.default_memory_pool().backend_name)
"""


def test_arrow_makes_arrays_without_pandas_and_pandas_where_it_is_asked_for() -> None:
    ended = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert ended.stdout.split() == ["False", "3", "system"]
