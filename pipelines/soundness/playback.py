"""What a table is made of after each commit, played back from its log, and where the log contradicts itself."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from pipelines.lake.log import Action


@dataclass(frozen=True)
class Listed:
    """A data file as the log describes it."""

    path: str
    size_bytes: int
    statistics: str | None
    """JSON, as the log has it."""
    version: int
    """Version that added it; for one known from a checkpoint alone, that of the checkpoint."""

    @property
    def row_count(self) -> int | None:
        """How many rows it has; None where the log does not say."""
        count = self._said().get("numRecords")
        return None if count is None else int(count)

    def highest(self, column: str) -> Any:
        """Return the greatest value of a column; None where the log does not say."""
        return self._said().get("maxValues", {}).get(column)

    def _said(self) -> dict[str, Any]:
        said: dict[str, Any] = json.loads(self.statistics) if self.statistics else {}
        return said


@dataclass(frozen=True)
class Contradiction:
    """Something in a commit that cannot be, after all that came before."""

    expected: str
    got: str
    doubtful_from: int
    """First version that may be wrong by it."""


@dataclass
class State:
    """The files of a table and the progress noted in it, after some version."""

    version: int = -1
    files: dict[str, Listed] = field(default_factory=dict)
    replaced: set[str] = field(default_factory=set)
    """Files that it had before, and that may still lie there."""
    progress: dict[str, int] = field(default_factory=dict)
    """Version of each transaction id."""
    noted_in: dict[str, int] = field(default_factory=dict)
    """Version of the table in which each was noted last."""

    def apply(self, version: int, actions: Iterable[Action]) -> list["Contradiction"]:
        """Go on to a version, and return what contradicts all that came before."""
        contradictions = []
        removed, added = [], []
        for action in actions:
            if said := action.get("add"):
                added.append(said)
            elif said := action.get("remove"):
                removed.append(unquote(said["path"]))
            elif said := action.get("txn"):
                contradictions += self._note(said["appId"], int(said["version"]), version)
        for path in removed:
            if self.files.pop(path, None) is None and path not in self.replaced:
                contradictions.append(Contradiction("files taken back that an earlier version added", path, version))
            self.replaced.add(path)
        for said in added:
            contradictions += self._add(said, version)
        self.version = version
        return contradictions

    def _note(self, app_id: str, to: int, version: int) -> list["Contradiction"]:
        before, noted_in = self.progress.get(app_id), self.noted_in.get(app_id, version)
        self.progress[app_id], self.noted_in[app_id] = to, version
        if before is None or to > before:
            return []
        # Where two commits have changed places, the earlier is as wrong as the later.
        return [Contradiction(f"progress of {app_id} beyond {before}", str(to), noted_in)]

    def _add(self, said: dict[str, Any], version: int) -> list["Contradiction"]:
        file = _listed(said, version)
        known = self.files.get(file.path)
        self.files[file.path] = file
        self.replaced.discard(file.path)
        if known is None or not said.get("dataChange", True):
            return []
        got = f"{file.path}, which version {known.version} added"
        return [Contradiction("files that no earlier version has", got, version)]


def state_of(version: int, actions: Iterable[Action]) -> State:
    """Return the state that a checkpoint of a version holds."""
    state = State(version)
    for action in actions:
        if said := action.get("add"):
            file = _listed(said, version)
            state.files[file.path] = file
        elif said := action.get("remove"):
            state.replaced.add(unquote(said["path"]))
        elif said := action.get("txn"):
            state.progress[said["appId"]] = int(said["version"])
    return state


def difference(checkpoint: State, played: State) -> tuple[str, str] | None:
    """Return where a checkpoint differs from what the commits come to, as (expected, got); None where it does not."""
    missing, more = played.files.keys() - checkpoint.files.keys(), checkpoint.files.keys() - played.files.keys()
    if missing or more:
        return (
            f"the {len(played.files)} files that the commits come to",
            f"{len(checkpoint.files)}, {len(missing)} of them missing and {len(more)} that do not belong there",
        )
    for app_id, noted in checkpoint.progress.items():
        if noted != played.progress.get(app_id):
            return f"progress {played.progress.get(app_id)} of {app_id}", str(noted)
    return None


def _listed(said: dict[str, Any], version: int) -> Listed:
    return Listed(unquote(said["path"]), int(said["size"]), said.get("stats"), version)
