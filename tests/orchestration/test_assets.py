"""What DAGs announce to one another are tables that have a contract; what comes from outside has a watcher."""

from pipelines.contracts.tables import table_names
from pipelines.orchestration.arrivals import Arrivals
from pipelines.orchestration.assets import GOLD_FIELD_DAILY, KAFKA_EVENTS


def test_the_asset_is_named_for_its_table() -> None:
    assert GOLD_FIELD_DAILY.name == "gold.field_daily"
    assert GOLD_FIELD_DAILY.name in table_names()


def test_kafka_is_watched() -> None:
    (watcher,) = KAFKA_EVENTS.watchers
    assert isinstance(watcher.trigger, Arrivals)
