"""SQL over the lake: what can be asked, what is pruned, and what is refused."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pipelines.contracts.tables import table, table_names
from pipelines.errors import DataRefused, UsageError
from pipelines.lake.limits import Limits
from pipelines.lake.query import Moment, copy, query
from pipelines.lake.tables import Lake
from tests.lakes import observation, soil_lake

OBSERVATIONS = "silver.observations"


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    return soil_lake(tmp_path_factory.mktemp("lake"))


def rows(lake: Lake, text: str, **options: Any) -> list[tuple[Any, ...]]:
    return query(lake, text, **options).rows


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("select count(*) from silver.observations", [(40,)]),
        # 0 + 1 + ... + 39 = 40 * 39 / 2
        ('select sum("offset") from silver.observations', [(780,)]),
        ('select value from "silver"."Observations" where "offset" = 7', [(0.07,)]),
        ("select device_id, count(*) from SILVER.OBSERVATIONS group by 1 order by 1 limit 1", [("probe-0", 10)]),
        ("from silver.observations select max(sequence)", [(39,)]),
        ("with o as (select * from silver.observations) select count(*) from o", [(40,)]),
        ("select count(*) from silver.observations a join silver.observations b using (event_key)", [(40,)]),
        ("select (select count(*) from silver.observations), (select count(*) from bronze.events)", [(40, 0)]),
        ("select phenomenon_time::varchar from silver.observations where sequence = 2", [("2026-06-01 01:00:00+00",)]),
        ("select 1 -- and a comment", [(1,)]),
    ],
)
def test_answers(lake: Lake, text: str, expected: list[tuple[Any, ...]]) -> None:
    assert rows(lake, text) == expected


@pytest.mark.parametrize("name", table_names())
def test_a_table_without_data_is_empty_and_has_its_contracts_columns(tmp_path: Path, name: str) -> None:
    answer = query(Lake(tmp_path), f"select * from {name}")  # noqa: S608 - a name of ours
    assert answer.rows == []
    assert answer.columns == table(name).column_names


def test_columns_have_the_contracts_types(lake: Lake) -> None:
    answer = query(lake, "describe silver.observations")
    expected = {**table(OBSERVATIONS).duckdb_columns}
    assert {name: kind for name, kind, *_ in answer.rows} == {
        name: "TIMESTAMP WITH TIME ZONE" if kind == "TIMESTAMPTZ" else kind for name, kind in expected.items()
    }


@pytest.mark.parametrize(("version", "count"), [(0, 0), (1, 10), (3, 30), (4, 40)])
def test_a_table_can_be_read_as_it_was(lake: Lake, version: int, count: int) -> None:
    assert rows(lake, "select count(*) from silver.observations", moment=Moment({OBSERVATIONS: version})) == [(count,)]


@pytest.mark.parametrize(
    ("versions", "told"),
    [
        ({OBSERVATIONS: 5}, "expected a version from 0 to 4, got 5"),
        ({"silver.nothing": 1}, "There is no such table"),
    ],
)
def test_a_version_that_is_not_there(lake: Lake, versions: dict[str, int], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        query(lake, "select count(*) from silver.observations", Moment(versions))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("select * from silver.observation", r"expected one of bronze.events, .*, got silver.observation"),
        ("select * from observations", r"Write the layer before the name"),
        ("select valu from silver.observations", r'"valu" not found in FROM clause! Candidate bindings: "value"'),
        ("select value\n  fro silver.observations", r"line 2, column 7"),
        ("select 'é', ,", r'line 1, column 13\): .* syntax error at or near ","'),
        ("", "got nothing"),
        ("   -- nothing", "expected one SELECT"),
        ("select 'a'::int", "Could not convert string 'a' to INT32"),
        ("select * from silver.observations where \"offset\" = 'a'", "Could not convert string 'a' to INT64"),
    ],
)
def test_mistakes_are_explained(lake: Lake, text: str, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        query(lake, text)


SECRET = "in nobody's answer"  # noqa: S105 - a word to look for


@pytest.mark.parametrize(
    "text",
    [
        "copy silver.observations to '{folder}/out.csv'",
        "copy (select 1) to '{data}'",
        "attach '{folder}/other.db'",
        "create table mine as select 1",
        "insert into silver.observations select * from silver.observations",
        "with gone as (delete from silver.observations returning *) select * from gone",
        "drop view silver.observations",
        "set enable_external_access = true",
        "reset enable_external_access",
        "pragma enable_profiling",
        "install httpfs",
        "load httpfs",
        "call enable_logging()",
        "export database '{folder}/out'",
        "import database '{folder}'",
        "explain analyze copy (select 1) to '{data}'",
        "prepare p as select 1",
        "execute p",
        "use silver",
        "vacuum",
        "checkpoint",
        "select 1; select 2",
        "select 1; copy (select 1) to '{data}'",
        "select * from read_csv('{secret}')",
        "select * from read_text('{secret}')",
        "select * from read_blob('{secret}')",
        "select * from read_json('{secret}')",
        "select * from '{secret}'",
        "select * from glob('{folder}/*')",
        "select * from read_parquet('{folder}/*.parquet')",
        "select * from read_text('{log}')",
        "select * from read_csv('/dev/stdin')",
        "select * from sniff_csv('{secret}')",
        "select * from query('copy (select 1) to ''{folder}/out.csv''')",
        "select * from enable_logging(storage = 'file', storage_path = '{folder}/log')",
        "select * from enable_profiling(save_location = '{folder}/profile')",
        "select * from duckdb_secrets()",
        "select * from read_text('http://127.0.0.1:9/')",
        "select getenv('HOME')",
        "select * from hidden",
    ],
)
def test_nothing_but_the_tables_can_be_read_and_nothing_written(lake: Lake, tmp_path: Path, text: str) -> None:
    hidden = SECRET  # a Python variable of the caller's is no table
    (tmp_path / "secret").write_text(hidden)
    data = Path(lake.open(OBSERVATIONS).file_uris()[0])
    before = (data.read_bytes(), sorted(tmp_path.iterdir()))
    named = {
        "folder": tmp_path,
        "secret": tmp_path / "secret",
        "data": data,
        "log": lake.path(OBSERVATIONS) / "_delta_log" / f"{0:020}.json",
    }
    with pytest.raises((UsageError, DataRefused)) as refusal:
        query(lake, text.format(**named))
    assert SECRET not in str(refusal.value)
    assert (data.read_bytes(), sorted(tmp_path.iterdir())) == before


@pytest.mark.parametrize(
    ("condition", "files", "count"),
    [
        ('"offset" = 17', 1, 1),
        ('17 = "offset"', 4, 1),
        ("device_id = 'probe-2'", 1, 10),
        ("device_id = 'probe-2' and \"offset\" < 25", 1, 5),
        ("device_id = 'probe-2' and \"offset\" < 5", 0, 0),
        ("device_id = 'probe-2' or \"offset\" < 5", 4, 15),
        ('"offset" between 9 and 10', 2, 2),
        # the 36th half-hour begins 18:00: 36 to 39 remain
        ("phenomenon_time >= '2026-06-01 18:00:00Z'", 1, 4),
        ("phenomenon_time >= timestamptz '2026-06-01 05:00:00+00'", 3, 30),
        ('o."offset" = 17', 1, 1),
        ('other."offset" = 17', None, None),
        ("value >= 0.35", 4, 5),
        ("upper(device_id) = 'PROBE-1'", 4, 10),
        ("session is null", 4, 40),
    ],
)
def test_files_are_left_out_by_their_statistics(
    lake: Lake, monkeypatch: pytest.MonkeyPatch, condition: str, files: int | None, count: int | None
) -> None:
    opened: list[list[str]] = []
    from pipelines.lake import query as module

    lock = module._lock
    monkeypatch.setattr(module, "_lock", lambda connection, names: (opened.append(names), lock(connection, names)))
    text = f"select count(*) from silver.observations o where {condition}"  # noqa: S608 - drawn in the table above
    if count is None:
        with pytest.raises(UsageError, match="other"):
            query(lake, text)
        return
    assert rows(lake, text) == [(count,)]
    assert len(opened[0]) == files


def test_statistics_cut_to_milliseconds_lose_no_row(tmp_path: Path) -> None:
    late = {**observation(0), "phenomenon_time": observation(0)["phenomenon_time"].replace(microsecond=999_999)}
    own = Lake(tmp_path)
    for row in (late, observation(39)):
        own.append(OBSERVATIONS, [row])
    _cut_to_milliseconds(own)
    asked = "select count(*) from silver.observations where phenomenon_time > '2026-06-01 00:00:00.999500Z'"
    assert rows(own, asked) == [(2,)]


def _cut_to_milliseconds(lake: Lake) -> None:
    """Write the log as Spark does, which keeps milliseconds."""
    for path in (lake.path(OBSERVATIONS) / "_delta_log").glob("*.json"):
        actions = [json.loads(line) for line in path.read_text().splitlines()]
        for action in actions:
            if stats := json.loads(action.get("add", {}).get("stats", "{}")):
                for bound in ("minValues", "maxValues"):
                    time = stats[bound]["phenomenon_time"]
                    stats[bound]["phenomenon_time"] = f"{time[:19]}.{(time[20:-1] + '000')[:3]}Z"
                action["add"]["stats"] = json.dumps(stats)
        path.write_text("\n".join(map(json.dumps, actions)) + "\n")


def test_a_file_that_is_gone_is_told(tmp_path: Path) -> None:
    own = Lake(tmp_path)
    own.append(OBSERVATIONS, [observation(0)])
    Path(own.open(OBSERVATIONS).file_uris()[0]).unlink()
    with pytest.raises(DataRefused, match="A file of the lake cannot be read"):
        query(own, "select * from silver.observations")


def test_the_verdict_that_stands_is_the_newest_redrives(tmp_path):
    lake = Lake(tmp_path)
    time = datetime(2026, 6, 1, tzinfo=UTC)
    event = {
        "topic": "t",
        "partition": 0,
        "kafka_time": time,
        "raw": b"x",
        "tenant_id": "t",
        "format": "unknown",
        "verdict": "quarantined",
        "reasons": ["no_time"],
        "ingest_time": time,
    }
    lake.append("bronze.events", [event | {"offset": 0}, event | {"offset": 1}])
    lake.append("bronze.events", [event | {"offset": 2}])
    asked = 'select "offset", verdict, reasons, format, raw, redrive_number from bronze.events_current order by 1'
    assert [row[1] for row in query(lake, asked).rows] == ["quarantined"] * 3
    again = {name: event[name] for name in ("topic", "partition", "tenant_id", "format")} | {
        "former_verdict": "quarantined",
        "former_reasons": ["no_time"],
        "contract_digest": "41aa",
        "decided_at": time,
    }
    redrives = [
        (0, 1, "quarantined", ["no_device"]),
        (0, 2, "accepted", []),
        (2, 1, "duplicate", ["known_to_the_lake"]),
    ]
    for offset, number, verdict, reasons in redrives:
        found = {"offset": offset, "redrive_number": number, "verdict": verdict, "reasons": reasons, "format": "new"}
        lake.append("ops.redrives", [again | found])
    assert query(lake, asked).rows == [
        (0, "accepted", [], "new", b"x", 2),
        (1, "quarantined", ["no_time"], "unknown", b"x", None),
        (2, "duplicate", ["known_to_the_lake"], "new", b"x", 1),
    ]
    # A condition on the ledger beside it narrows the ledger alone.
    both = 'select count(*), (select count(*) from bronze.events where "offset" = 2) from bronze.events_current'
    assert query(lake, both).rows == [(3, 1)]


def _committed_at(lake: Lake) -> dict[int, datetime]:
    return {
        commit["version"]: datetime.fromtimestamp(commit["timestamp"] / 1000, UTC)
        for commit in lake.open(OBSERVATIONS).history()
    }


@pytest.mark.parametrize(("version", "count"), [(0, 0), (1, 10), (3, 30), (4, 40)])
def test_tables_can_be_read_as_of_a_time(lake: Lake, version: int, count: int) -> None:
    asked = "select count(*) from silver.observations"
    assert rows(lake, asked, moment=Moment({}, _committed_at(lake)[version])) == [(count,)]
    # A version that is named goes before the time.
    assert rows(lake, asked, moment=Moment({OBSERVATIONS: 2}, _committed_at(lake)[version])) == [(20,)]


def test_as_of_a_time_before_it_was_there_a_table_is_empty(lake: Lake) -> None:
    asked = "select count(*) from silver.observations"
    assert rows(lake, asked, moment=Moment({}, datetime(2020, 1, 1, tzinfo=UTC))) == [(0,)]


def test_an_answer_goes_to_a_file_whole_or_not_at_all(lake: Lake, tmp_path: Path) -> None:
    path = tmp_path / "it's an answer.csv"
    asked = 'select "offset", value from silver.observations where "offset" < 3 order by 1 -- the first'
    assert copy(lake, asked, path, options="format csv") == 3
    assert path.read_text() == "offset,value\n0,0.0\n1,0.01\n2,0.02\n"
    with pytest.raises(UsageError, match="Could not convert string 'a'"):
        copy(lake, "select if(\"offset\" = 39, 'a', '1')::int from silver.observations", path, options="format csv")
    assert path.read_text() == "offset,value\n0,0.0\n1,0.01\n2,0.02\n"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", ["", "absent/answer.csv"])
def test_a_file_that_cannot_be_written_is_told(lake: Lake, tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="The file cannot be written"):
        copy(lake, "select 1", tmp_path / name, options="format csv")


@pytest.mark.parametrize(
    "text",
    [
        "select * from read_text('{secret}')",
        "select 1) to '{folder}/other.csv' --",
        "select 1; copy (select 1) to '{folder}/other.csv'",
        "copy (select 1) to '{folder}/other.csv'",
        "select * from read_csv('{folder}/.answer.csv.part')",
    ],
)
def test_what_goes_to_a_file_reaches_no_other(lake: Lake, tmp_path: Path, text: str) -> None:
    (tmp_path / "secret").write_text(SECRET)
    with pytest.raises((UsageError, DataRefused)) as refusal:
        copy(
            lake,
            text.format(folder=tmp_path, secret=tmp_path / "secret"),
            tmp_path / "answer.csv",
            options="format csv",
        )
    assert SECRET not in str(refusal.value)
    assert [path.name for path in tmp_path.iterdir()] == ["secret"]


def test_limits_hold_for_a_query_over_the_lake(lake: Lake) -> None:
    crossed = "select count(*) from silver.observations a, silver.observations b, range(1000000000)"
    with pytest.raises(UsageError, match=r"too much time .* within 0\.3 s"):
        query(lake, crossed, limits=Limits(seconds=0.3))
    with pytest.raises(UsageError, match=r"too much room .* at most 39 rows"):
        query(lake, "select * from silver.observations", limits=Limits(rows=39))
