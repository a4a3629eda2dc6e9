"""Judge observations by their neighbours in time: spikes, steps, flat lines, gaps, clocks, sun and water."""

from datetime import UTC, datetime

from pipelines.lake.flagged import FLAGS, OBSERVATIONS, RUNS
from pipelines.lake.tables import Lake
from pipelines.quality.run import FlagRun, run
from pipelines.settings import Settings
from pipelines.soundness.damage import require_sound


def flag(settings: Settings) -> FlagRun:
    """Judge what is new in silver.observations, and whatever that bears on.

    Raises:
        DataRefused: There are no observations yet.
        WriterConflict: Another run is at work; nothing was committed.
        LakeDamaged: A table is not as it was written.
    """
    lake = Lake(settings.lake)
    require_sound(lake, (OBSERVATIONS, FLAGS, RUNS, "reference.devices", "reference.fields"))
    return run(lake, datetime.now(UTC))
