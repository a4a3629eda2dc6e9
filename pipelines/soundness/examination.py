"""A thorough look at tables: every damage there is, what can still be read, and what lies about unnamed."""

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.lake.files import statistics
from pipelines.lake.tables import Lake
from pipelines.places import for_arrow
from pipelines.soundness.damage import Damage, Played, files_damaged, orphans, play, play_all, tails_lost
from pipelines.soundness.playback import Listed


@dataclass(frozen=True)
class Examined:
    """One table: how far its log goes, what of it can be read, and what nobody names."""

    table_name: str
    version: int
    """Newest version of the log, or the last before it ends to make sense; -1 for none."""
    last_good_version: int | None
    """Newest version that can be read whole; None where none can."""
    files: int
    orphan_files: int
    """Files that no version of the log names: of a batch under way or cut short, or of versions cleaned away."""
    orphan_bytes: int
    oldest_orphan_h: float | None
    """Hours since it was written."""
    damage: tuple[Damage, ...]


def examine(lake: Lake, names: Sequence[str], *, deep: bool) -> list[Examined]:
    """Look at tables that are there; each log whole, from its first file on. Nothing is changed.

    Args:
        lake: The lake.
        names: Tables to look at; those not there are left out.
        deep: Whether to read every page of every data file too.
    """
    tables = play_all(lake, [name for name in names if lake.path(name).is_dir()], whole=True)
    tails_lost(tables)
    return [_examined(lake, tables[name], deep=deep) for name in names if name in tables]


def _examined(lake: Lake, played: Played, *, deep: bool) -> Examined:
    damaged = {file.path for file in files_damaged(lake, played)}
    if deep:
        damaged |= set(_unreadable(lake, played, damaged))
    unnamed = orphans(lake, played)
    oldest = min((written for _, _, written in unnamed), default=None)
    return Examined(
        table_name=played.name,
        version=played.state.version,
        last_good_version=_last_good(lake, played, damaged),
        files=len(played.state.files),
        orphan_files=len(unnamed),
        orphan_bytes=sum(size for _, size, _ in unnamed),
        oldest_orphan_h=None if oldest is None else round((time.time() - oldest) / 3600, 1),
        damage=tuple(played.damage),
    )


def _last_good(lake: Lake, played: Played, damaged: set[str]) -> int | None:
    version = played.state.version
    if played.doubtful_from is not None:
        version = min(version, played.doubtful_from - 1)
    while version >= 0:
        then = play(lake, played.name, whole=True, until=version)
        if then.state.version != version:
            return None
        bad = [file for file in then.state.files.values() if file.path in damaged]
        bad += files_damaged(lake, then)
        if not bad:
            return version
        version = min(file.version for file in bad) - 1
    return None


def _unreadable(lake: Lake, played: Played, known: set[str]) -> Iterator[str]:
    """Read each data file whole, and give those that cannot be read or do not hold the rows that the log says."""
    for file in played.state.files.values():
        if file.path in known:
            continue
        try:
            (path,), filesystem = for_arrow([lake.path(played.name) / file.path])
            data = pq.ParquetFile(path, filesystem=filesystem)
            rows = sum(batch.num_rows for batch in data.iter_batches(batch_size=65_536))
        except (pa.ArrowException, OSError) as cause:
            said = " ".join(str(cause).split())
            played.find(file.path, file.version, "a Parquet file that can be read", said)
        else:
            told, found = _told(file), _bounds(statistics(data.metadata)) | {"rows": rows}
            differs = next((name for name in told if name in found and told[name] != found[name]), None)
            if differs is None:
                continue
            played.find(file.path, file.version, f"{differs} {told[differs]}", str(found[differs]))
        yield file.path


def _told(file: Listed) -> dict[str, Any]:
    """Return what the log says of rows, and of whole numbers in them, which every writer writes alike."""
    said: dict[str, Any] = json.loads(file.statistics) if file.statistics else {}
    return _bounds(said) | ({} if file.row_count is None else {"rows": file.row_count})


def _bounds(said: dict[str, Any]) -> dict[str, Any]:
    return {
        f"{end} {name}": value
        for end, side in (("least", "minValues"), ("greatest", "maxValues"))
        for name, value in said.get(side, {}).items()
        if isinstance(value, int) and not isinstance(value, bool)
    }
