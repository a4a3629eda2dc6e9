"""Build gold.field_daily from the admitted version of silver, and say what that changed."""

import json
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from pipelines import failpoints
from pipelines.agronomy.reference_et import METHOD
from pipelines.contracts.sensors import sensors
from pipelines.contracts.tables import table
from pipelines.errors import DataRefused, GateHeld
from pipelines.lake.admitted import NEVER, RELEASES, RESULTS, admitted
from pipelines.lake.damage import require_sound
from pipelines.lake.flagged import FLAGS, RUNS, flagged_version
from pipelines.lake.tables import Lake
from pipelines.settings import Settings

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

TABLE = "gold.field_daily"
SILVER = "silver.observations"
REFERENCES = ("reference.devices", "reference.fields")


@dataclass(frozen=True)
class GoldReport:
    """What gold was built from, and which field-days it changed; no dates where none were restated."""

    table_name: str
    built: bool
    silver_version: int
    gold_version: int
    rows: int
    days_added: int
    days_restated: int
    days_removed: int
    restated_from: date | None
    restated_to: date | None


def build_gold(settings: Settings) -> GoldReport:
    """Build the table anew where what it is made from has changed since; else write nothing.

    Raises:
        GateHeld: The gate has admitted no version of silver yet.
        DataRefused: A reference table is not there, or nobody has looked at the neighbours of what was admitted.
        LakeDamaged: A table is not as it was written.
    """
    from pipelines.jvm.spark import session

    lake = Lake(settings.lake)
    require_sound(lake, (TABLE, SILVER, FLAGS, RUNS, RESULTS, RELEASES, *REFERENCES))
    made_from = _made_from(lake)
    before = lake.create(TABLE).version()
    if _recorded(lake) == made_from:
        return _unchanged(lake, made_from[SILVER])
    spark = session(settings)
    failpoints.reach(failpoints.Seam.GOLD_PLANNED)
    _write(_built(spark, lake, made_from), lake, made_from, before)
    failpoints.reach(failpoints.Seam.GOLD_COMMITTED)
    return _changes(spark, lake, made_from[SILVER], before)


def _made_from(lake: Lake) -> dict[str, Any]:
    """Everything the result is a function of, but the code: versions of tables, intervals of sensors, the formula."""
    standing = admitted(lake, SILVER)
    if standing.version == NEVER:
        raise GateHeld(
            "There is nothing to build gold from",
            where=f"table {SILVER}",
            expected="a version that the gate has admitted",
            got="none",
            fix=f"Run 'fieldstream gate run {SILVER}' first; 'fieldstream gate status' says what is held and why.",
        )
    if flagged_version(lake) < standing.version:
        raise _not_flagged(flagged_version(lake), standing.version)
    versions = {name: lake.open(name).version() for name in (*REFERENCES, FLAGS)}
    held = [[slice_.from_version, slice_.to_version] for slice_ in standing.held]
    others = {"held_slices": held, "averaging_intervals_s": _intervals_s(), "eto_method": METHOD}
    return {SILVER: standing.version, **versions, **others}


def _not_flagged(flagged: int, admitted: int) -> DataRefused:
    return DataRefused(
        "Observations have not been held against their neighbours yet",
        where=f"table {SILVER}",
        expected=f"flags up to the admitted version {admitted}",
        got="none" if flagged == NEVER else f"flags up to version {flagged}",
        fix="Run 'fieldstream flag' first.",
    )


def _intervals_s() -> dict[str, int]:
    return {model: sensor.averaging_interval_s for model, sensor in sensors().items()}


def _recorded(lake: Lake) -> dict[str, Any] | None:
    """What the table as it stands was made from, as its last build noted in the log."""
    # Maintenance commits carry no note.
    notes = (commit.get("userMetadata") for commit in lake.open(TABLE).history())
    newest = next((note for note in notes if note), None)
    recorded: dict[str, Any] | None = json.loads(newest) if newest else None
    return recorded


def _built(spark: "SparkSession", lake: Lake, made_from: dict[str, Any]) -> "DataFrame":
    from pipelines.gold import field_daily
    from pipelines.quality.combined import combined

    observations, flags, devices, fields = (
        _read(spark, lake, name, made_from[name]) for name in (SILVER, FLAGS, *REFERENCES)
    )
    every = _intervals_s()
    intervals = pa.table(
        {"sensor_model": list(every), "averaging_interval_s": pa.array(every.values(), pa.int32())},
    )
    usable = admitted(lake, SILVER).among(observations)
    return field_daily.build(
        combined(usable, flags),
        devices,
        fields,
        spark.createDataFrame(intervals),
        silver_version=made_from[SILVER],
    )


def _read(spark: "SparkSession", lake: Lake, name: str, version: int) -> "DataFrame":
    return spark.read.format("delta").option("versionAsOf", version).load(str(lake.path(name)))


def _write(built: "DataFrame", lake: Lake, made_from: dict[str, Any], before: int) -> None:
    # The transaction id lets one of two builders that start from the same version write, and no retry write twice.
    once = built.write.format("delta").option("txnAppId", TABLE).option("txnVersion", before + 1)
    noted = once.option("userMetadata", json.dumps(made_from, sort_keys=True))
    noted.mode("overwrite").save(str(lake.path(TABLE)))


def _unchanged(lake: Lake, silver_version: int) -> GoldReport:
    opened = lake.open(TABLE)
    return GoldReport(TABLE, False, silver_version, opened.version(), opened.count(), 0, 0, 0, None, None)


def _changes(spark: "SparkSession", lake: Lake, silver_version: int, before: int) -> GoldReport:
    """Compare the table with its version before, field-day by field-day."""
    from pyspark.sql import functions as F  # noqa: N812 - Spark's own habit

    after = lake.open(TABLE).version()
    contract = table(TABLE)
    key, unsaid = list(contract.key), {*contract.key, "silver_version"}
    said = F.struct(*(name for name in contract.column_names if name not in unsaid))
    now, then = (
        _read(spark, lake, TABLE, version).select(*key, said.alias(side))
        for version, side in ((after, "now"), (before, "then"))
    )
    is_added, is_removed = F.col("then").isNull(), F.col("now").isNull()
    is_restated = ~is_added & ~is_removed & ~F.col("now").eqNullSafe(F.col("then"))
    (counted,) = (
        now.join(then, on=key, how="full")
        .agg(
            F.count("now").alias("rows"),
            F.count_if(is_added).alias("days_added"),
            F.count_if(is_restated).alias("days_restated"),
            F.count_if(is_removed).alias("days_removed"),
            F.min(F.when(is_restated, F.col("date"))).alias("restated_from"),
            F.max(F.when(is_restated, F.col("date"))).alias("restated_to"),
        )
        .collect()
    )
    return GoldReport(TABLE, True, silver_version, after, **counted.asDict())
