"""Hold a lake against what was sent: the log by its protocol, the files by DuckDB, nothing by our own code."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa

from pipelines.chaos.delta_log import Broken, DeltaLog, Files

BRONZE, SILVER = "bronze/events", "silver/observations"


def stream_breaches(lake: Path, sent: pa.Table, meant: pa.Table, topic: str) -> list[str]:
    """Say what is wrong with bronze and silver after a topic has been taken in whole; nothing where all is well.

    Shape: `sent` has a row for each message with its place, key, raw bytes, verdict and reason; `meant` a row for each
    observation with its place, device, property, channel, depth, times, value, unit and flag.
    """
    try:
        # Rows of files that are not as the log says cannot be held against anything.
        return _log_breaches(lake) or list(_row_breaches(lake, sent, meant, topic))
    except (Broken, OSError, duckdb.Error, pa.ArrowException) as cause:
        return [f"the tables cannot be read: {cause}"]


def opened(lake: Path, table: str) -> Files:
    """Return a table's latest version.

    Raises:
        Broken: Its log is, or there is none.
    """
    log = DeltaLog(lake / table)
    latest = log.latest()
    if latest < 0:
        raise Broken(f"{table} has no commit")
    return Files(lake / table, log.at(latest))


def table_breaches(folder: Path) -> list[str]:
    """Say what is wrong with one table's log and files as such."""
    log = DeltaLog(folder)
    version = log.at(log.latest())
    differences = (log.checkpoint_differs(path) for path in log.checkpoints())
    found = [*Files(folder, version).wrong(), *filter(None, differences)]
    return [f"{folder.parent.name}.{folder.name}: {each}" for each in found]


def fingerprint(lake: Path, table: str, leave_out: tuple[str, ...] = ()) -> tuple[int, str]:
    """Return how many rows a table has, and one hash of all of them in any order.

    `leave_out` names columns that say when a row was made, or from what version.
    """
    paths = opened(lake, table).paths
    if not paths:
        return 0, ""
    columns = f"* exclude ({', '.join(leave_out)})" if leave_out else "*"
    # A sum, unlike an exclusive or, tells two equal rows from none.
    query = f"select count(*), sum(hash(t)::hugeint)::varchar from (select {columns} from read_parquet({paths})) t"  # noqa: S608 - names of ours
    with duckdb.connect() as connection:
        ((count, digest),) = connection.execute(query).fetchall()
    return count, digest


def _log_breaches(lake: Path) -> list[str]:
    return [each for table in (BRONZE, SILVER) for each in table_breaches(lake / table)]


def _row_breaches(lake: Path, sent: pa.Table, meant: pa.Table, topic: str) -> Iterator[str]:
    bronze, silver = opened(lake, BRONZE), opened(lake, SILVER)
    yield from _progress_breaches(bronze, silver, sent, topic)
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        connection.register("sent", sent)
        connection.register("meant", meant)
        for name, files in (("bronze", bronze), ("silver", silver)):
            if not files.paths:
                yield f"{name} has no rows"
                return
            connection.execute(f"create view {name} as select * from read_parquet({files.paths})")  # noqa: S608 - names of ours
        yield from _answers(connection, {**_OF_RECORDS, **_OF_OBSERVATIONS}, topic)


def observation_breaches(lake: Path, meant: pa.Table) -> list[str]:
    """Say in what silver differs from what was meant, however its records came to be accepted."""
    try:
        silver = opened(lake, SILVER)
        with duckdb.connect() as connection:
            connection.execute("set timezone = 'UTC'")
            connection.register("meant", meant)
            connection.execute(f"create view silver as select * from read_parquet({silver.paths})")  # noqa: S608 - ours
            return list(_answers(connection, _OF_OBSERVATIONS, ""))
    except (Broken, OSError, duckdb.Error) as cause:
        return [f"silver cannot be read: {cause}"]


def _answers(connection: duckdb.DuckDBPyConnection, questions: dict[str, str], topic: str) -> Iterator[str]:
    for sentence, query in questions.items():
        ((count, example),) = connection.execute(_filled(query, topic)).fetchall()
        if count:
            yield f"{sentence}: {count}, such as {example}"


def _progress_breaches(bronze: Files, silver: Files, sent: pa.Table, topic: str) -> Iterator[str]:
    ends: dict[str, int] = {}
    for partition in sent["partition"].to_pylist():
        ends[f"telemetry/{topic}/{partition}"] = ends.get(f"telemetry/{topic}/{partition}", 0) + 1
    for name, files in (("bronze", bronze), ("silver", silver)):
        progress = {key: value for key, value in files.version.progress.items() if key in ends}
        if progress != ends:
            yield f"{name} stands at {progress}, the topic ends at {ends}"


def _filled(query: str, topic: str) -> str:
    return query.replace("$place", '("partition" || \'/\' || "offset")').replace("$topic", f"'{topic}'")


# Each counts what must not be, and shows one.
_OF_RECORDS = {
    "offsets not in bronze": """
        select count(*), any_value($place) from sent anti join bronze using ("partition", "offset")""",
    "rows of bronze that nobody sent": """
        select count(*), any_value($place) from bronze
        where topic <> $topic or ("partition", "offset") not in (select ("partition", "offset") from sent)""",
    "offsets more than once in bronze": """
        select count(*), any_value($place) from
        (select "partition", "offset" from bronze group by all having count(*) > 1)""",
    "records whose bytes are not those sent": """
        select count(*), any_value($place) from sent join bronze using ("partition", "offset")
        where sent.raw is distinct from bronze.raw or sent.key is distinct from bronze.key""",
    "records with another verdict than meant": """
        select count(*), any_value($place || ' ' || bronze.verdict || ', meant ' || sent.verdict)
        from sent join bronze using ("partition", "offset") where sent.verdict <> bronze.verdict""",
    "records with another reason than meant": """
        select count(*), any_value($place || ' ' || array_to_string(reasons, '; ')) from sent
        join bronze using ("partition", "offset")
        where sent.verdict <> 'duplicate' and sent.reason <> array_to_string(reasons, '; ')""",
    "verdicts that do not add up to the offsets": """
        select abs(count(*) filter (verdict in ('accepted', 'duplicate', 'quarantined'))
            - (select count(*) from sent)), count(*) from bronze""",
    "events more than once in bronze": """
        select count(*), any_value(event_key) from
        (select event_key from bronze where verdict = 'accepted' group by 1 having count(*) > 1)""",
    "observations of no accepted event": """
        select count(*), any_value($place) from silver
        anti join (select * from bronze where verdict = 'accepted') b
        on b."partition" = silver."partition" and b."offset" = silver."offset" and b.event_key = silver.event_key""",
}

_OF_OBSERVATIONS = {
    "observations more than once in silver": """
        select count(*), any_value($place || ' ' || property) from
        (select "partition", "offset", device_id, property, channel, depth_cm, phenomenon_time from silver
         group by all having count(*) > 1)""",
    "observations that are not in silver as they were meant": """
        select count(*), any_value($place || ' ' || property) from meant anti join silver on
        silver."partition" = meant."partition" and silver."offset" = meant."offset"
        and silver.device_id = meant.device_id and silver.property = meant.property
        and silver.phenomenon_time = meant.phenomenon_time and silver.result_time = meant.result_time
        and silver.channel is not distinct from meant.channel and silver.depth_cm is not distinct from meant.depth_cm
        and silver.unit = meant.unit and silver.flag = meant.flag
        and silver.sensor_model is not distinct from meant.sensor_model
        and ((silver.value is null and meant.value is null)
             or abs(silver.value - meant.value) <= 1e-9 * greatest(1, abs(meant.value)))""",
    "observations that nobody meant": """
        select greatest(0, (select count(*) from silver) - (select count(*) from meant)), ''""",
}
