"""The values of a batch's messages, each with the number of its meaning: from payloads, devices' bytes, own words."""

from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.kernel.database import Database
from pipelines.kernel.meanings import Meanings
from pipelines.kernel.payloads import Decoded, decoded
from pipelines.kernel.signatures import signatures
from pipelines.kernel.steps import Steps, hot_values
from pipelines.kernel.tables import GENERAL, REASONS, ROWS

_SENSOR_SCHEMA = pa.schema(
    [(name, pa.string()) for name in ("names", "sensor_model", "items_at", "items_key", "items_value")]
)
_WORD_SCHEMA = pa.schema(
    [
        ("format", pa.string()),
        ("names", pa.string()),
        ("is_payload", pa.bool_()),
        ("key", pa.string()),
        ("unit", pa.string()),
        ("meaning_id", pa.int32()),
        ("reason", pa.string()),
    ]
)


_NO_LISTS = pa.schema(
    [("row_id", pa.int64()), ("first_meaning", pa.int32()), ("amounts", pa.list_(pa.float64()))]
).empty_table()


class Values(NamedTuple):
    """The values of a batch: lists of the hot path (row_id, first_meaning, amounts), and all others."""

    hot: pa.Table
    general: pa.Table


def read_values(database: Database, steps: Steps, meanings: Meanings, models: pa.Table | None = None) -> Values:
    """Read the values; fill the tables signatures and found_reasons, and add the faults that only values show.

    `models` says which sensor a device has, whatever its messages say: device_id, valid_from, valid_to, sensor_model.
    """
    _tell_sensors(database, steps, meanings)
    if models is not None and models.num_rows:
        database.register("models", models)
        database.replace("messages", steps.models)
        _tell_sensors(database, steps, meanings)
    hot = _tell_payloads(database, steps, meanings)
    found = _decode(database, steps, meanings)
    decoded_values = found.values()
    if not (decoded_values.num_rows or found.reasons or database.lying("readings").num_rows):
        return Values(hot, GENERAL.empty_table())
    database.register("decoded", decoded_values)
    database.fill("decoding_reasons", REASONS, found.reasons)
    _tell_words(database, steps, meanings)
    database.register("meanings", meanings.table())
    database.register("labels", meanings.labels())
    database.replace("understood", steps.understood)
    database.replace("found_reasons", steps.found_reasons)
    database.replace("general", steps.general)
    database.replace("messages", steps.ambiguous)
    return Values(hot, database.query(steps.general_values))


def _tell_sensors(database: Database, steps: Steps, meanings: Meanings) -> None:
    rows = []
    for (names,) in database.rows(steps.names):
        sensor = meanings.sensor(names)
        items = sensor.items if sensor else None
        rows.append((names, sensor and sensor.model, items and items.at, items and items.key, items and items.value))
    database.fill("sensors", _SENSOR_SCHEMA, rows)


def _tell_payloads(database: Database, steps: Steps, meanings: Meanings) -> pa.Table:
    """Tell the payloads apart and read them; return the lists of the hot path that are complete."""
    told = signatures(database.rows(steps.kinds), meanings)
    database.register("signatures", told.table)
    if told.table["payload_fault"].null_count < told.table.num_rows:
        database.replace("messages", steps.duplicate_keys)
    hot = database.query(hot_values(told.kinds)) if told.kinds else _NO_LISTS
    # A number that is not there is a word, a null or nested: the long way finds out.
    is_incomplete = _has_null(hot["amounts"])
    incomplete = hot.select(["row_id"]).filter(is_incomplete)
    if incomplete.num_rows:
        database.register("incomplete", incomplete)
    if incomplete.num_rows or pc.any(told.table["is_left_over"]).as_py():
        database.add("readings", steps.payloads)
    return hot.filter(pc.invert(is_incomplete)) if incomplete.num_rows else hot


def _has_null(lists: pa.ChunkedArray) -> pa.Array:
    numbers = pc.list_flatten(lists)
    found = np.zeros(len(lists), np.bool_)
    if numbers.null_count:
        parents = pc.list_parent_indices(lists.combine_chunks()).to_numpy()
        found[parents[numbers.is_null().to_numpy(zero_copy_only=False)]] = True
    return pa.array(found)


def _decode(database: Database, steps: Steps, meanings: Meanings) -> Decoded:
    found = decoded(database.rows(steps.undecoded), meanings)
    if found.faults:
        database.fill("undecodable", ROWS, [(row_id,) for row_id in found.faults])
        database.replace("messages", steps.undecodable)
    return found


def _tell_words(database: Database, steps: Steps, meanings: Meanings) -> None:
    rows = []
    for place in database.rows(steps.words):
        meant = meanings.said(*place)
        is_reason = isinstance(meant, str)
        rows.append((*place, None if is_reason else meant, (meant or None) if is_reason else None))
    database.fill("words", _WORD_SCHEMA, rows)
