"""What DAGs announce to one another are tables that have a contract."""

from pipelines.contracts.tables import table_names
from pipelines.orchestration.assets import GOLD_FIELD_DAILY


def test_the_asset_is_named_for_its_table() -> None:
    assert GOLD_FIELD_DAILY.name == "gold.field_daily"
    assert GOLD_FIELD_DAILY.name in table_names()
