"""A table's Delta log read by its published protocol alone: which files and progress each version has.

Nothing of the pipeline and no Delta library is used, so that none of their mistakes can hide here.
"""

import json
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pyarrow.parquet as pq


class Broken(Exception):
    """The log does not say what a log must say."""


@dataclass
class Version:
    """What a version of a table consists of."""

    number: int
    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Data files by path, with what the log says of each."""
    progress: dict[str, int] = field(default_factory=dict)
    """Transaction ids and how far each has come."""


class DeltaLog:
    """The commits of one table, each read once."""

    def __init__(self, folder: Path) -> None:
        """Look at a table's folder; it need not be there yet."""
        self.folder = folder
        self._commits: list[list[dict[str, Any]]] = []

    def latest(self) -> int:
        """Read what is new, and return the latest version; -1 where there is none.

        Raises:
            Broken: A commit is missing or is no JSON.
        """
        while (path := self._commit(len(self._commits))).exists():
            self._commits.append(self._read(path))
        beyond = sorted(self.folder.glob("_delta_log/*.json"))
        if beyond and int(beyond[-1].stem) >= len(self._commits):
            later = self._commit(len(self._commits))
            # It may have come between the two looks.
            if not later.exists():
                raise Broken(f"commit {later.name} is missing before {beyond[-1].name}")
            return self.latest()
        return len(self._commits) - 1

    def at(self, number: int) -> Version:
        """Return a version that `latest` has seen."""
        version = Version(number)
        for commit in self._commits[: number + 1]:
            for action in commit:
                _apply(action, version)
        return version

    def checkpoints(self) -> list[Path]:
        """Return the checkpoints on disk."""
        return sorted(self.folder.glob("_delta_log/*.checkpoint.parquet"))

    def checkpoint_differs(self, path: Path) -> str | None:
        """Say in what a checkpoint differs from the commits up to it, None where it does not."""
        rows = pq.read_table(path).to_pylist()
        version = self.at(int(path.name.partition(".")[0]))
        files = {unquote(row["add"]["path"]) for row in rows if row.get("add")}
        progress = {row["txn"]["appId"]: row["txn"]["version"] for row in rows if row.get("txn")}
        if files != version.files.keys():
            return f"{path.name} names other files than the commits"
        return f"{path.name} has other progress than the commits" if progress != version.progress else None

    def _commit(self, number: int) -> Path:
        return self.folder / "_delta_log" / f"{number:020}.json"

    def _read(self, path: Path) -> list[dict[str, Any]]:
        try:
            return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]
        except ValueError as cause:
            raise Broken(f"{path.name} is no JSON: {cause}") from cause


@dataclass(frozen=True)
class Files:
    """What lies in a table's folder beside what its latest version names."""

    folder: Path
    version: Version

    @property
    def paths(self) -> list[str]:
        """The version's data files, absolute."""
        return [str(self.folder / name) for name in self.version.files]

    @cached_property
    def orphans(self) -> list[str]:
        """Data files that the version does not name."""
        return sorted(each.name for each in self.folder.glob("*.parquet") if each.name not in self.version.files)

    def wrong(self) -> list[str]:
        """Return what is wrong with the files that the version names: missing, of another size, of other row counts."""
        found = []
        for name, said in self.version.files.items():
            path = self.folder / name
            if not path.exists():
                found.append(f"{name} is named by the log and is not there")
            elif path.stat().st_size != said["size"]:
                found.append(f"{name} has {path.stat().st_size} bytes, the log says {said['size']}")
            elif said.get("stats") and pq.read_metadata(path).num_rows != json.loads(said["stats"])["numRecords"]:
                found.append(f"{name} has other rows than the log says")
        return found


def _apply(action: dict[str, Any], version: Version) -> None:
    if added := action.get("add"):
        version.files[unquote(added["path"])] = added
    elif removed := action.get("remove"):
        version.files.pop(unquote(removed["path"]), None)
    elif noted := action.get("txn"):
        version.progress[noted["appId"]] = noted["version"]
