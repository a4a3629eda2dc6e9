"""Which records of bronze.events a replay judges anew, and the slices that it takes them in."""

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from pipelines.contracts.digest import contract_digest
from pipelines.errors import UsageError
from pipelines.lake.query import query
from pipelines.lake.tables import Lake
from pipelines.quarantine.selection import DEVICE, literal, moment

OLDER = "older"

# A commit names the records that it replaces, and delta-rs (1.6.6) overflows its stack between 20,000 and 50,000.
SLICE_ROWS, SLICE_BYTES = 5_000, 64 * 2**20

_SPAN = re.compile(r"(?P<topic>[A-Za-z0-9._-]{1,249}):(?P<partition>\d{1,9}):(?P<first>\d{1,18})-(?P<last>\d{1,18})")
_DIGEST = re.compile("[0-9a-f]{8,64}")


@dataclass(frozen=True)
class Span:
    """Offsets of one Kafka partition, the last among them."""

    topic: str
    partition: int
    first: int
    last: int


@dataclass(frozen=True)
class Scope:
    """Conditions that a record must all meet; the empty one is met by every record."""

    spans: tuple[Span, ...] = ()
    """It stood in one of them."""
    device: str | None = None
    since: datetime | None = None
    """What it says was said at this time or later; where it cannot be read, Kafka took it then."""
    until: datetime | None = None
    """... before this time."""
    contract: str | None = None
    """It was judged by contracts of this digest, or of one that begins so; or by any but today's (`OLDER`)."""

    def __str__(self) -> str:
        """Write it as JSON, equal for equal scopes."""
        return json.dumps({name: said for name, said in asdict(self).items() if said}, default=str, sort_keys=True)

    @property
    def condition(self) -> str:
        """The conditions as SQL over bronze.events_current."""
        said_at = "coalesce(result_time, kafka_time)"
        parts = [
            f"({' or '.join(map(_within, self.spans))})" if self.spans else None,
            f"{DEVICE} = {literal(self.device)}" if self.device else None,
            f"{said_at} >= {moment(self.since)}" if self.since else None,
            f"{said_at} < {moment(self.until)}" if self.until else None,
            _judged_by(self.contract) if self.contract else None,
        ]
        return " and ".join(part for part in parts if part) or "true"


@dataclass(frozen=True)
class Slice:
    """Records of one Kafka partition that are judged together, in order."""

    topic: str
    partition: int
    offsets: Sequence[int]


def read_span(text: str) -> Span:
    """Read TOPIC:PARTITION:FROM-TO.

    Raises:
        UsageError: It is written otherwise.
    """
    found = _SPAN.fullmatch(text)
    if found is None:
        raise _unreadable("--offsets", "a span like demo.telemetry:0:17-29, the last among them", text)
    return Span(found["topic"], int(found["partition"]), int(found["first"]), int(found["last"]))


def read_contract(text: str) -> str:
    """Read a digest, or its beginning, or the word for any but today's.

    Raises:
        UsageError: It is neither.
    """
    if text != OLDER and not _DIGEST.fullmatch(text):
        raise _unreadable("--contract", f"'{OLDER}', or the first eight or more digits of a contract_digest", text)
    return text


def slices(lake: Lake, scope: Scope, after: tuple[str, int, int] | None = None) -> list[Slice]:
    """Return the chosen records, by partition and offset, those alone that come after a place if one is given."""
    later = f"""(topic, "partition", "offset") > ({literal(after[0])}, {after[1]}, {after[2]})""" if after else "true"
    found = query(
        lake,
        f"""
        select topic, "partition", list("offset" order by "offset")
        from (
            select topic, "partition", "offset",
                (row_number() over ordered - 1) // {SLICE_ROWS} as by_rows,
                sum(coalesce(octet_length(raw), 0)) over ordered // {SLICE_BYTES} as by_bytes
            from bronze.events_current where {scope.condition} and {later}
            window ordered as (partition by topic, "partition" order by "offset")
        )
        group by topic, "partition", by_rows, by_bytes
        order by topic, "partition", min("offset")
        """,  # noqa: S608 - literals are quoted
    )
    return [Slice(*row) for row in found.rows]


def _within(span: Span) -> str:
    where = f'topic = {literal(span.topic)} and "partition" = {span.partition}'
    return f'({where} and "offset" between {span.first} and {span.last})'


def _judged_by(contract: str) -> str:
    if contract == OLDER:
        return f"contract_digest is distinct from {literal(contract_digest())}"
    return f"starts_with(contract_digest, {literal(contract)})"


def _unreadable(where: str, expected: str, text: str) -> UsageError:
    return UsageError(
        "The records to replay cannot be chosen by that",
        where=where,
        expected=expected,
        got=repr(text[:80]),
        fix="'fieldstream sql' shows topic, partition, offset and contract_digest of bronze.events.",
    )
