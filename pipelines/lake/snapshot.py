"""A table as its log had it last, which looks up once how far its sources were read."""

from collections.abc import Mapping
from typing import Any

from deltalake import DeltaTable


class Snapshot(DeltaTable):
    """An opened Delta table that asks its log for each transaction id once, as long as its version is the same.

    delta-rs (1.6.6) reads the log anew for each: half a millisecond to one, of which a batch would need nine a
    partition.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Open it, as a DeltaTable is opened."""
        super().__init__(*args, **kwargs)
        self._recorded: dict[str, int | None] = {}
        self._recorded_at = self.version()

    def transaction_version(self, app_id: str) -> int | None:
        """Return what this version has under a transaction id, None where it has nothing."""
        if self._recorded_at != self.version():
            self._recorded, self._recorded_at = {}, self.version()
        if app_id not in self._recorded:
            self._recorded[app_id] = super().transaction_version(app_id)
        return self._recorded[app_id]

    def moved_on(self, to: Mapping[str, int]) -> None:
        """Take note that the version before this one differs from it by these ids, and by no others."""
        if self._recorded_at == self.version() - 1:
            self._recorded |= to
            self._recorded_at += 1
