"""Work in Spark's Python workers: a task for each part, plain values back, and errors as they were raised."""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from pipelines.errors import FieldstreamError, WorkerLost

if TYPE_CHECKING:
    from pyspark import SparkContext

Part = TypeVar("Part")
Result = TypeVar("Result")

# How Spark's own reader of a worker's answers says that there is nobody any more (PythonRunner).
_WORKER_GONE = re.compile(r"Python worker exited unexpectedly \(crashed\)")


def run_in_workers(
    spark: "SparkContext",
    work: Callable[[Part], Result],
    parts: Sequence[Part],
    lost: Callable[[str], WorkerLost],
) -> list[Result]:
    """Do the work on each part in a task of its own, and return the results in the order of the parts.

    `lost` makes the error for a worker that is no more, from what Spark said of it.

    Raises:
        FieldstreamError: As the work raised it in a worker.
        WorkerLost: A worker was killed.
    """

    def done(part: Part) -> Result | FieldstreamError:
        # Raised in a worker, it would reach the driver as the text of a Java exception.
        try:
            return work(part)
        except FieldstreamError as error:
            return error

    with _named(lost):
        answers = spark.parallelize(parts, len(parts)).map(done).collect() if parts else []
    results = []
    for answer in answers:
        if isinstance(answer, FieldstreamError):
            raise answer
        results.append(answer)
    return results


@contextmanager
def _named(lost: Callable[[str], WorkerLost]) -> Iterator[None]:
    """Tell a worker that is no more, which says nothing of the code, from an error in the code."""
    from py4j.protocol import Py4JJavaError

    try:
        yield
    except Py4JJavaError as error:
        if found := _WORKER_GONE.search(str(error)):
            raise lost(found.group()) from error
        raise
