"""What workers return, refuse or die of arrives at the driver as what it is."""

import os
import signal
from typing import TYPE_CHECKING, Any

import pytest
from py4j.protocol import Py4JJavaError

from pipelines.errors import DataRefused, WorkerLost
from pipelines.jvm.workers import run_in_workers

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark


def lost(cause: str) -> WorkerLost:
    return WorkerLost("counted", "the test", cause, "smaller numbers need less")


def test_results_come_in_the_order_of_their_parts(spark: "SparkSession") -> None:
    driver = os.getpid()
    found = run_in_workers(spark.sparkContext, lambda number: (number**2, os.getpid() != driver), [3, 1, 2], lost)
    assert found == [(9, True), (1, True), (4, True)]


def test_without_a_part_there_is_no_task(spark: "SparkSession") -> None:
    assert run_in_workers(spark.sparkContext, abs, [], lost) == []


def test_a_refusal_is_the_sentence_that_the_worker_wrote(spark: "SparkSession") -> None:
    def refuse(number: int) -> int:
        if number == 2:
            raise DataRefused("Two is refused", where="the test", expected="1", got="2", fix="Count to one.")
        return number

    with pytest.raises(DataRefused, match=r"^Two is refused \(the test\): expected 1, got 2\. Count to one\.$"):
        run_in_workers(spark.sparkContext, refuse, [1, 2], lost)


def test_a_worker_that_is_killed_is_one_sentence(spark: "SparkSession") -> None:
    def die(_: Any) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    with pytest.raises(WorkerLost, match=r"while it counted \(the test\): .* mostly memory: smaller numbers need less"):
        run_in_workers(spark.sparkContext, die, [1], lost)


def test_a_bug_stays_a_bug(spark: "SparkSession") -> None:
    with pytest.raises(Py4JJavaError, match="ZeroDivisionError"):
        run_in_workers(spark.sparkContext, lambda number: 1 // number, [0], lost)
