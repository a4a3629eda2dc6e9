"""Spark: one way to start it, with Delta and Kafka, in UTC."""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.errors import SparkNotStarted
from pipelines.jvm.class_archive import TO_WRITE, class_archive
from pipelines.jvm.jars import spark_jars
from pipelines.jvm.java import home_for_spark, java_home
from pipelines.light import spark_without_pandas
from pipelines.settings import Settings

if TYPE_CHECKING:
    from pyspark import SparkContext
    from pyspark.sql import SparkSession

# A regular expression in py4j's error handling overflows the usual stack. The optimising compiler costs a command
# more CPU than it saves: a gold build took 48 CPU-s without it and 67 to 70 with it over 250,000 observations, 70 and
# 80 over 6.6 million, Python workers included; what is heavy in an intake runs in DuckDB, outside the JVM.
JVM_OPTIONS = "-Xss16m -XX:TieredStopAtLevel=1"
LOG_SETTINGS = Path(__file__).resolve().parents[2] / "infra" / "spark" / "log4j2.properties"


def session(settings: Settings) -> "SparkSession":
    """Return this process's Spark session, starting it on first use.

    Raises:
        As `context`.
    """
    from pyspark.sql import SparkSession

    context(settings)
    return SparkSession.builder.getOrCreate()


def context(settings: Settings) -> "SparkContext":
    """Return this process's Spark, starting it on first use, without SQL: that alone costs as much as Java's start.

    Raises:
        JavaMissing: There is no Java to run it on.
        SparkNotStarted: Java ended meanwhile, or Spark refused what it was told.
        ServiceUnreachable: Its jars cannot be downloaded.
    """
    from py4j.protocol import Py4JError
    from pyspark import SparkConf, SparkContext
    from pyspark.errors import PySparkRuntimeError

    spark_without_pandas()
    java = java_home(settings)
    os.environ["JAVA_HOME"] = str(home_for_spark(java, settings.cache))
    os.environ["PYSPARK_PYTHON"] = sys.executable
    if settings.spark_master.startswith("local"):
        # Else Spark binds to whatever address the machine's name resolves to.
        os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    configured = SparkConf(loadDefaults=False).setMaster(settings.spark_master).setAppName("fieldstream")
    configured.setAll(list(_configuration(settings, java).items()))
    with _interrupted_as_before():
        try:
            return SparkContext.getOrCreate(configured)
        except (PySparkRuntimeError, Py4JError, OSError) as cause:
            raise SparkNotStarted(str(java), " ".join(str(cause).split())[:300]) from cause


@contextmanager
def _interrupted_as_before() -> Iterator[None]:
    """Leave Ctrl-C to whoever had it: Spark would cancel the batch under way, which a stream wants to finish."""
    handler = signal.getsignal(signal.SIGINT)
    try:
        yield
    finally:
        if handler is not None and threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, handler)


def _configuration(settings: Settings, java: Path) -> dict[str, str]:
    scratch = settings.home / "scratch" / "spark"
    scratch.mkdir(parents=True, exist_ok=True)
    cores = str(settings.cores)
    jars = spark_jars(settings)
    options = [JVM_OPTIONS, f"-Dlog4j2.configurationFile=file:{LOG_SETTINGS}", *_sharing(settings, java, jars)]
    return {
        **_on_class_path(settings, jars),
        "spark.driver.memory": "2g",
        "spark.driver.extraJavaOptions": " ".join(options),
        "spark.python.daemon.module": "pipelines.jvm.daemon",
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


def _on_class_path(settings: Settings, jars: list[Path]) -> dict[str, str]:
    """Give the driver its jars from the start, for later ones are not shared; executors elsewhere are sent them."""
    sent = {} if settings.spark_master.startswith("local") else {"spark.jars": ",".join(map(str, jars))}
    return {"spark.driver.extraClassPath": os.pathsep.join(map(str, jars)), **sent}


def _sharing(settings: Settings, java: Path, jars: list[Path]) -> list[str]:
    """Return the options by which Java maps Spark's classes from the archive, or writes it."""
    to_write = os.environ.get(TO_WRITE)
    if to_write:
        return [f"-XX:ArchiveClassesAtExit={to_write}", "-Xlog:disable"]
    archive = class_archive(settings, java, jars)
    # What does not fit the archive any more is read from the jars, without a word about it.
    return [f"-XX:SharedArchiveFile={archive}", "-Xshare:auto", "-Xlog:disable"] if archive else []
