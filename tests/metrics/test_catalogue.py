"""The names keep Prometheus's conventions, and nothing is told apart by what there are many of."""

import re

import pytest

from pipelines.contracts.tables import table
from pipelines.metrics.catalogue import METRICS, NEWEST_BY, Metric

# Words that stand for an unbounded number of things, and so would each make a series of their own.
MANY = {"device", "device_id", "field", "field_id", "event_key", "offset", "version"}
# A metric that is no count of things ends with its base unit.
UNITS = ("_seconds", "_bytes", "_total")
COUNTS = re.compile(r"_(records|observations|rows|files|version|offset|up|verdict)$")


def test_names_are_told_once() -> None:
    assert len({metric.name for metric in METRICS}) == len(METRICS)


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_a_name_keeps_the_conventions(metric: Metric) -> None:
    assert re.fullmatch(r"fieldstream(_[a-z]+)+", metric.name)
    assert metric.name.endswith("_total") == (metric.kind == "counter")
    assert metric.name.endswith(UNITS) or COUNTS.search(metric.name)
    assert not set(metric.labels) & MANY


def test_every_metric_of_the_module_is_in_the_list() -> None:
    from pipelines.metrics import catalogue

    assert {each for each in vars(catalogue).values() if isinstance(each, Metric)} == set(METRICS)


@pytest.mark.parametrize(("name", "column"), NEWEST_BY.items())
def test_the_time_of_a_table_is_one_of_its_columns(name: str, column: str) -> None:
    (found,) = [each for each in table(name).columns if each.name == column]
    assert found.type in {"timestamp", "date"}
