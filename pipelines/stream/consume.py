"""Read one range of offsets whole, or say what is missing: what Spark's workers read with."""

import time
from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from pipelines.errors import BrokerUnreachable, OffsetGap
from pipelines.stream.feed import Feed
from pipelines.stream.plan import OffsetRange

PATIENCE_S = 30.0


def read(address: str, wanted: OffsetRange) -> Iterator[pa.RecordBatch]:
    """Give the records of a range in offset order, some thousands at a time.

    Shape: columns of `RECORD_COLUMNS` with the types of bronze.events.

    Raises:
        OffsetGap: Kafka does not hold the range up to its end.
        BrokerUnreachable: Nothing came for a while.
    """
    next_offset = wanted.start
    with Feed(address, wanted.topic) as feed:
        feed.shift(wanted.partition, wanted.shift)
        feed.start({wanted.partition: wanted.start})
        patience = Patience(address)
        while next_offset < wanted.end:
            polled = feed.poll(wanted.end - next_offset)
            for _, batch in polled.records:
                patience.renew()
                rows, beyond = divided(batch, wanted.end)
                if rows.num_rows:
                    next_offset = rows["offset"][-1].as_py() + 1
                    yield rows
                if beyond.num_rows:
                    require_no_end_before(feed, wanted, next_offset, wanted.end)
            if wanted.partition in polled.ends:
                require_no_end_before(feed, wanted, next_offset, polled.ends[wanted.partition])
            patience.require()


def divided(batch: pa.RecordBatch, end: int) -> tuple[pa.RecordBatch, pa.RecordBatch]:
    """Divide records of one partition into those before an offset and the others."""
    count = int(np.searchsorted(batch["offset"].to_numpy(), end))
    return batch.slice(0, count), batch.slice(count)


def require_no_end_before(feed: Feed, wanted: OffsetRange, next_offset: int, reached: int) -> None:
    """Refuse a range of which records are missing, now that its partition was seen to go on, or to end, at `reached`.

    Raises:
        OffsetGap: Whatever lies before the range's end has come, and it is not all.
    """
    if next_offset >= wanted.end:
        return
    # An end that was seen before more records came is no end.
    if reached >= wanted.end or feed.bounds(wanted.partition)[1] < wanted.end:
        raise OffsetGap(wanted.topic, wanted.partition, next_offset, wanted.end)


class Patience:
    """How long to wait for a broker that says nothing."""

    def __init__(self, address: str) -> None:
        """Begin to wait."""
        self._address = address
        self.renew()

    def renew(self) -> None:
        """Begin anew: something came."""
        self._heard_at = time.monotonic()

    def require(self) -> None:
        """Give up if nothing has come for too long.

        Raises:
            BrokerUnreachable: It has been too long.
        """
        if time.monotonic() - self._heard_at > PATIENCE_S:
            raise BrokerUnreachable(self._address, f"no records for {PATIENCE_S:.0f} s")
