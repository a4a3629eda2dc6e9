"""Who made a commit: host, process and since when it has been at work, in the log beside the commit."""

import os
import socket
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache

import psutil
from deltalake import DeltaTable

from pipelines.errors import DataRefused
from pipelines.lake.slices import actions

HOST, PID, SINCE = "writer.host", "writer.pid", "writer.since"
MARK = "writer.mark"

_LOOKED_AT = 50


def signature() -> dict[str, str]:
    """Return what tells this process from every other, as a commit's information holds it."""
    return {HOST: socket.gethostname(), PID: str(os.getpid()), SINCE: _since(os.getpid())}


def mark() -> dict[str, str]:
    """Return what tells a commit from every other, as its information holds it."""
    return {MARK: uuid.uuid4().hex}


def is_in_log(table: DeltaTable, since: int, marked: Mapping[str, str]) -> bool:
    """Say whether one of the commits after a version is the one that was marked so."""
    commits = (action for each in range(since + 1, table.version() + 1) for action in actions(table, each))
    return any(action.get("commitInfo", {}).get(MARK) == marked[MARK] for action in commits)


def last_writer(table: DeltaTable, app_id: str) -> str | None:
    """Say in a clause who last moved a transaction id; None where the last few commits do not tell."""
    for version in range(table.version(), max(table.version() - _LOOKED_AT, -1), -1):
        try:
            commit = list(actions(table, version))
        except DataRefused:  # the log was cleaned up to here
            return None
        if any(action.get("txn", {}).get("appId") == app_id for action in commit):
            return _told(next((action["commitInfo"] for action in commit if "commitInfo" in action), {}))
    return None


def _told(commit: dict[str, str]) -> str | None:
    if not {HOST, PID, SINCE} <= commit.keys():
        return None
    return f"process {commit[PID]} on host {commit[HOST]}, which began at {commit[SINCE]}"


@lru_cache
def _since(pid: int) -> str:
    began = datetime.fromtimestamp(psutil.Process(pid).create_time(), UTC)
    return began.isoformat(timespec="seconds").replace("+00:00", "Z")
