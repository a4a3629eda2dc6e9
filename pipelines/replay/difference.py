"""In what a slice's rows of silver differ from what they are by today's contracts."""

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.contracts.tables import TableContract, table
from pipelines.contracts.topics import kind_of
from pipelines.lake.access import connected
from pipelines.lake.ledger import ledger_files, rows_at
from pipelines.lake.tables import Lake
from pipelines.replay.scope import Slice

_COUNTS = """
select sum(least(now, before)), sum(greatest(now - before, 0)), sum(greatest(before - now, 0))
from (
    select {identity}, count(*) filter (is_now) as now, count(*) filter (not is_now) as before
    from differing group by all
)
"""


@dataclass(frozen=True)
class Difference:
    """How many rows say the same, say something else, are new or gone; and of which records."""

    unchanged: int
    changed: int
    new: int
    gone: int
    offsets: tuple[int, ...]
    """Of the records with a row that does not say the same."""


def difference(lake: Lake, slice_: Slice, observations: pa.Table) -> Difference:
    """Hold what the table has of the slice's records against what it should have; when it was taken in aside."""
    contract = table(kind_of(slice_.topic).table)
    said = ", ".join(f'"{name}"' for name in contract.column_names if name != "ingest_time")
    with connected(lake.root) as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.register("now_rows", observations)
        connection.register("former_rows", _held(lake, contract, slice_))
        for side, other in (("now", "former"), ("former", "now")):
            both = (f"select {said} from {each}_rows" for each in (side, other))  # noqa: S608 - column names of the contract
            connection.execute(f"create temp table only_{side} as {' except all '.join(both)}")
        connection.execute("""
            create temp view differing as
            select *, true as is_now from only_now union all select *, false from only_former
        """)
        identity = ", ".join(f'"{name}"' for name in ("offset", *contract.key) if name != "event_key")
        changed, new, gone = connection.execute(_COUNTS.format(identity=identity)).fetchall()[0]
        offsets = connection.execute('select distinct "offset" from differing order by 1').fetchall()
        ((differing,),) = connection.execute("select count(*) from only_now").fetchall()
    unchanged = observations.num_rows - differing
    return Difference(unchanged, int(changed or 0), int(new or 0), int(gone or 0), tuple(each for (each,) in offsets))


def of_records(observations: pa.Table, offsets: tuple[int, ...], later_by_us: int) -> pa.Table:
    """Return the rows of some records, taken in microseconds later: so they are told from those they replace."""
    rows = observations.filter(pc.is_in(observations["offset"], pa.array(offsets, pa.int64())))
    times = pc.add(rows["ingest_time"], pa.scalar(later_by_us, pa.duration("us")))
    return rows.set_column(rows.schema.get_field_index("ingest_time"), rows.schema.field("ingest_time"), times)


def _held(lake: Lake, contract: TableContract, slice_: Slice) -> pa.Table:
    snapshot = lake.find(contract.name)
    files = ledger_files(snapshot, lake.path(contract.name)) if snapshot else []
    return rows_at(files, slice_.topic, slice_.partition, slice_.offsets, contract.name)
