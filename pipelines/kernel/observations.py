"""What was measured: rows of silver.observations from messages, by the contracts of sensors and of what formats say."""

from typing import Any

import pyarrow as pa

from pipelines.kernel.database import Database
from pipelines.kernel.expand import Context, general_rows, hot_rows
from pipelines.kernel.flags import Truths
from pipelines.kernel.meanings import Meanings
from pipelines.kernel.overrides import Overrides
from pipelines.kernel.steps import Steps
from pipelines.kernel.values import read_values
from pipelines.kernel.verdicts import EXCEPTIONS


class Observations:
    """The observations of a batch of messages."""

    def __init__(
        self, database: Database, steps: Steps, default_sensor: str | None, overrides: pa.Table | None
    ) -> None:
        """Read the values of messages that have no fault yet, and mark those that contracts cannot read."""
        self._database, self._steps = database, steps
        self._meanings = Meanings(default_sensor)
        self._overrides = Overrides(overrides) if overrides is not None and overrides.num_rows else None
        models = self._overrides and self._overrides.models
        self._values = read_values(database, steps, self._meanings, models)

    def exceptions(self) -> pa.Table:
        """Return the verdicts that have something to explain."""
        faults = self._database.query(self._steps.faults).cast(EXCEPTIONS)
        if not self._database.rows(self._steps.are_exceptions)[0][0]:
            return faults
        return pa.concat_tables([faults, self._database.query(self._steps.exceptions).cast(EXCEPTIONS)])

    def rows(self, found: pa.Table, is_accepted: Truths, constants: dict[str, Any]) -> pa.Table:
        """Return the rows of the accepted events."""
        context = Context(found, self._meanings.table(), constants, self._overrides)
        hot = hot_rows(self._values.hot, is_accepted, context)
        general = general_rows(self._values.general, is_accepted, context)
        return pa.concat_tables([hot, general])
