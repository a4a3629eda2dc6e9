"""The text is the one of Prometheus's format, as its own documentation writes it."""

import subprocess

from pipelines.metrics.catalogue import DISK_FREE, LAG_SECONDS, RECORDS, ROWS, Sample
from pipelines.metrics.exposition import exposition
from tests.infra.prometheus import program

SAMPLES = [
    Sample(DISK_FREE, (), 1e15),
    Sample(RECORDS, ("accepted",), 3),
    Sample(LAG_SECONDS, ("acme.telemetry", "0"), 1.5),
    Sample(RECORDS, ("quarantined",), False),
]


def test_a_metric_is_named_once_above_its_samples_in_the_catalogues_order() -> None:
    assert exposition(SAMPLES, "acme").splitlines() == [
        "# HELP fieldstream_records_total Kafka records in bronze.events",
        "# TYPE fieldstream_records_total counter",
        'fieldstream_records_total{tenant="acme",verdict="accepted"} 3',
        'fieldstream_records_total{tenant="acme",verdict="quarantined"} 0',
        "# HELP fieldstream_lag_seconds How long the oldest of them has been waiting; 0 where none is",
        "# TYPE fieldstream_lag_seconds gauge",
        'fieldstream_lag_seconds{tenant="acme",topic="acme.telemetry",partition="0"} 1.5',
        "# HELP fieldstream_disk_free_bytes Room left on the disk of the lake",
        "# TYPE fieldstream_disk_free_bytes gauge",
        'fieldstream_disk_free_bytes{tenant="acme"} 1000000000000000',
    ]


def test_a_label_cannot_break_out_of_its_quotes() -> None:
    # "label_value can be any sequence of UTF-8 characters, but the backslash (\), double-quote ("), and line feed (\n)
    # characters have to be escaped as \\, \", and \n" (Prometheus, Exposition formats).
    text = exposition([Sample(ROWS, ('a"b\\c\nd',), 1)], "acme")
    assert text.splitlines()[-1] == r'fieldstream_table_rows{tenant="acme",table="a\"b\\c\nd"} 1'


def test_nothing_measured_is_no_text() -> None:
    assert exposition([], "acme") == ""


def test_prometheus_own_linter_has_nothing_to_say() -> None:
    argv = [program("promtool"), "check", "metrics"]
    done = subprocess.run(argv, input=exposition(SAMPLES, "acme"), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
