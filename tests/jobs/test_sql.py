"""The tenant's tables are the ones that are asked."""

from dataclasses import replace
from pathlib import Path

import pytest

from pipelines.errors import UsageError
from pipelines.jobs.sql import sql
from pipelines.settings import from_environment
from tests.lakes import soil_lake


def test_a_tenant_asks_its_own_lake(tmp_path: Path) -> None:
    acme = from_environment({"FIELDSTREAM_HOME": str(tmp_path), "FIELDSTREAM_TENANT": "acme"})
    soil_lake(acme.lake)
    count = "select count(*) from silver.observations"
    assert sql(acme, count).rows == [(40,)]
    assert sql(acme, count, {"silver.observations": 2}).rows == [(20,)]
    with pytest.raises(UsageError, match=r"There is no lake here .*acme2"):
        sql(replace(acme, tenant="acme2"), count)


def test_an_analysts_query_has_its_limits(tmp_path: Path) -> None:
    settings = from_environment({"FIELDSTREAM_HOME": str(tmp_path)})
    soil_lake(settings.lake)
    with pytest.raises(UsageError, match="at most 1000000 rows"):
        sql(settings, "select * from range(1000001)")
