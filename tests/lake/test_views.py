"""Views are over tables that there are, and have names of their own."""

import pytest

from pipelines.contracts.tables import table_names
from pipelines.lake.query import query
from pipelines.lake.tables import Lake
from pipelines.lake.views import VIEWS


@pytest.mark.parametrize("name", VIEWS)
def test_a_view_reads_tables_of_the_lake(tmp_path, name):
    assert set(VIEWS[name].reads) <= set(table_names())
    assert name not in table_names()
    assert query(Lake(tmp_path), f"select * from {name}").rows == []  # noqa: S608 - a name of ours
