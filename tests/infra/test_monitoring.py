"""infra/monitoring: a real Prometheus asks a real lake and broker, and every query of the dashboard has an answer."""

import json
import math
import re
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipelines.jobs.metrics import measure
from pipelines.lake.cost import Meter
from pipelines.lake.tables import Lake
from pipelines.local.kafka import Broker
from pipelines.metrics.catalogue import METRICS
from pipelines.metrics.census import Census
from pipelines.metrics.server import served
from pipelines.settings import Settings
from pipelines.stream import broker as kafka
from pipelines.stream.batch import Tables, run_batch
from pipelines.stream.consume import read
from tests.conftest import settings_in
from tests.field_days import field_days, put_gold
from tests.infra.prometheus import Prometheus, program, running
from tests.uplinks import uplink

PROJECT = Path(__file__).resolve().parents[2]
MONITORING = PROJECT / "infra" / "monitoring"
CONFIG: dict[str, Any] = yaml.safe_load((MONITORING / "prometheus.yml").read_text())
ALERTS: list[dict[str, Any]] = [
    rule for group in yaml.safe_load((MONITORING / "alerts.yml").read_text())["groups"] for rule in group["rules"]
]
DASHBOARD: dict[str, Any] = json.loads((MONITORING / "grafana" / "fieldstream.json").read_text())
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
QUERIES = [(panel["title"], target["expr"]) for panel in PANELS for target in panel["targets"]]
RULE_TESTS = Path(__file__).parent / "alerts.test.yml"


def send(settings: Settings, first: int) -> None:
    """Twenty readings, one of them impossible and one said twice, and a message that is none."""
    good = [uplink({"air_temperature": 20.0 + number}, counter=first + number) for number in range(19)]
    values = [*good, good[0], uplink({"air_temperature": 99.0}, counter=first + 19), b"{"]
    with kafka.producer(str(settings.kafka)) as producer:
        for value in values:
            producer.send(settings.telemetry_topic, value, b"a840410000000001", partition=0)


def take_in_and_judge(settings: Settings) -> None:
    lake, address = Lake(settings.lake), str(settings.kafka)
    run_batch(
        Tables(lake),
        kafka.topic_ends(address, settings.telemetry_topic),
        lambda ranges, cleaning: [done for each in ranges if (done := cleaning.clean(read(address, each)))],
        tenant_id=settings.tenant,
        ingest_time=datetime.now(UTC),
        max_records=1000,
    )
    version = lake.version("silver.observations")
    judged = {"table_name": "silver.observations", "from_version": version - 1, "to_version": version}
    outcome = {"row_count": 20, "expectation_count": 41, "failed_expectations": [], "gate_verdict": "admitted"}
    row = judged | outcome | {"suite_digest": "made up", "decided_at": datetime.now(UTC)}
    lake.append("ops.gate_results", [row], information=Meter().read("silver.observations", rows=20))


@pytest.fixture(scope="module")
def prometheus(broker: Broker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Prometheus, str]]:
    """Prometheus as we configure it, but impatient, and what it knows after two batches and a backlog."""
    program("prometheus")
    settings = replace(settings_in(tmp_path_factory.mktemp("metrics")), kafka=broker.address)
    kafka.ensure_topic(broker.address, settings.telemetry_topic, 2)
    kafka.ensure_topic(broker.address, settings.topic("operations"), 1)
    put_gold(Lake(settings.lake), field_days(3))
    send(settings, 0)
    take_in_and_judge(settings)
    census, behind = Census(), 'fieldstream_lag_records{topic=~".+telemetry",partition="0"}'
    waiting = 'fieldstream_lag_records{topic=~".+operations"} == 1'
    with served("127.0.0.1", 0, lambda: measure(settings, census).text) as port:
        often = {"scrape_interval": "3s", "scrape_timeout": "3s", "evaluation_interval": "1s"}
        target = {"static_configs": [{"targets": [f"127.0.0.1:{port}"]}]}
        config = CONFIG | {
            "global": often,
            "rule_files": [str(MONITORING / "alerts.yml")],
            "scrape_configs": [job | target for job in CONFIG["scrape_configs"]],
        }
        with running(tmp_path_factory.mktemp("prometheus"), config) as started:
            started.wait_for('fieldstream_records_total{verdict="accepted"} == 20')
            send(settings, 20)
            take_in_and_judge(settings)
            send(settings, 40)
            with kafka.producer(broker.address) as producer:
                producer.send(settings.topic("operations"), b"nobody takes it in")
            started.wait_for('fieldstream_records_total{verdict="accepted"} == 40')
            started.wait_for(f"{behind} == 22 and count_over_time({behind}[1m]) >= 3")
            started.wait_for(waiting)
            yield started, settings.tenant


@pytest.mark.broker
@pytest.mark.parametrize(("title", "expression"), QUERIES, ids=[title for title, _ in QUERIES])
def test_every_query_of_the_dashboard_has_an_answer(
    prometheus: tuple[Prometheus, str], title: str, expression: str
) -> None:
    asked, tenant = prometheus
    values = asked.values(expression.replace("$tenant", tenant).replace("$__rate_interval", "1m"))
    assert values, f"{title}: no series"
    assert all(math.isfinite(value) for value in values)


@pytest.mark.broker
def test_prometheus_counts_what_was_sent(prometheus: tuple[Prometheus, str]) -> None:
    asked, _ = prometheus
    # Two batches of 22 records: 20 new, one copy, one that is no message; the third waits.
    assert asked.values('fieldstream_records_total{verdict="duplicate"}') == [2]
    assert asked.values('fieldstream_records_total{verdict="quarantined"}') == [2]
    assert asked.values('fieldstream_observations_total{flag="1"}') == [38]
    assert asked.values('fieldstream_observations_total{flag="4"}') == [2]
    assert asked.values("sum by (topic) (fieldstream_lag_records)") == [1, 22]
    assert asked.values("sum by (topic) (fieldstream_topic_end_offset)") == [1, 66]
    assert asked.values("fieldstream_last_batch_records") == [22]
    (waiting_s,) = asked.values('fieldstream_lag_seconds{topic=~".+telemetry",partition="0"}')
    assert 0 < waiting_s < 60
    (records_age_s,) = asked.values('time() - fieldstream_newest_timestamp_seconds{table="bronze.events"}')
    assert waiting_s < records_age_s < 120


@pytest.mark.broker
def test_every_alert_is_evaluated_and_none_of_intake_fires(prometheus: tuple[Prometheus, str]) -> None:
    asked, _ = prometheus
    rules = [rule for group in asked.get("rules")["groups"] for rule in group["rules"]]
    assert {rule["name"]: (rule["health"], rule.get("lastError")) for rule in rules} == {
        rule["alert"]: ("ok", None) for rule in ALERTS
    }
    assert {rule["name"] for rule in rules if rule["state"] == "firing"} == set()


def test_prometheus_accepts_what_we_write() -> None:
    promtool = program("promtool")
    for command in (["config", "prometheus.yml"], ["rules", "alerts.yml"]):
        done = subprocess.run(
            [promtool, "check", *command], cwd=MONITORING, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_alerts_fire_when_they_should_and_not_before() -> None:
    argv = [program("promtool"), "test", "rules", str(RULE_TESTS)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("alert", [rule["alert"] for rule in ALERTS])
def test_every_alert_is_tested_both_ways(alert: str) -> None:
    cases = [case for test in yaml.safe_load(RULE_TESTS.read_text())["tests"] for case in test["alert_rule_test"]]
    assert {bool(case["exp_alerts"]) for case in cases if case["alertname"] == alert} == {True, False}


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])
def test_every_alert_names_the_runbook_that_names_it(rule: dict[str, Any]) -> None:
    page = (PROJECT / rule["annotations"]["runbook"]).read_text()
    line = re.search(r"^Alerts?: .*$", page, flags=re.MULTILINE)
    assert line
    assert f"`{rule['alert']}`" in line.group()
    assert f"`{rule['alert']}`" in (PROJECT / "docs" / "how-to" / "watch-it.md").read_text()
    assert rule["labels"]["severity"] in {"page", "ticket"}
    assert rule["for"]


def test_queries_and_alerts_ask_for_metrics_that_there_are() -> None:
    expressions = [expression for _, expression in QUERIES] + [rule["expr"] for rule in ALERTS]
    asked = {name for expression in expressions for name in re.findall(r"\bfieldstream_\w+", expression)}
    assert asked == {metric.name for metric in METRICS}


def test_grafana_finds_prometheus_and_the_dashboard() -> None:
    (source,) = yaml.safe_load((MONITORING / "grafana" / "datasource.yml").read_text())["datasources"]
    (provider,) = yaml.safe_load((MONITORING / "grafana" / "dashboards.yml").read_text())["providers"]
    compose = yaml.safe_load((PROJECT / "docker-compose.yml").read_text())["services"]
    mounted = {volume.split(":")[0]: volume.split(":")[1] for volume in compose["grafana"]["volumes"]}
    assert source["url"] == "http://prometheus:9090"
    assert f"{provider['options']['path']}/fieldstream.json" == mounted["./infra/monitoring/grafana/fieldstream.json"]
    queried = [
        DASHBOARD["templating"]["list"][0],
        *PANELS,
        *(target for panel in PANELS for target in panel["targets"]),
    ]
    assert {each["datasource"]["uid"] for each in queried} == {source["uid"]}
    (scraped,) = CONFIG["scrape_configs"][0]["static_configs"][0]["targets"]
    assert scraped == f"metrics:{compose['metrics']['command'][-1]}"


def test_no_two_panels_share_a_place_or_an_id() -> None:
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(ids) == len(set(ids))
    taken = set()
    for panel in DASHBOARD["panels"]:
        at = panel["gridPos"]
        assert at["x"] + at["w"] <= 24
        cells = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
        assert not taken & cells
        taken |= cells
