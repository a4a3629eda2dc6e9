"""The tables that a batch's steps read: where one lies, and how those are laid out that are there from the start.

These stay empty in most batches: they hold what the hot path does not read.
"""

import pyarrow as pa

_TIME = pa.timestamp("us", tz="UTC")

# Values that are not read by the hot path: one row a value, as the message gives it.
READINGS = pa.schema(
    [
        ("row_id", pa.int64()),
        ("is_payload", pa.bool_()),  # whether the key is the sensor's own; else it is the message's word for a property
        ("device_id", pa.string()),  # where a message speaks of several devices
        ("key", pa.string()),
        ("value", pa.float64()),
        ("word", pa.string()),  # what was said in place of a number
        ("unit", pa.string()),  # what the message says it is in
        ("depth_cm", pa.float64()),
        ("channel", pa.int32()),
        ("phenomenon_time", _TIME),
    ]
)
# The same values by what they mean, together with what the codecs read.
GENERAL = pa.schema(
    [
        ("row_id", pa.int64()),
        ("meaning_id", pa.int32()),
        ("said", pa.float64()),
        ("lack", pa.string()),
        ("own_device_id", pa.string()),
        ("own_depth_cm", pa.float64()),
        ("own_channel", pa.int32()),
        ("own_time", _TIME),
    ]
)
# SensorThings Datastreams that are known already, as JSON.
CONTEXT = pa.schema([("datastream_id", pa.string()), ("datastream", pa.string())])
ROWS = pa.schema([("row_id", pa.int64())])
REASONS = pa.schema([("row_id", pa.int64()), ("reason", pa.string())])

AT_THE_START = {
    "context": CONTEXT,
    "readings": READINGS,
    "general": GENERAL,
    "incomplete": ROWS,
    "undecodable": ROWS,
    "found_reasons": REASONS,
}


class Shelf:
    """Where a table lies: DuckDB asks for it anew with every step that reads it.

    It is here and not with the sessions because it must not know them, in what ways ever: DuckDB keeps it, and Python
    could not tell at its end that they only hold each other.
    """

    def __init__(self, table: pa.Table) -> None:
        """Lay the first."""
        self.table = table

    def __arrow_c_schema__(self) -> object:
        """Tell its layout."""
        return self.table.schema.__arrow_c_schema__()

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """Give its rows."""
        return self.table.__arrow_c_stream__(requested_schema)
