"""Ask the lake's tables in SQL, in this process, and get a small frame back."""

import pandas as pd
import pyarrow.dataset as ds

from pipelines.contracts import tables
from pipelines.lake.access import connected, data_files, dataset
from pipelines.lake.query import query as lake_query
from pipelines.lake.tables import Lake


def query(lake: Lake, sql: str) -> pd.DataFrame:
    """Answer a question over the tables as they are now; each is named in double quotes: "bronze.events".

    A table that is not there yet answers as an empty one. Times are naive and in UTC.
    """
    with connected(lake.root) as connection:
        connection.execute("set timezone = 'UTC'")
        for name in tables.table_names():
            if f'"{name}"' in sql:
                connection.register(name, _rows(lake, name))
        return connection.execute(sql).df()


def query_views(lake: Lake, sql: str) -> pd.DataFrame:
    """Answer a question over the lake's views as well; tables and views are named as in 'fieldstream sql'."""
    answer = lake_query(lake, sql)
    return pd.DataFrame(answer.rows, columns=list(answer.columns))


def versions(lake: Lake) -> pd.DataFrame:
    """Return each table's newest version and row count, those that exist."""
    names = [name for name in tables.table_names() if lake.exists(name)]
    return pd.DataFrame(
        {
            "table_name": names,
            "version": [lake.version(name) for name in names],
            "rows": [_rows(lake, name).count_rows() for name in names],
        }
    )


def _rows(lake: Lake, name: str) -> ds.Dataset:
    files = data_files(lake.open(name)) if lake.exists(name) else []
    return dataset(files, tables.table(name).arrow_schema)
