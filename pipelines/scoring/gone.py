"""What was scored once, and of which gold says nothing any more."""

from collections.abc import Mapping, Sequence
from datetime import date

import pyarrow as pa

from pipelines.contracts.tables import table
from pipelines.lake.access import connected, dataset
from pipelines.lake.scored import GONE, standing
from pipelines.places import Place
from pipelines.scoring.irrigation import KEY, TABLE, Scored

_ADDED = {"missing_reason", "model_name", "model_digest", "gold_version"}


def gone(
    folder: Place, run: Scored, before: Sequence[str], now: Sequence[str], since: Mapping[str, date] | None
) -> pa.Table:
    """Return rows that take the place of scores that a run did not give again.

    Shape: rows of scores.irrigation without a forecast.

    Args:
        folder: Where the table lies.
        run: What the run's scores carry.
        before: The files of the table, before the run.
        now: The files that the run wrote.
        since: The fields that it scored, and from which day on; None where it scored all of them.
    """
    layout = table(TABLE).arrow_schema
    asked = pa.table({"asked_id": list(since or ()), "since": pa.array((since or {}).values(), pa.date32())})
    among = "scores" if since is None else "scores join asked on field_id = asked_id and date >= since"
    empty = ", ".join(f"null as {name}" for name in layout.names if name not in {*KEY, *_ADDED})
    with connected(folder) as connection:
        connection.register("scores", dataset(before, layout))
        connection.register("given", dataset(now, layout))
        connection.register("asked", asked)
        found = connection.sql(
            f"""
            select {", ".join(KEY)}, {empty}, '{GONE}' as missing_reason,
                $name as model_name, $digest as model_digest, $version as gold_version
            from ({standing(f"(from {among} where model_digest = $digest)")})
            where ({", ".join(KEY)}) not in (select ({", ".join(KEY)}) from given)
            order by all
            """,  # noqa: S608 - names of ours
            params={"name": run.contract.name, "digest": run.model_digest, "version": run.gold_version},
        )
        return found.to_arrow_table().select(layout.names).cast(layout)
