"""An hour, or as long as asked, of a stream that has nothing to grow."""

from collections.abc import Sequence
from dataclasses import asdict

from pipelines.lake.retention import COMMITS_KEPT
from pipelines.lake.tables import Lake
from pipelines.simulate.farm import Farm
from tests.bench.result import Chart, Result, Table, Target, surroundings
from tests.bench.soak import DEVICES, MAINTENANCES, RATE, WARM_UP_SHARE, Soak, soak
from tests.bench.stand import Stand

WINDOWS = 12
SHORTEST_WINDOW_S = 20
TENANT = "soak"

METHOD = """\
Into tables of {before:,} commits, as many as a log keeps, the embedded engine takes in {rate:,} messages a second of
{devices:,} devices for {minutes:.0f} minutes, at its own pace, with `fieldstream maintain --apply` every {round_s:.0f}
seconds, and `flag` and `gate run` every {window_s:.0f}, under `nice`, all on the same two cores as the producer and the
broker. A day of the devices' passes in {day_s:.0f} seconds. Of each {window_s:.0f} seconds the most that was seen
counts, and of memory the median besides. The first half is left to what is loaded once. Through the rest a line is
laid, and growth is how far it rises, as a share of the mean."""

# What is judged, how it is called, and the share by which it may grow.
JUDGED = {
    "memory_mb": ("memory, MB", 0.05),
    "peak_mb": ("memory at its peak, MB", 0.1),
    "threads": ("threads", 0.02),
    "descriptors": ("file descriptors", 0.05),
    "files": ("files of both tables", 0.1),
    "log_files": ("files of both logs", 0.1),
    "played_back": ("commits since a checkpoint", 0.1),
}


def run(stand: Stand) -> Result:
    """Measure, for as long as `--seconds` says, four minutes at least."""
    window_s = max(SHORTEST_WINDOW_S, stand.options.latency_s / WINDOWS)
    found = surroundings()
    with stand.folder() as folder:
        environ, lake = stand.environment(TENANT, folder), Lake(folder / "lake" / TENANT)
        seen = soak(
            environ, lake, f"{TENANT}.telemetry", stand.address, windows=WINDOWS, window_s=window_s, before=COMMITS_KEPT
        )
    return Result(
        "soak",
        "Going on",
        METHOD.format(
            rate=RATE,
            devices=DEVICES,
            minutes=WINDOWS * window_s / 60,
            window_s=window_s,
            round_s=window_s / MAINTENANCES,
            before=COMMITS_KEPT,
            day_s=DEVICES * 86_400 / Farm.cadence_s / RATE,
        ),
        found,
        (_figures(seen), _totals(seen)),
        (
            *(
                Target(f"soak_{name}", f"growth of a stream's {what}", seen.growth(name), most, at_least=False)
                for name, (what, most) in JUDGED.items()
            ),
            Target("soak_behind", "seconds from the last message to the last row", seen.behind_s, 5.0, at_least=False),
        ),
        (
            Chart(
                "soak",
                "Memory of a stream that goes on",
                "MB",
                x_label="minute",
                lines={
                    "median": _over_minutes([each.memory_mb for each in seen.windows], window_s),
                    "peak": _over_minutes([each.peak_mb for each in seen.windows], window_s),
                },
                over_time=True,
            ),
        ),
        measured=asdict(seen),
    )


def _over_minutes(values: Sequence[float], window_s: float) -> list[tuple[float, float]]:
    return [(number * window_s / 60, value) for number, value in enumerate(values, 1)]


def _figures(seen: Soak) -> Table:
    judged = seen.windows[round(len(seen.windows) * WARM_UP_SHARE) :]
    return Table(
        "What a stream holds",
        ("", "least", "most", "last", "growth"),
        tuple(
            (
                what,
                f"{min(getattr(each, name) for each in judged):,.0f}",
                f"{max(getattr(each, name) for each in judged):,.0f}",
                f"{getattr(judged[-1], name):,.0f}",
                f"{seen.growth(name):+.1%}",
            )
            for name, (what, _) in JUDGED.items()
        ),
    )


def _totals(seen: Soak) -> Table:
    return Table(
        "What it took in",
        ("messages", "observations", "batches"),
        ((f"{seen.records:,}", f"{seen.observations:,}", f"{seen.batches:,}"),),
    )
