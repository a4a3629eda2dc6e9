"""A farm's day, the whole way: from Kafka through the gate and gold to scores, each stage the command of its own."""

from dataclasses import asdict
from pathlib import Path

from pipelines.jobs.reference import load_reference
from pipelines.lake.tables import Lake
from tests.bench.farm_day import FarmDay, device_ids, messages, write_reference
from tests.bench.load import deliver
from tests.bench.parts.scoring import register_model
from tests.bench.process_tree import Usage, measure
from tests.bench.result import Chart, Result, Table, Target, surroundings
from tests.bench.stand import FIELDSTREAM, FOLDER, Stand, WrongRows

STAGES = {
    "take in, embedded engine": ("stream", "--once", "--engine", "embedded"),
    "look at neighbours in time": ("flag",),
    "judge the observations": ("gate", "run", "silver.observations"),
    "build the field's days": ("gold", "build"),
    "score": ("score",),
}
WITHIN_S, WITHIN_MB = 240.0, 3_000.0

METHOD = """\
{devices:,} devices in {fields:,} fields, a message every ten minutes from each: {messages:,} messages and {values:,}
values of one day lie in Kafka. Then one command after another, as an operator or a DAG runs them, each with the start
of its own Python, and of its own JVM where it needs one. The registry of devices and fields is loaded before, a model
that was trained elsewhere is registered in between; what is measured ends with the day's scores. Memory is the highest
sum over a command's processes, once of resident pages, and once of proportional shares: a page that two processes share
counts half for each."""


def run(stand: Stand) -> Result:
    """Measure."""
    found = surroundings()
    day = FarmDay(max(100, stand.options.events // 200))
    deliver(messages(day), stand.address, f"{day.tenant}.telemetry")
    with stand.folder() as home:
        home.mkdir(parents=True)
        load_reference(stand.for_tenant(day.tenant, home), *write_reference(device_ids(day), home))
        usages = _usages(stand, day, home)
        _check(day, home)
    stand.forget(day.tenant)
    return Result(
        "day",
        "A farm's day",
        METHOD.format(devices=day.devices, fields=day.fields, messages=day.messages, values=day.observations),
        found,
        (_table(usages),),
        _targets(day, usages),
        (Chart("day", "A farm's day, by stage", "CPU s", bars={stage: each.cpu_s for stage, each in usages.items()}),),
        measured={stage: asdict(each) for stage, each in usages.items()},
    )


def _usages(stand: Stand, day: FarmDay, home: Path) -> dict[str, Usage]:
    """Measure stage after stage; before the last, register a model that was trained on made-up days elsewhere."""
    environ = stand.environment(day.tenant, home)
    usages = {}
    for number, (stage, words) in enumerate(STAGES.items()):
        if words == ("score",):
            register_model(stand, Lake(home / "lake" / day.tenant))
        usages[stage] = measure([*FIELDSTREAM, *words], environ, FOLDER / f"day-{number}.log")
    return usages


def _check(day: FarmDay, home: Path) -> None:
    """Require that nothing was lost on the way.

    Raises:
        WrongRows: Some table has not the rows that the day must give.
    """
    lake = Lake(home / "lake" / day.tenant)
    forecasts = lake.read("scores.irrigation", columns=["soil_moisture_p50_m3_m3"])
    counted = {
        "messages": lake.open("bronze.events").count(),
        "observations": lake.open("silver.observations").count(),
        "field-days": lake.open("gold.field_daily").count(),
        # Two layers with a sensor, three horizons.
        "forecasts": forecasts.num_rows - forecasts["soil_moisture_p50_m3_m3"].null_count,
    }
    expected = {
        "messages": day.messages, "observations": day.observations, "field-days": day.fields,
        "forecasts": day.fields * 2 * 3,
    }  # fmt: skip
    if counted != expected:
        raise WrongRows(f"a farm's day: expected {expected}, got {counted}")


def _table(usages: dict[str, Usage]) -> Table:
    rows = [
        (
            stage, f"{each.wall_s:.1f}", f"{each.cpu_s:.1f}", f"{each.peak_rss_bytes / 1e6:,.0f}",
            f"{each.peak_pss_bytes / 1e6:,.0f}",
        )
        for stage, each in usages.items()
    ]  # fmt: skip
    whole = (
        "the whole way", f"{sum(each.wall_s for each in usages.values()):.1f}",
        f"{sum(each.cpu_s for each in usages.values()):.1f}",
        f"{max(each.peak_rss_bytes for each in usages.values()) / 1e6:,.0f}",
        f"{max(each.peak_pss_bytes for each in usages.values()) / 1e6:,.0f}",
    )  # fmt: skip
    return Table("By stage", ("", "wall s", "CPU s", "resident MB", "proportional MB"), (*rows, whole))


def _targets(day: FarmDay, usages: dict[str, Usage]) -> tuple[Target, ...]:
    wall_s = sum(each.wall_s for each in usages.values())
    memory_mb = max(each.peak_rss_bytes for each in usages.values()) / 1e6
    what = f"a day of {day.devices:,} devices"
    return (
        Target("day_wall", f"{what}, seconds from Kafka to scores", wall_s, WITHIN_S, at_least=False),
        Target("day_memory", f"{what}, memory, MB", memory_mb, WITHIN_MB, at_least=False),
    )
