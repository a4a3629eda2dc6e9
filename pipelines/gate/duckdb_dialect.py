"""DuckDB as SQLAlchemy sees it: as much of a dialect as Great Expectations needs to ask relations of ours."""

from types import ModuleType
from typing import Any

from sqlalchemy.dialects import registry
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.types import NullType

URL = "duckdb://"


class Dialect(DefaultDialect):
    """Plain SQL, on a connection that the engine's `creator` hands out; nothing is ever written."""

    name = driver = "duckdb"
    supports_statement_cache = True

    @classmethod
    def import_dbapi(cls) -> ModuleType:
        """Return DuckDB, which is a DBAPI 2.0 module."""
        import duckdb

        return duckdb

    def do_begin(self, dbapi_connection: Any) -> None:
        """Begin nothing: what only reads needs no transaction."""

    do_commit = do_rollback = do_begin

    def get_columns(self, connection: Any, table_name: str, schema: str | None = None, **_: Any) -> Any:  # noqa: ARG002 - SQLAlchemy's signature
        """Name a relation's columns; their types are told by a relation of their own."""
        described = connection.exec_driver_sql(f'describe "{table_name}"')
        return [{"name": row[0], "type": NullType(), "nullable": True, "default": None} for row in described]


registry.register("duckdb", __name__, Dialect.__name__)
