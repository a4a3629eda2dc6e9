"""Release: a person lets a slice through that the gate holds, and says why."""

from dataclasses import dataclass
from datetime import datetime

from pipelines.errors import UsageError
from pipelines.lake.admitted import RELEASES, HeldSlice, admitted
from pipelines.lake.tables import Lake


@dataclass(frozen=True)
class Release:
    """A row of ops.gate_releases."""

    table_name: str
    from_version: int
    to_version: int
    release_reason: str
    released_by: str
    decided_at: datetime


def release(lake: Lake, wanted: Release) -> Release:
    """Record that a slice may be used from now on.

    Raises:
        UsageError: No such slice is held, or no reason is given.
    """
    held = admitted(lake, wanted.table_name).held
    if not wanted.release_reason.strip():
        raise _refused(wanted, "a reason", "none", "Say why the slice may be used.")
    if (wanted.from_version, wanted.to_version) not in {(each.from_version, each.to_version) for each in held}:
        raise _refused(wanted, f"one of {_named(held)}", "a slice that is not held", "See 'fieldstream gate status'.")
    lake.append(RELEASES, [vars(wanted)])
    return wanted


def _named(held: tuple[HeldSlice, ...]) -> str:
    return ", ".join(str(each.to_version) for each in held) or "none, for nothing is held"


def _refused(wanted: Release, expected: str, got: str, fix: str) -> UsageError:
    return UsageError(
        "The slice cannot be released",
        where=f"{wanted.table_name}, versions {wanted.from_version + 1} to {wanted.to_version}",
        expected=expected,
        got=got,
        fix=fix,
    )
