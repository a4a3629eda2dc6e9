"""Mixed traffic into real tables, and what lies in them beside what was meant."""

import random
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import duckdb
import pyarrow as pa

from pipelines.chaos.truth import Parts, Truth, partitions
from pipelines.contracts.tables import table
from pipelines.kernel.batch import RECORD_COLUMNS
from pipelines.lake.tables import Lake
from pipelines.simulate.mixed import Message, Mixed, messages
from pipelines.stream.batch import Tables, run_batch
from pipelines.stream.plan import Ends
from tests.uplinks import INGEST_TIME, TOPIC

PARTITIONS = 3
_SCHEMA = pa.schema([table("bronze.events").arrow_schema.field(name) for name in RECORD_COLUMNS])


def shuffled(sent: Sequence[Message], seed: int) -> list[Message]:
    """In any order, but for what repeats or contradicts an event: that stays behind it."""
    mixed = random.Random(seed).sample(sent, len(sent))  # noqa: S311 - chance that can be had again
    at = {message.number: place for place, message in enumerate(mixed) if message.original is None}
    order = [max(place, at[message.number] + 0.5) if message.original is not None else place
             for place, message in enumerate(mixed)]  # fmt: skip
    return [mixed[place] for place in sorted(range(len(mixed)), key=lambda place: order[place])]


def check(lake: Lake, mixed: Mixed, batches: int) -> dict[str, int]:
    """See that every record has the verdict and reason that was meant, and that silver is the truth row for row."""
    parts = partitions(messages(mixed), PARTITIONS)
    assert take_in(lake, parts, -(-mixed.messages // batches)) == batches
    found = verdicts(lake)
    assert found == meant_verdicts(parts)
    by_verdict = {verdict: sum(n for (each, _), n in found.items() if each == verdict) for verdict, _ in found}
    assert by_verdict == {"accepted": mixed.events, "duplicate": mixed.duplicates, "quarantined": mixed.poison}
    assert sum(by_verdict.values()) == mixed.messages
    counts = difference(lake, parts)
    assert counts["in_silver"] == counts["meant"] > 4 * mixed.events
    assert (counts["not_meant"], counts["lost"], counts["otherwise"]) == (0, 0, 0)
    return {"messages": mixed.messages, **by_verdict, "observations": counts["in_silver"]}


def take_in(lake: Lake, parts: Parts, max_records: int) -> int:
    """Take everything in, as the stream does but for Kafka and Spark; return in how many batches."""

    def engine(ranges, cleaning):
        read = [_records(each.partition, parts[each.partition], each.start, each.end) for each in ranges]
        return [cleaned for rows in read if (cleaned := cleaning.clean(rows.to_batches()))]

    sizes = {partition: len(part) for partition, part in enumerate(parts)}
    ends = Ends(TOPIC, dict.fromkeys(sizes, 0), sizes)
    tables, batches = Tables(lake), 0
    while run_batch(tables, ends, engine, tenant_id="acme", ingest_time=INGEST_TIME, max_records=max_records):
        batches += 1
    return batches


def verdicts(lake: Lake) -> Counter:
    """How many records have each verdict and reason; of which way a copy was found, nothing."""
    rows = lake.read("bronze.events", columns=["verdict", "reasons"]).to_pylist()
    return Counter((row["verdict"], "; ".join(row["reasons"])) for row in rows if row["verdict"] != "duplicate") + (
        Counter(("duplicate", "") for row in rows if row["verdict"] == "duplicate")
    )


def meant_verdicts(parts: Parts) -> Counter:
    return Counter((each.truth.verdict, each.truth.reason or "") for part in parts for each in part)


def difference(lake: Lake, parts: Parts) -> dict[str, int]:
    """Row for row: what silver has, what was meant, and what is in one alone or is not the same."""
    connection = duckdb.connect()
    connection.register("meant", Truth("acme", parts).meant)
    connection.register("silver", lake.read("silver.observations"))
    (counts,) = (
        connection.sql("""
        SELECT
            (SELECT count(*) FROM silver) AS in_silver,
            (SELECT count(*) FROM meant) AS meant,
            count(*) FILTER (meant.property IS NULL) AS not_meant,
            count(*) FILTER (silver.property IS NULL) AS lost,
            count(*) FILTER (silver.property = meant.property AND (
                silver.unit <> meant.unit OR silver.flag <> meant.flag
                OR silver.result_time <> meant.result_time
                OR silver.sensor_model IS DISTINCT FROM meant.sensor_model
                OR (silver.value IS NULL) <> (meant.value IS NULL)
                OR abs(silver.value - meant.value) > 1e-9 * greatest(1, abs(meant.value))
            )) AS otherwise
        FROM meant FULL JOIN silver
            ON silver."partition" = meant."partition" AND silver."offset" = meant."offset"
            AND silver.device_id = meant.device_id AND silver.property = meant.property
            AND silver.phenomenon_time = meant.phenomenon_time
            AND coalesce(silver.channel, -1) = coalesce(meant.channel, -1)
            AND coalesce(silver.depth_cm, -1) = coalesce(meant.depth_cm, -1)
    """)
        .to_arrow_table()
        .to_pylist()
    )
    return counts


def content(lake: Lake) -> list[tuple]:
    """Silver without where the records stood in Kafka."""
    rows = lake.read("silver.observations").to_pylist()
    names = [name for name in rows[0] if name not in {"partition", "offset", "topic", "ingest_time"}]
    return sorted((tuple(row[name] for name in names) for row in rows), key=repr)


def _records(partition: int, sent: Sequence[Message], start: int, end: int) -> pa.Table:
    rows = [
        {
            "topic": TOPIC,
            "partition": partition,
            "offset": offset,
            "kafka_time": each.arrived_at,
            "key": each.key,
            "headers": [{"key": name, "value": value} for name, value in each.headers] or None,
            "raw": each.value,
        }
        for offset, each in enumerate(sent[start:end], start)
    ]
    return pa.Table.from_pylist(rows, schema=_SCHEMA)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        print(check(Lake(Path(folder)), Mixed(int(sys.argv[1]), devices_each=8), batches=5))
