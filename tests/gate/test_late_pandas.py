"""What stands for pandas answers as pandas does, and loads it only for what it cannot answer itself."""

import subprocess
import sys

import pytest

PROGRAM = """
import sys
from pipelines.gate.late_pandas import LatePandas
sys.modules["pandas"] = late = LatePandas()
import pandas as pd
{before}
assert {asked}
print(sys.modules["pandas"] is not late)
"""


@pytest.mark.parametrize(
    ("before", "asked", "is_loaded"),
    [
        ("", "pd.isnull(None) and pd.isnull(float('nan'))", False),
        ("", "not (pd.isnull(0) or pd.isnull(1.5) or pd.isnull('') or pd.isnull(True))", False),
        ("", "pd.isnull([None, 1]).tolist() == [True, False]", True),
        ("", "not isinstance(3, (pd.DataFrame, pd.Index, pd.Series, pd.Timestamp))", False),
        ("", "not isinstance(pd.DataFrame, pd.DataFrame)", False),
        ("", "len(pd.DataFrame({'a': [1, 2]})) == 2", True),
        ("", "isinstance(pd.DataFrame({'a': [1]}), pd.DataFrame)", True),
        ("", "pd.DataFrame.from_records([{'a': 1}])['a'].sum() == 1", True),
        ("", "pd.concat([pd.Series([1]), pd.Series([2])]).tolist() == [1, 2]", True),
        ("del sys.modules['pandas']; import pandas", "isinstance(pandas.Series([1]), pd.Series)", True),
        ("del sys.modules['pandas']; import pandas", "not isinstance(pandas.Series([1]), pd.DataFrame)", True),
    ],
)
def test_it_answers_as_pandas_does(before, asked, is_loaded):
    program = PROGRAM.format(before=before, asked=asked)
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (ended.stdout.strip(), ended.stderr) == (str(is_loaded), "")
