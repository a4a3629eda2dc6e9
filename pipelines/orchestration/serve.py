"""Airflow's own commands, one after another in this process, as `pipelines.local.airflow` asks for them."""

import json
import os
import sys
import traceback
from contextlib import suppress
from pathlib import Path


def _serve() -> None:
    """Run what comes by standard input, a command a line, and answer each with its exit code."""
    # Of our own: what runs here may read and write the standard ones.
    with os.fdopen(os.dup(0)) as requests, os.fdopen(os.dup(1), "w") as answers:
        with Path(os.devnull).open() as nothing:
            os.dup2(nothing.fileno(), 0)
        for request in requests:
            log, *arguments = json.loads(request)
            answers.write(f"{_run(log, arguments)}\n")
            answers.flush()


def _run(log: str, arguments: list[str]) -> int:
    with Path(log).open("wb") as file:
        for standard in (1, 2):
            os.dup2(file.fileno(), standard)
    sys.argv = ["airflow", *arguments]
    try:
        from airflow.__main__ import main

        main()  # type: ignore[no-untyped-call]  # Airflow says nothing of its types
    except SystemExit as ended:
        if isinstance(ended.code, str):
            sys.stderr.write(f"{ended.code}\n")
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except Exception:  # noqa: BLE001 - whatever it is ends this command alone, as it would end a process of its own
        traceback.print_exc()
        return 1
    finally:
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        _serve()
    # Taking apart what was loaded would take seconds, and leave nothing else behind.
    os._exit(0)
