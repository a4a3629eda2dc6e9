"""What the registry says of single devices, each fact for a time: it comes before what contracts say of their model."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.kernel.flags import Floats, Indices, Lines

_NEVER_US = np.iinfo(np.int64).max
Columns = Mapping[str, pa.Array]


class Corrections(NamedTuple):
    """What is otherwise than contracts say: depths at the places of some rows, and lines for values."""

    buried: Indices
    depths_cm: Floats
    lines: Lines


class Overrides:
    """The facts of single devices, looked up by device and time."""

    def __init__(self, facts: pa.Table) -> None:
        """Sort the facts by their kind.

        Shape: `facts` has one row a fact that is true while valid_from <= time < valid_to (null: still): device_id and
        sensor_model; or device_id, channel (null: a device without) and depth_cm; or device_id, property, channel
        (null: every one), gain and offset. Columns of the other kinds are null.
        """
        self.models = facts.filter(facts["sensor_model"].is_valid())
        is_line, is_of_all = facts["gain"].is_valid(), facts["channel"].is_null()
        self._depths = _Facts(facts.filter(facts["depth_cm"].is_valid()), ("device_id", "channel"))
        self._lines = (
            _Facts(facts.filter(pc.and_(is_line, is_of_all)), ("device_id", "property")),
            _Facts(facts.filter(pc.and_not(is_line, is_of_all)), ("device_id", "property", "channel")),
        )
        self._corrected = pc.unique(facts["device_id"].filter(facts["sensor_model"].is_null()))

    def corrections(self, rows: Columns) -> Corrections:
        """Return what is to be corrected.

        A depth is the soil's: what else a device measures has none.

        Shape: `rows` has device_id and property, their texts kept once, channel and phenomenon_time.
        """
        places = np.flatnonzero(_codes(rows["device_id"], self._corrected) >= 0)
        of = {name: rows[name].take(pa.array(places)) for name in ("device_id", "property", "channel")}
        times_us = _microseconds(rows["phenomenon_time"].take(pa.array(places)))
        is_soil = pc.starts_with(of["property"].dictionary, "soil_").to_numpy(zero_copy_only=False)
        depth = np.where(is_soil[of["property"].indices.to_numpy()], self._depths.at(of, times_us), -1)
        gains, offsets = np.ones(len(places)), np.zeros(len(places))
        # What is said of one channel comes after what is said of all, and so counts.
        for facts in self._lines:
            line = facts.at(of, times_us)
            gains[line >= 0], offsets[line >= 0] = (facts.numbers(name, line) for name in ("gain", "offset"))
        return Corrections(places[depth >= 0], self._depths.numbers("depth_cm", depth), Lines(places, gains, offsets))


class _Facts:
    """Facts of one kind, in the order of what they are about and since when."""

    def __init__(self, facts: pa.Table, about: Sequence[str]) -> None:
        self._known = {name: pc.unique(facts[name]) for name in about}
        since_us = _microseconds(facts["valid_from"])
        self._moments_us = np.unique(since_us)
        subjects = self._subjects({name: facts[name] for name in about})
        order = np.lexsort((since_us, subjects))
        self._facts, self._ordered = facts.take(pa.array(order)), subjects[order]
        self._begins = self._joined(self._ordered, since_us[order])
        self._until_us = _microseconds(self._facts["valid_to"])

    def at(self, rows: Columns, times_us: Indices) -> Indices:
        """Return the place of the fact that is true of each row, -1 where there is none."""
        if not len(self._begins):
            return np.full(len(times_us), -1)
        subjects = self._subjects(rows)
        last = np.searchsorted(self._begins, self._joined(subjects, times_us), side="right") - 1
        is_true = (last >= 0) & (subjects >= 0) & (self._ordered[last] == subjects) & (times_us < self._until_us[last])
        return np.where(is_true, last, -1)

    def numbers(self, name: str, places: Indices) -> Floats:
        """Return a column of the facts at the places that are any."""
        column: Floats = self._facts[name].to_numpy()
        return column[places[places >= 0]]

    def _subjects(self, rows: Columns) -> Indices:
        """Return a number for what each row is about: device, channel and so on; -1 where no fact is about it."""
        codes = {name: _codes(rows[name], known) for name, known in self._known.items()}
        subjects: Indices = np.zeros(len(rows["device_id"]), np.int64)
        for name, known in self._known.items():
            subjects = subjects * len(known) + codes[name]
        is_known = np.logical_and.reduce([each >= 0 for each in codes.values()])
        return np.where(is_known, subjects, -1)

    def _joined(self, subjects: Indices, times_us: Indices) -> Indices:
        """Return numbers that are ordered as subjects are, and within one subject as moments at which facts begin."""
        return subjects * (len(self._moments_us) + 1) + np.searchsorted(self._moments_us, times_us, side="right")


def _codes(values: pa.Array, known: pa.Array) -> Indices:
    """Return each value's place among those known, -1 where it is none."""
    if isinstance(values, pa.DictionaryArray):
        among = np.append(_codes(values.dictionary, known), -1)
        places: Indices = values.indices.fill_null(len(among) - 1).to_numpy()
        return among[places]
    codes: Indices = pc.fill_null(pc.index_in(values, value_set=known), -1).to_numpy().astype(np.int64)
    return codes


def _microseconds(moments: pa.Array | pa.ChunkedArray) -> Indices:
    """Return moments as numbers since 1970; after all others, where there is none."""
    numbers: Indices = moments.cast(pa.int64()).fill_null(_NEVER_US).to_numpy()
    return numbers
