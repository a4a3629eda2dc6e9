"""What is damaged in a table: its log played back, its files set against it, its versions against what others noted."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipelines.errors import LakeDamaged
from pipelines.lake.log import LAST_CHECKPOINT, Action, Log, Unreadable, checkpoint_actions, commit_actions, listed
from pipelines.lake.tables import Lake
from pipelines.places import Place
from pipelines.soundness.playback import Listed, State, difference, state_of

_RESTORE = "Restore the file from a copy."
_REPLAYABLE = "Move it and _last_checkpoint away: the commits are there, and readers play them back."


@dataclass(frozen=True)
class Damage:
    """One thing that is not as the log, or another table, says it is."""

    table_name: str
    file: str
    """Within the table's folder."""
    version: int | None
    """Version of the table that it belongs to; None where it belongs to none."""
    expected: str
    got: str
    fix: str


@dataclass
class Played:
    """A table's log as far as it could be played back."""

    name: str
    log: Log
    state: State = field(default_factory=State)
    """The newest state that could be reached."""
    damage: list[Damage] = field(default_factory=list)
    doubtful_from: int | None = None
    """First version from which on no reader can be sure of the table; None where the newest can be read."""
    suspect_from: int | None = None
    """The same as far as the commits since the last sound checkpoint go: the next one may settle it."""

    def find(self, file: str | Place, version: int | None, expected: str, got: str, fix: str = _RESTORE) -> None:
        """Note damage of a file."""
        name = file if isinstance(file, str) else f"_delta_log/{file.name}"
        self.damage.append(Damage(self.name, name, version, expected, got, fix))

    def doubt(self, version: int) -> None:
        """Note that nobody can be sure of a version, nor of those after it."""
        self.doubtful_from = version if self.doubtful_from is None else min(version, self.doubtful_from)

    def suspect(self, version: int) -> None:
        """Note the same, until a checkpoint says otherwise."""
        self.suspect_from = version if self.suspect_from is None else min(version, self.suspect_from)


def play(lake: Lake, name: str, *, whole: bool, until: int | None = None) -> Played:
    """Play a table's log back to its newest version, or until one: all of it, or what a reader of that one needs."""
    log = listed(lake.path(name))
    try:
        return _play(lake, Played(name, log), whole=whole, until=until)
    except FileNotFoundError:
        if listed(lake.path(name)) == log:
            raise
        # Cleaned meanwhile, by maintenance.
        return play(lake, name, whole=whole, until=until)


def _play(lake: Lake, played: Played, *, whole: bool, until: int | None) -> Played:
    if not played.log.commits and not played.log.checkpoints:
        if any(_data_files(lake.path(played.name))):
            played.find("_delta_log", None, "the table's log", "nothing beside its data files")
        return played
    checkpoints = _checkpoints(played, _hint(played), whole=whole)
    played.state = _start(played, checkpoints, whole=whole)
    end = max((played.log.latest, *played.log.checkpoints)) if until is None else until
    while played.state.version < end:
        version = played.state.version + 1
        if not _step(played, version):
            sound = [each for each in checkpoints if version <= each <= played.log.latest]
            if not sound:
                break
            played.state = checkpoints[min(sound)]
            played.suspect_from = None
        elif version in checkpoints:
            _compare(played, checkpoints[version])
    if played.suspect_from is not None:
        played.doubt(played.suspect_from)
    return played


def play_all(lake: Lake, names: Iterable[str], *, whole: bool) -> dict[str, Played]:
    """Play tables back, beside those who write them: whoever notes what they have read of another before that other.

    The other way round, what was committed to both in between would look lost.
    """
    order = sorted(
        dict.fromkeys(names), key=lambda name: _READ_BY_OTHERS.index(name) if name in _READ_BY_OTHERS else -1
    )
    return {name: play(lake, name, whole=whole) for name in order}


def files_damaged(lake: Lake, played: Played) -> list[Listed]:
    """Return the newest state's files that are not there, or not of the size that the log says, and note them."""
    there = dict(_data_files(lake.path(played.name)))
    damaged = []
    for file in played.state.files.values():
        size = there.get(file.path)
        if size != file.size_bytes:
            played.find(
                file.path, file.version, f"{file.size_bytes} bytes", "no such file" if size is None else f"{size} bytes"
            )
            damaged.append(file)
    return damaged


def tails_lost(tables: Mapping[str, Played]) -> None:
    """Note tables whose log ends before a version, or a progress, that another table has read."""
    for name, version, by in _noted(tables):
        played = tables.get(name)
        if played and version > played.state.version and played.doubtful_from is None:
            newest = played.state.version
            played.find(
                f"_delta_log/{newest + 1:020}.json", newest + 1, f"a commit: {by} has read version {version}", "none"
            )
            played.doubt(newest + 1)
    for behind, ahead in (("bronze.events", "silver.observations"), ("ops.redrives", "silver.observations")):
        if behind in tables and ahead in tables:
            _progress_lost(tables[behind], tables[ahead])


def require_sound(lake: Lake, names: Iterable[str]) -> None:
    """Look at what readers of these tables' newest versions need, before anything is built on them.

    Raises:
        LakeDamaged: Something of it is damaged; the sentence names the first.
    """
    tables = play_all(lake, (*names, *NOTING), whole=False)
    for name in names:
        files_damaged(lake, tables[name])
    tails_lost(tables)
    for name in names:
        for found in tables[name].damage:
            raise LakeDamaged(found.table_name, found.file, found.expected, found.got)


NOTING = ("ops.flag_runs", "ops.models", "gold.field_daily", "scores.irrigation")
"""Tables that say which version of another was read."""

_NOTES = (
    ("ops.flag_runs", "to_version", "silver.observations"),
    ("ops.flag_runs", "devices_version", "reference.devices"),
    ("ops.flag_runs", "fields_version", "reference.fields"),
    ("gold.field_daily", "silver_version", "silver.observations"),
    ("ops.models", "gold_version", "gold.field_daily"),
    ("scores.irrigation", "gold_version", "gold.field_daily"),
)


# Each before those that it has read.
_READ_BY_OTHERS = (
    "gold.field_daily",
    "ops.flag_runs",
    "silver.observations",
    "reference.devices",
    "reference.fields",
    "ops.redrives",
    "bronze.events",
)


def _noted(tables: Mapping[str, Played]) -> Iterator[tuple[str, int, str]]:
    for by, column, name in _NOTES:
        files = tables[by].state.files.values() if by in tables else ()
        versions = [version for file in files if (version := file.highest(column)) is not None]
        if versions:
            yield name, max(versions), by


def _progress_lost(behind: Played, ahead: Played) -> None:
    if not behind.log.commits or behind.doubtful_from is not None:
        return
    shared = "redrive" if behind.name == "ops.redrives" else "telemetry/"
    for app_id, reached in sorted(ahead.state.progress.items()):
        kept = behind.state.progress.get(app_id, -1)
        if app_id.startswith(shared) and reached > kept:
            newest = behind.state.version
            behind.find(
                f"_delta_log/{newest + 1:020}.json", newest + 1,
                f"a commit: {ahead.name} has taken {app_id} to {reached}", f"none, and progress {max(kept, 0)}",
            )  # fmt: skip
            behind.doubt(newest + 1)
            return


def _hint(played: Played) -> int | None:
    """Look at `_last_checkpoint`, and return the version that readers begin at by it."""
    try:
        hint = played.log.hint()
    except Unreadable as cause:
        fix = "Move it away: readers look for the newest checkpoint themselves, and the next one writes it anew."
        played.find(Path(LAST_CHECKPOINT), None, cause.expected, cause.got, fix)
        return None
    if hint is None:
        return None
    version, size = hint
    parts = played.log.checkpoints.get(version)
    if parts is None:
        fix = "Restore the checkpoint from a copy, or move _last_checkpoint away: readers play the commits back."
        played.find(Path(LAST_CHECKPOINT), version, f"a checkpoint of version {version}", "no such file", fix)
        played.doubt(version)
        return None
    there = sum(part.stat().st_size for part in parts)
    if size is not None and size != there:
        played.find(
            parts[0], version, f"{size} bytes, as {LAST_CHECKPOINT} says", str(there), _way_out(played, version)
        )
        played.doubt(version)
    return version


def _checkpoints(played: Played, hint: int | None, *, whole: bool) -> dict[int, State]:
    """Return the checkpoints that can be read, of all or from the one that readers begin at, and note the others."""
    found: dict[int, State] = {}
    for version, parts in sorted(played.log.checkpoints.items(), reverse=True):
        if not whole and found and (hint is None or version < hint):
            break
        try:
            found[version] = state_of(version, checkpoint_actions(parts))
        except Unreadable as cause:
            played.find(parts[0], version, cause.expected, cause.got, _way_out(played, version))
            if not found:
                played.doubt(version)
    return found


def _way_out(played: Played, version: int) -> str:
    return _REPLAYABLE if all(each in played.log.commits for each in range(version + 1)) else _RESTORE


def _start(played: Played, checkpoints: Mapping[int, State], *, whole: bool) -> State:
    """Return where to begin: at the first commit, or at a checkpoint where the log before it has been cleaned."""
    first = min(played.log.commits, default=None)
    reaching = [each for each in checkpoints if first is None or each >= first - 1]
    if reaching and (first != 0 or not whole):
        return checkpoints[min(reaching)]
    return State()


def _step(played: Played, version: int) -> bool:
    """Go on by one version; say no where its commit cannot be read."""
    path = played.log.commits.get(version, Path(f"{version:020}.json"))
    try:
        contradictions = played.state.apply(version, _actions(played, version))
    except Unreadable as cause:
        played.find(path, version, cause.expected, cause.got)
        played.suspect(version)
        return False
    for each in contradictions:
        played.find(path, version, each.expected, each.got)
        played.suspect(each.doubtful_from)
    return True


def _actions(played: Played, version: int) -> list[Action]:
    if version not in played.log.commits:
        end = max((played.log.latest, *played.log.checkpoints))
        raise Unreadable(f"a commit: the log goes on to version {end}", "no such file")
    return commit_actions(played.log.commits[version])


def _compare(played: Played, checkpoint: State) -> None:
    """Set a checkpoint against what the commits came to: where those contradict one another, it counts."""
    differs = difference(checkpoint, played.state)
    if played.suspect_from is not None:
        played.state, played.suspect_from = checkpoint, None
    elif differs:
        version = checkpoint.version
        played.find(played.log.checkpoints[version][0], version, *differs, _way_out(played, version))
        played.doubt(version)


def _data_files(folder: Place) -> Iterator[tuple[str, int]]:
    """Give the data files in a table's folder, with their sizes; what readers do not look at is left out."""
    for path in folder.rglob("*.parquet"):
        below = path.parts[len(folder.parts) :]
        if not any(part[0] in "_." for part in below):
            yield "/".join(below), path.stat().st_size


def orphans(lake: Lake, played: Played) -> list[tuple[str, int, float]]:
    """Return the data files that no version names, with size and time of the last change."""
    folder, state = lake.path(played.name), played.state
    known: set[Any] = state.files.keys() | state.replaced
    return [(name, size, (folder / name).stat().st_mtime) for name, size in _data_files(folder) if name not in known]
