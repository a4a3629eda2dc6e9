"""A Spark session with Delta that does nothing: the measure for how fast light commands start."""

import sys

from tests.bench.programs.tutorial_job import session

if __name__ == "__main__":
    started = session(sys.argv[1])
    started.range(1).count()
    started.stop()
