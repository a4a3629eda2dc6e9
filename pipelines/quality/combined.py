"""The flag that counts: the worst of what the kernel and the neighbours say of an observation."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812 - Spark's own habit
from pyspark.sql.window import Window

from pipelines.lake.flagged import KEY


def combined(observations: DataFrame, flags: DataFrame) -> DataFrame:
    """Give observations the worst of their flags, and all reasons.

    The same as silver.observations_current, for Spark. 9 (missing) stays 9.

    Shape: rows and columns of the observations.

    Args:
        observations: silver.observations.
        flags: silver.flags.
    """
    newest_first = Window.partitionBy(*KEY, "reason").orderBy(F.desc("flag_run"))
    standing = flags.withColumn("age", F.row_number().over(newest_first)).where("age = 1 and flag > 1")
    worst = standing.groupBy(*KEY).agg(
        F.max("flag").alias("worst"), F.sort_array(F.collect_list("reason")).alias("also")
    )
    same = [F.col(f"o.{name}").eqNullSafe(F.col(f"w.{name}")) for name in KEY]
    joined = observations.alias("o").join(F.broadcast(worst.alias("w")), on=same, how="left")
    replaced = {
        "flag": F.greatest(F.col("o.flag"), F.coalesce("worst", F.lit(1))),
        "reasons": F.concat(F.col("o.reasons"), F.coalesce("also", F.array().cast("array<string>"))),
    }
    return joined.select(*(replaced.get(name, F.col(f"o.{name}")).alias(name) for name in observations.columns))
