"""The Spark session: one way to start it, with Delta and Kafka, in UTC."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.jvm.jars import spark_jars
from pipelines.jvm.java import home_for_spark, java_home
from pipelines.settings import Settings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# A regular expression in py4j's error handling overflows the usual stack. The optimising compiler costs a command
# more CPU than it saves: a gold build took 48 CPU-s without it and 67 to 70 with it over 250,000 observations, 70 and
# 80 over 6.6 million, Python workers included; what is heavy in an intake runs in DuckDB, outside the JVM.
JVM_OPTIONS = "-Xss16m -XX:TieredStopAtLevel=1"
LOG_SETTINGS = Path(__file__).resolve().parents[2] / "infra" / "spark" / "log4j2.properties"


def session(settings: Settings, app_name: str = "fieldstream") -> "SparkSession":
    """Return this process's Spark session, starting it on first use.

    Raises:
        JavaMissing: There is no Java to run it on.
        ServiceUnreachable: Its jars cannot be downloaded.
    """
    from pyspark.sql import SparkSession

    running = SparkSession.getActiveSession()
    if running is not None:
        return running
    os.environ["JAVA_HOME"] = str(home_for_spark(java_home(settings), settings.cache))
    os.environ["PYSPARK_PYTHON"] = sys.executable
    if settings.spark_master.startswith("local"):
        # Else Spark binds to whatever address the machine's name resolves to.
        os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    builder = SparkSession.builder.master(settings.spark_master).appName(app_name)
    return builder.config(map=_configuration(settings)).getOrCreate()


def _configuration(settings: Settings) -> dict[str, str | bool | int | float | None]:
    scratch = settings.home / "scratch" / "spark"
    scratch.mkdir(parents=True, exist_ok=True)
    cores = str(settings.cores)
    return {
        "spark.jars": ",".join(map(str, spark_jars(settings))),
        "spark.driver.memory": "2g",
        "spark.driver.extraJavaOptions": f"{JVM_OPTIONS} -Dlog4j2.configurationFile=file:{LOG_SETTINGS}",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.local.dir": str(scratch),
        "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
        "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
        "spark.sql.warehouse.dir": str(settings.home / "scratch" / "warehouse"),
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.execution.arrow.pyspark.enabled": "true",
        "spark.sql.shuffle.partitions": cores,
        # Delta's own default of 50 makes each commit's bookkeeping the dearest part of a small batch.
        "spark.databricks.delta.snapshotPartitions": cores,
    }
