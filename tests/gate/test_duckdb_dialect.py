"""SQLAlchemy asks DuckDB through a connection that it is given."""

import duckdb
import sqlalchemy as sa

from pipelines.gate.duckdb_dialect import URL


def test_relations_are_described_and_asked() -> None:
    with duckdb.connect() as connection:
        connection.execute("create table slice as select range as number, 'x' as letter from range(3)")
        engine = sa.create_engine(URL, creator=connection.cursor)
        with engine.connect() as asked:
            assert [column["name"] for column in sa.inspect(asked).get_columns("slice")] == ["number", "letter"]
            number = sa.column("number")
            summed = sa.select(sa.func.sum(sa.case((number > 0, 1), else_=0))).select_from(sa.table("slice"))
            assert asked.execute(summed).scalar() == 2
        engine.dispose()
