"""A year of a thousand fields' gold: what one late day costs against building everything, in CPU seconds.

`python -m tests.bench.gold_year` writes the year's observations straight into the lake (nobody measures that), builds
gold once as a whole, then once more for each kind of late day, every build in a process of its own.
"""

import argparse
import json
import logging
import resource
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import duckdb
import pyarrow.parquet as pq

from pipelines.contracts.tables import table
from pipelines.lake.admitted import RESULTS
from pipelines.lake.commit import Progress, append_once
from pipelines.lake.files import DataFile, statistics
from pipelines.lake.flagged import RUNS
from pipelines.lake.tables import Lake
from pipelines.settings import Settings, from_environment
from tests.bench.stand import ROOT

FOLDER = ROOT / "build" / "gold-year"
SILVER, FLAGS = "silver.observations", "silver.flags"
NEW_YEAR = datetime(2025, 1, 1, tzinfo=UTC)
LATE_DAY = date(2025, 6, 12)
EVERY_S = 1800
# What the weather station of a field says every half hour, and its soil probe.
PROPERTIES = {
    "air_temperature": ("Cel", "15 + 8 * sin(s / 86400.0 * 6.2832) + {noise}"),
    "relative_humidity": ("%", "65 + 20 * cos(s / 86400.0 * 6.2832) + {noise}"),
    "solar_radiation": ("W/m2", "greatest(0, 600 * sin((s / 86400.0 - 0.25) * 6.2832))"),
    "wind_speed": ("m/s", "2 + {noise}"),
    "air_pressure": ("hPa", "1010 + {noise}"),
    "precipitation": ("mm", "case when hash(d) % 23 = 0 then 0.25 else 0 end"),
    "soil_moisture": ("m3/m3", "0.25 + 0.01 * {noise}"),
}


def main(argv: list[str]) -> int:
    """Measure, print, and say whether the target is met."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.gold_year", description=__doc__)
    parser.add_argument("--fields", type=int, default=1000, metavar="N", help="fields, a device each (1000)")
    parser.add_argument("--days", type=int, default=365, metavar="N", help="days from New Year on (365)")
    parser.add_argument("--keep", action="store_true", help="keep the lake")
    arguments = parser.parse_args(argv)
    logging.basicConfig(format="%(asctime)s %(message)s", datefmt="%H:%M:%S", level=logging.INFO)
    settings = replace(from_environment(), home=FOLDER, tenant="bench")
    shutil.rmtree(FOLDER, ignore_errors=True)
    lake = Lake(settings.lake)
    _registry(lake, arguments.fields)
    logging.info("writing %d days of %d fields", arguments.days, arguments.fields)
    for first in range(0, arguments.days, 15):
        _take_in(lake, range(first, min(first + 15, arguments.days)), range(arguments.fields), but=LATE_DAY)
    # Of the late day all fields but two have come.
    late = (LATE_DAY - NEW_YEAR.date()).days
    _take_in(lake, range(late, late + 1), range(1, arguments.fields))
    _admit(lake)
    figures = {"everything": _build(settings)}
    _take_in(lake, range(late, late + 1), range(1))
    _admit(lake)
    figures["one field's late day"] = _build(settings)
    _take_in(lake, range(arguments.days, arguments.days + 1), range(arguments.fields))
    _admit(lake)
    figures["a new day of every field"] = _build(settings)
    _again(lake, range(late, late + 1), range(arguments.fields))
    _admit(lake)
    figures["a late day of every field"] = _build(settings)
    print(_text(figures, arguments.fields, arguments.days))
    if not arguments.keep:
        shutil.rmtree(FOLDER)
    share = figures["one field's late day"][0] / figures["everything"][0]
    return 0 if share < 0.05 else 1


def _text(figures: dict[str, tuple[float, float, str]], fields: int, days: int) -> str:
    whole = figures["everything"][0]
    lines = [
        f"gold of {fields} fields, {days} days, 7 values every half hour ({fields * days * 48 * 7:,} observations)"
    ]
    lines += [f"{'build':28}{'CPU-s':>8}{'wall s':>8}{'share':>8}  rows written"]
    lines += [
        f"{name:28}{cpu:8.1f}{wall:8.1f}{cpu / whole:8.1%}  {rows}" for name, (cpu, wall, rows) in figures.items()
    ]
    return "\n".join(lines)


def _build(settings: Settings) -> tuple[float, float, str]:
    """Build gold as the command does, in a process of its own; CPU of it and its children, wall time, what it says."""
    command = [sys.executable, "-c", "from pipelines.cli import entry; entry()", "gold", "build", "--json"]
    environment = {
        "FIELDSTREAM_HOME": str(settings.home),
        "FIELDSTREAM_TENANT": settings.tenant,
        "PYTHONPATH": str(ROOT),
    }
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run(command, env=environment, capture_output=True, check=False, text=True)
    wall, after = time.monotonic() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise SystemExit(done.stderr)
    said = json.loads(done.stdout)["tables"]
    rows = ", ".join(
        f"{each['table_name'].partition('.')[2]} {each['built']} ({each['days_restated']})" for each in said
    )
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    logging.info("%.1f CPU-s, %.1f s: %s", cpu, wall, rows)
    return cpu, wall, rows


def _registry(lake: Lake, fields: int) -> None:
    about = {
        "latitude_deg": 38.1,
        "longitude_deg": -121.6,
        "elevation_m": 10.0,
        "utc_offset_h": -8.0,
        "wind_height_m": 2.0,
    }
    lake.append("reference.fields", [about | {"field_id": f"field-{n:04}", "crop": "maize", "season_starts": "04-01"}
                                     for n in range(fields)])  # fmt: skip
    lake.append("reference.devices", [{"device_id": f"device-{n:04}", "field_id": f"field-{n:04}",
                                       "valid_from": NEW_YEAR} for n in range(fields)])  # fmt: skip
    lake.create(FLAGS)


def _again(lake: Lake, days: range, devices: range) -> None:
    """Late copies of a day under new keys, a little warmer: every field-day of it changes."""
    _take_in(lake, days, devices, shift=0.5)


def _take_in(lake: Lake, days: range, devices: range, *, but: date | None = None, shift: float = 0.0) -> None:
    """Commit the observations of some days and devices as one file, in the order of time, as intake does."""
    path = lake.path(SILVER) / f"part-{time.monotonic_ns()}.zstd.parquet"
    table_ = lake.create(SILVER)
    first = int((NEW_YEAR + timedelta(hours=8, days=days.start)).timestamp())
    last = int((NEW_YEAR + timedelta(hours=8, days=days.stop)).timestamp())
    noise = "(hash(d, s, p) % 1000) / 1000.0"
    values = " ".join(f"when '{name}' then {sql.format(noise=noise)}" for name, (_, sql) in PROPERTIES.items())
    units = " ".join(f"when '{name}' then '{unit}'" for name, (unit, _) in PROPERTIES.items())
    names = ", ".join(f"'{name}'" for name in PROPERTIES)
    excluded = f"where (s - 28800) // 86400 <> {(but - date(1970, 1, 1)).days}" if but else ""
    typed = ", ".join(f'"{name}"::{type_} as "{name}"' for name, type_ in table(SILVER).duckdb_columns.items())
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute(f"""
            copy (select {typed} from (
                select md5(concat(d, s, {shift})) as event_key, 'bench' as tenant_id,
                    printf('device-%04d', d) as device_id,
                    'tower_weather_station' as sensor_model, p as property, null as channel,
                    case when p = 'soil_moisture' then 10.0 end as depth_cm, {shift} + case p {values} end as value,
                    case p {units} end as unit, 1 as flag, []::varchar[] as reasons, to_timestamp(s) as phenomenon_time,
                    to_timestamp(s + {EVERY_S}) as result_time, s as sequence, 'a' as session,
                    'chirpstack_v4' as format, 'bench.telemetry' as topic, d % 4 as "partition", s as "offset",
                    to_timestamp(s + 3600) as ingest_time
                from (select unnest(range({first}, {last}, {EVERY_S})) as s),
                    (select unnest(range({devices.start}, {devices.stop})) as d), (select unnest([{names}]) as p)
                {excluded}
            )) to '{path}' (format parquet, compression zstd, row_group_size 122880)
        """)  # noqa: S608 - SQL of ours
    metadata = pq.read_metadata(path)
    known = statistics(metadata)
    bounds = {"minValues": {"phenomenon_time": _iso(first)}, "maxValues": {"phenomenon_time": _iso(last)}}
    said = {"numRecords": known["numRecords"], **bounds, "nullCount": {"phenomenon_time": 0}}
    file = DataFile(path.name, path.stat().st_size, metadata.num_rows, json.dumps(said))
    seen = table_.transaction_version("bench")
    append_once(table_, table(SILVER), [file], [Progress("bench", seen, (seen or 0) + 1)])


def _iso(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S.000000Z")


def _admit(lake: Lake) -> None:
    """Say that the gate let everything through, and that nothing spoke against it."""
    version, now = lake.version(SILVER), datetime.now(UTC)
    nothing = dict.fromkeys(("row_count", "expectation_count", "flags_given", "flags_withdrawn"), 0)
    common = nothing | {"from_version": -1, "to_version": version, "decided_at": now}
    verdict = {"table_name": SILVER, "failed_expectations": [], "gate_verdict": "admitted", "suite_digest": "41aa"}
    lake.append(RESULTS, [common | verdict])
    read = {"flag_run": version, "devices_version": 1, "fields_version": 1, "contract_digest": "41aa"}
    lake.append(RUNS, [common | read])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
