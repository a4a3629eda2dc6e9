"""Look at the tables' logs and files, and say for each damage what to do about it."""

from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.contracts.tables import table_names
from pipelines.errors import LakeDamaged, UsageError
from pipelines.lake.tables import Lake
from pipelines.settings import Settings
from pipelines.soundness.damage import Damage
from pipelines.soundness.examination import Examined, examine


@dataclass(frozen=True)
class TableHealth:
    """A table in short."""

    table_name: str
    version: int
    last_good_version: int | None
    files: int
    orphan_files: int
    orphan_bytes: int
    oldest_orphan_h: float | None
    read_it_with: str | None
    """How to read the last good version of a table that is damaged."""


@dataclass(frozen=True)
class LakeHealth:
    """Every table that was looked at, and all that is damaged."""

    deep: bool
    tables: tuple[TableHealth, ...]
    damage: tuple[Damage, ...]


def doctor_lake(settings: Settings, names: Sequence[str] = (), *, deep: bool = False) -> LakeHealth:
    """Look at tables, at all of them where none is named; nothing is changed.

    Raises:
        UsageError: There is no lake, or no table of that name.
    """
    lake = Lake(settings.lake).existing()
    for name in names:
        if name not in table_names():
            raise UsageError(
                "There is no such table",
                where="--lake",
                expected=f"some of {', '.join(table_names())}",
                got=name,
                fix="Write the layer before the name, as in silver.observations; without names all are looked at.",
            )
    # All: what one has read tells of another whose end is missing.
    examined = examine(lake, table_names(), deep=deep)
    chosen = [each for each in examined if not names or each.table_name in names]
    return LakeHealth(deep, tuple(map(_in_short, chosen)), tuple(found for each in chosen for found in each.damage))


def require_undamaged(health: LakeHealth) -> LakeHealth:
    """Return the report of a lake that is as it was written.

    Raises:
        LakeDamaged: It is not; the sentence names the first damage.
    """
    for found in health.damage:
        raise LakeDamaged(found.table_name, found.file, found.expected, found.got)
    return health


def _in_short(each: Examined) -> TableHealth:
    good, read_it_with = each.last_good_version, None
    if each.damage and good is not None:
        read_it_with = f'fieldstream sql --version {each.table_name}={good} "select * from {each.table_name}"'  # noqa: S608 - shown, not run
    return TableHealth(
        each.table_name, each.version, good, each.files,
        each.orphan_files, each.orphan_bytes, each.oldest_orphan_h, read_it_with,
    )  # fmt: skip
