"""Run commands in processes forked from one that has imported what they need: a process each, at a fraction of a start.

Requests come as lines of JSON on stdin, answers go to stdout: `{"argv": [...], "environ": {...}, "into": PATH}` begins
a command, with PATH.out and PATH.err as its output, and is answered with its `pid`; `{"wait": PID}` is answered with
its exit `code`, negative for the signal that killed it. A forked process reads its failpoints from its own environment.
"""

import importlib
import json
import os
import sys
import traceback
from functools import cache
from pathlib import Path
from typing import Any

from pipelines import failpoints
from pipelines.cli import main

# What each command imports where it needs it. Neither Spark nor a thread: a fork would not survive them.
_MODULES = {
    "stream": ("pipelines.jobs.ingest", "confluent_kafka", "kafka", "duckdb", "pyarrow.dataset"),
    "flag": ("pipelines.jobs.flag", "duckdb", "pyarrow.dataset"),
    "gate": ("pipelines.jobs.gate", "pipelines.gate.suite", "pipelines.gate.view", "duckdb", "pyarrow.dataset"),
    "maintain": ("pipelines.jobs.maintain", "pyarrow.dataset"),
    "quarantine": ("pipelines.jobs.quarantine", "pipelines.quarantine.redrive", "duckdb", "pyarrow.dataset"),
    "reference": ("pipelines.jobs.reference", "pyarrow.dataset"),
}


def serve() -> None:
    """Answer requests until stdin ends."""
    for line in sys.stdin:
        request = json.loads(line)
        answer = {"code": _ended(request["wait"])} if "wait" in request else {"pid": _begun(request)}
        print(json.dumps(answer), flush=True)  # noqa: T201 - the answer


@cache
def _warm(command: str) -> None:
    """Import what a command will, before the first time that it is forked."""
    from pipelines.gate.loading import load
    from pipelines.kernel.steps import steps

    for name in _MODULES.get(command, ()):
        importlib.import_module(name)
    if command == "gate":
        load()
    elif command == "stream":
        steps()


def _ended(pid: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def _begun(request: dict[str, Any]) -> int:
    _warm(request["argv"][0])
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            code = _run(request)
        except BaseException:  # noqa: BLE001 - nothing of the child may go on as if it were the parent
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    return pid


def _run(request: dict[str, Any]) -> int:
    os.setsid()
    os.environ.clear()
    os.environ.update(request["environ"])
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for stream, suffix in ((1, "out"), (2, "err")):
        os.dup2(os.open(Path(f"{request['into']}.{suffix}"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644), stream)
    importlib.reload(failpoints)
    return main(request["argv"], os.environ)


if __name__ == "__main__":
    serve()
