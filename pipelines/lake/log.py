"""The Delta log as it lies there: which files there are, and what each says, or why it says nothing.

Read without a Delta library: those take a commit without a byte for one that changes nothing, and end at a torn one
without naming it.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pipelines.places import Place, for_arrow

LAST_CHECKPOINT = "_last_checkpoint"
ACTIONS = "file_and_transaction_actions"
"""Under this a commit says how many it has: one cut off between two lines is JSON still."""

_COMMIT = re.compile(r"(\d{20})\.json")
_CHECKPOINT = re.compile(r"(\d{20})\.checkpoint(?:\.(\d{10})\.(\d{10}))?\.parquet")
_KEPT = ("add.path", "add.size", "add.stats", "remove.path", "txn.appId", "txn.version", "metaData.id")

Action = dict[str, Any]


class Unreadable(Exception):
    """A file of the log does not say what it is there to say."""

    def __init__(self, expected: str, got: str) -> None:
        """Keep both."""
        self.expected, self.got = expected, got
        super().__init__(f"expected {expected}, got {got}")


@dataclass(frozen=True)
class Log:
    """The files of a table's log, by version."""

    commits: dict[int, Place]
    checkpoints: dict[int, tuple[Place, ...]]
    """All parts of each."""
    hint_text: str | None
    """What `_last_checkpoint` says; None where there is no such file."""

    @property
    def latest(self) -> int:
        """Version of the newest commit; -1 without any."""
        return max(self.commits, default=-1)

    def hint(self) -> tuple[int, int | None] | None:
        """Return the version and the size in bytes that `_last_checkpoint` says; None where there is no such file.

        Raises:
            Unreadable: It names no version.
        """
        if self.hint_text is None:
            return None
        try:
            said = json.loads(self.hint_text)
            return int(said["version"]), said.get("sizeInBytes")
        except (ValueError, KeyError, TypeError) as cause:
            raise Unreadable("the version of the newest checkpoint, as JSON", _start(self.hint_text)) from cause


def listed(table_folder: Place) -> Log:
    """List a table's log; an empty one where there is none."""
    folder = table_folder / "_delta_log"
    # Before the files: a checkpoint that is written meanwhile is not looked for.
    hint_text = _text(folder / LAST_CHECKPOINT)
    commits: dict[int, Place] = {}
    checkpoints: dict[int, tuple[Place, ...]] = {}
    found: list[Place] = [*folder.iterdir()] if folder.is_dir() else []
    for path in sorted(found, key=lambda each: each.name):
        if commit := _COMMIT.fullmatch(path.name):
            commits[int(commit[1])] = path
        elif checkpoint := _CHECKPOINT.fullmatch(path.name):
            version = int(checkpoint[1])
            checkpoints[version] = (*checkpoints.get(version, ()), path)
    return Log(commits, checkpoints, hint_text)


def _text(path: Place) -> str | None:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return None


def commit_actions(path: Place) -> list[Action]:
    """Return what a commit does.

    Raises:
        Unreadable: It is empty, cut off or garbled, or does less than it says.
        FileNotFoundError: It has gone since it was listed.
    """
    raw = path.read_bytes()
    if not raw.strip(b"\0 \r\n"):
        raise Unreadable("a commit", f"{len(raw)} bytes that say nothing")
    actions = list(_parsed(raw))
    about = _about(actions)
    files, transactions = (sum(kind in each for each in actions) for kind in ("add", "txn"))
    added, both = (about.get("operationMetrics") or {}).get("num_added_files"), about.get(ACTIONS)
    if isinstance(added, int) and added != files:
        raise Unreadable(f"{added} files added, as it says of itself", str(files))
    if both is not None and int(both) != files + transactions:
        raise Unreadable(f"{both} files and transactions, as it says of itself", str(files + transactions))
    return actions


def commit_time_ms(path: Place) -> int:
    """Return when a commit says it was made; one that does not, or cannot be read, is as old as its file.

    Raises:
        FileNotFoundError: It has gone since it was listed.
    """
    try:
        said = _about(commit_actions(path)).get("timestamp")
    except Unreadable:
        said = None
    return int(said or path.stat().st_mtime * 1000)


def _about(actions: list[Action]) -> Action:
    return next((action["commitInfo"] for action in actions if "commitInfo" in action), Action())


def checkpoint_actions(parts: tuple[Place, ...]) -> list[Action]:
    """Return the state that a checkpoint holds, as actions.

    Raises:
        Unreadable: A part is missing or is no whole Parquet file.
        FileNotFoundError: It has gone since it was listed.
    """
    # Commands that only read a commit have no use for it.
    import pyarrow as pa
    import pyarrow.parquet as pq

    number = _CHECKPOINT.fullmatch(parts[0].name)
    wanted = int(number[3]) if number and number[3] else 1
    if len(parts) != wanted:
        raise Unreadable(f"{wanted} parts", str(len(parts)))
    actions = []
    for part in parts:
        try:
            # Not pq.read_table(): it brings in all that datasets need.
            (path,), filesystem = for_arrow([part])
            rows = pq.ParquetFile(path, filesystem=filesystem).read(columns=list(_KEPT))
        except (pa.ArrowException, OSError) as cause:
            if isinstance(cause, FileNotFoundError):
                raise
            raise Unreadable("a checkpoint, a whole Parquet file", _start(str(cause))) from cause
        actions += [{kind: said for kind, said in row.items() if said and any(said.values())}
                    for row in rows.to_pylist()]  # fmt: skip
    if not any("metaData" in each for each in actions):
        raise Unreadable("a checkpoint with the table's schema", f"{len(actions)} actions without one")
    return actions


def _parsed(raw: bytes) -> Iterator[Action]:
    lines = raw.decode("utf-8", "replace").splitlines()
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            action = json.loads(line)
        except ValueError as cause:
            where = "a last line cut off" if number == len(lines) else f"a line {number} that is garbled"
            raise Unreadable("one JSON object a line", f"{where}: {_start(line)}") from cause
        if not isinstance(action, dict):
            raise Unreadable("one JSON object a line", f"line {number}: {_start(line)}")
        yield action


def _start(text: str) -> str:
    words = " ".join(text.split())
    return (words if len(words) <= 60 else f"{words[:60]}...") or "nothing"
