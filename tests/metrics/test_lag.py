from datetime import UTC, datetime, timedelta

from pipelines.metrics.catalogue import END_OFFSET, LAG_RECORDS, LAG_SECONDS, Sample
from pipelines.metrics.lag import lag_samples

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


def test_lag_is_what_has_not_been_taken_and_how_long_the_oldest_of_it_waits() -> None:
    # partition: what the broker has, what the lake has, since when the next one waits
    partitions = {
        0: (100, 100, None),  # level
        1: (50, 20, NOW - timedelta(minutes=5)),
        2: (7, 6, NOW + timedelta(seconds=2)),  # the broker's clock is ahead of ours
    }
    samples = lag_samples(
        "acme.telemetry",
        ends={partition: end for partition, (end, _, _) in partitions.items()},
        positions={partition: position for partition, (_, position, _) in partitions.items()},
        waiting={partition: since for partition, (_, _, since) in partitions.items() if since},
        now=NOW,
    )
    expected = {"0": (100, 0, 0.0), "1": (50, 30, 300.0), "2": (7, 1, 0.0)}
    assert list(samples) == [
        Sample(metric, ("acme.telemetry", partition), value)
        for partition, values in expected.items()
        for metric, value in zip((END_OFFSET, LAG_RECORDS, LAG_SECONDS), values, strict=True)
    ]
