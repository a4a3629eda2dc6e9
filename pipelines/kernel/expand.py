"""Rows of silver.observations: a value each, with what its event and its meaning say of it."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.contracts.tables import table
from pipelines.kernel.flags import Floats, Indices, Said, Truths, flagged, lack_codes, reason_lists
from pipelines.kernel.overrides import Overrides

_SECOND_US = 1_000_000
# The first of January of the year 1, in microseconds since 1970.
_FIRST_DATE_US = -62_135_596_800 * _SECOND_US
_OF_THE_EVENT = ("event_key", "device_id", "result_time", "sequence", "session", "format", "partition", "offset")
_OF_THE_MEANING = ("sensor_model", "property", "channel", "depth_cm", "unit")
# Texts that repeat are kept once, here and in the file.
TEXTS = pa.dictionary(pa.int32(), pa.string())
_NUMBERS = {32: pa.int32(), 64: pa.int64()}
# What a value may say of itself in the event's or the meaning's place.
_OWN = {"own_device_id": "device_id", "own_channel": "channel", "own_time": "phenomenon_time"}


@dataclass(frozen=True)
class Context:
    """What all rows of a batch share: its events in order (with is_misdated), its meanings, and constants."""

    events: pa.Table
    meanings: pa.Table
    constants: dict[str, Any]
    overrides: Overrides | None = None
    """What the registry says of single devices."""


def hot_rows(lists: pa.Table, is_accepted: Truths, context: Context) -> pa.Table:
    """Return the observations of payloads that the hot path read.

    Shape: `lists` has row_id, first_meaning and amounts (a list, one number a meaning, none of them null).
    """
    if not lists.num_rows:
        return _schema().empty_table()
    lists = lists.filter(pa.array(is_accepted[lists["row_id"].to_numpy()]))
    counts = pc.list_value_length(lists["amounts"]).to_numpy()
    ends = np.cumsum(counts)
    within = np.arange(counts.sum()) - np.repeat(ends - counts, counts)
    row_ids = np.repeat(lists["row_id"].to_numpy(), counts)
    meaning_ids = np.repeat(lists["first_meaning"].to_numpy(), counts) + within
    amounts = pc.list_flatten(lists["amounts"]).to_numpy()
    return _rows(row_ids, meaning_ids, amounts, None, context)


def general_rows(values: pa.Table, is_accepted: Truths, context: Context) -> pa.Table:
    """Return the observations of all other messages.

    Shape: `values` has row_id, meaning_id, said, lack, the columns of `_OWN`, own_depth_cm and is_own_time_misdated.
    """
    if not values.num_rows:
        return _schema().empty_table()
    values = values.filter(pa.array(is_accepted[values["row_id"].to_numpy()]))
    amounts = pc.fill_null(values["said"], np.nan).to_numpy()
    return _rows(values["row_id"].to_numpy(), values["meaning_id"].to_numpy(), amounts, values, context)


def _rows(row_ids: Indices, meaning_ids: Indices, amounts: Floats, own: pa.Table | None, context: Context) -> pa.Table:
    columns, lines = _columns(row_ids, meaning_ids, own, context), None
    if context.overrides is not None:
        buried, depths_cm, lines = context.overrides.corrections(columns)
        columns["depth_cm"] = _replaced(columns["depth_cm"], buried, depths_cm)
    is_misdated = context.events["is_misdated"].to_numpy(zero_copy_only=False)[row_ids]
    lacks = np.zeros(len(row_ids), np.int8)
    if own is not None:
        columns["depth_cm"] = _unless_said(columns["depth_cm"], own["own_depth_cm"])
        is_misdated = pc.coalesce(own["is_own_time_misdated"], pa.array(is_misdated)).to_numpy(zero_copy_only=False)
        lacks = lack_codes(pc.if_else(own["said"].is_valid(), None, own["lack"]))
    found = flagged(Said(meaning_ids, amounts, lacks, is_misdated), context.meanings, lines)
    columns["value"] = pa.array(found.values, from_pandas=True)
    columns["flag"] = pa.array(found.flags)
    columns["reasons"] = reason_lists(found.codes)
    return pa.table(columns).select(_schema().names).cast(_schema())


def _columns(row_ids: Indices, meaning_ids: Indices, own: pa.Table | None, context: Context) -> dict[str, pa.Array]:
    """Return all that is not in the value itself: whose it is, what it is of, where and when."""
    columns = {name: spread(context.events[name], row_ids) for name in _OF_THE_EVENT}
    columns |= {name: spread(context.meanings[name], meaning_ids) for name in _OF_THE_MEANING}
    intervals_s = context.meanings["averaging_interval_s"].to_numpy()[meaning_ids]
    columns["phenomenon_time"] = _started(columns["result_time"], intervals_s)
    if own is not None:
        columns |= {name: _unless_said(columns[name], own[said]) for said, name in _OWN.items()}
    contract = table("silver.observations").arrow_schema
    for name, constant in context.constants.items():
        columns[name] = repeated(constant, contract.field(name).type, len(row_ids))
    return columns


def spread(values: pa.ChunkedArray, places: Indices) -> pa.Array:
    """Return the value at each place; of texts, the place of the value among those that differ."""
    if not pa.types.is_string(values.type):
        return _taken(values.combine_chunks(), places)
    encoded = values.combine_chunks().dictionary_encode()
    return pa.DictionaryArray.from_arrays(_taken(encoded.indices, places), encoded.dictionary)


def _taken(values: pa.Array, places: Indices) -> pa.Array:
    if values.null_count or not pa.types.is_primitive(values.type):
        return values.take(pa.array(places))
    numbers = values.view(_NUMBERS[values.type.bit_width]).to_numpy()
    return pa.array(numbers[places]).view(values.type)


def repeated(value: object, kind: pa.DataType, count: int) -> pa.Array:
    """Return the same value over and over."""
    if not pa.types.is_string(kind):
        return pa.repeat(pa.scalar(value, kind), count)
    return pa.DictionaryArray.from_arrays(np.zeros(count, np.int32), pa.array([value], kind))


def with_texts_once(schema: pa.Schema) -> pa.Schema:
    """Return the schema of rows whose texts are kept once."""
    return pa.schema(field.with_type(TEXTS) if pa.types.is_string(field.type) else field for field in schema)


@cache
def _schema() -> pa.Schema:
    return with_texts_once(table("silver.observations").arrow_schema)


def _unless_said(values: pa.Array, own: pa.ChunkedArray) -> pa.Array:
    if not isinstance(values, pa.DictionaryArray):
        return pc.coalesce(own, values).combine_chunks()
    return pc.coalesce(own, values.dictionary_decode()).combine_chunks().dictionary_encode()


def _replaced(values: pa.Array, places: Indices, others: Floats) -> pa.Array:
    numbers = pc.fill_null(values, np.nan).to_numpy().copy()
    numbers[places] = others
    return pa.array(numbers, from_pandas=True)


def _started(result_times: pa.Array, intervals_s: npt.NDArray[np.int32]) -> pa.Array:
    """Go back to where the interval began, but not before there are dates."""
    ended_us = pc.cast(result_times, pa.int64()).to_numpy()
    started_us = np.maximum(ended_us - intervals_s.astype(np.int64) * _SECOND_US, _FIRST_DATE_US)
    return pa.array(started_us).cast(pa.timestamp("us", tz="UTC"))
