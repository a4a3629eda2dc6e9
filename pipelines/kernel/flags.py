"""Values as said become values in canonical units, flagged by their quantity's ranges."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int8]
Indices = npt.NDArray[np.int64]
Truths = npt.NDArray[np.bool_]

GOOD, SUSPECT, FAIL, MISSING = 1, 3, 4, 9
# By code: why a value has its flag, and the flag.
REASONS = (
    (None, GOOD),
    ("missing_value", MISSING),
    ("not_a_number", MISSING),
    ("not_finite", MISSING),
    ("impossible_date", FAIL),
    ("unit_contradicts_value", FAIL),
    ("below_gross_range", FAIL),
    ("above_gross_range", FAIL),
    ("below_suspect_range", SUSPECT),
    ("above_suspect_range", SUSPECT),
)
_CODES = {reason: code for code, (reason, _) in enumerate(REASONS)}
_FLAGS = np.array([flag for _, flag in REASONS], np.int32)


class Said(NamedTuple):
    """Values as their messages gave them, one an entry."""

    meaning_ids: Indices
    amounts: Floats
    """NaN where none could be read: `lacks` has the code why, or 0 where the message itself said NaN."""
    lacks: Codes
    is_misdated: Truths


class Lines(NamedTuple):
    """Of values at these places, in canonical units: the line that corrects each."""

    places: Indices
    gains: Floats
    offsets: Floats


class Flagged(NamedTuple):
    """Values in canonical units, NaN where there is none; their QARTOD flags, and the codes of the reasons."""

    values: Floats
    flags: npt.NDArray[np.int32]
    codes: Codes


def flagged(said: Said, meanings: pa.Table, lines: Lines | None = None) -> Flagged:
    """Convert, correct and flag values by what they mean.

    Units: those of the messages in, canonical units out.
    """
    of = {name: meanings[name].to_numpy() for name in ("scale", "shift", "suspect_min", "suspect_max")}
    place = said.meaning_ids
    with np.errstate(invalid="ignore", over="ignore"):
        values = said.amounts * of["scale"][place] + of["shift"][place]
        if lines is not None:
            values[lines.places] = values[lines.places] * lines.gains + lines.offsets
        is_good = (values >= of["suspect_min"][place]) & (values <= of["suspect_max"][place]) & ~said.is_misdated
    may_deceive = meanings["missing"].is_valid().to_numpy() | meanings["contradicts_up_to"].is_valid().to_numpy()
    # Most values are good, and nothing more needs to be asked of them.
    doubtful = np.flatnonzero(~is_good | may_deceive[place])
    codes = np.zeros(len(values), np.int8)
    doubted = Said(place[doubtful], said.amounts[doubtful], said.lacks[doubtful], said.is_misdated[doubtful])
    codes[doubtful] = _codes(doubted, values[doubtful], meanings)
    values[(codes > 0) & (_FLAGS[codes] == MISSING)] = np.nan
    return Flagged(values, _FLAGS[codes], codes)


def _codes(said: Said, values: Floats, meanings: pa.Table) -> Codes:
    def of_meaning(name: str) -> Floats:
        column: Floats = meanings[name].to_numpy()
        return column[said.meaning_ids]

    tests = (
        (said.lacks > 0, None),
        (_is_missing(said, meanings), "missing_value"),
        (~np.isfinite(values), "not_finite"),
        (said.is_misdated, "impossible_date"),
        ((said.amounts > 0) & (said.amounts <= of_meaning("contradicts_up_to")), "unit_contradicts_value"),
        (values < of_meaning("fail_min"), "below_gross_range"),
        (values > of_meaning("fail_max"), "above_gross_range"),
        (values < of_meaning("suspect_min"), "below_suspect_range"),
        (values > of_meaning("suspect_max"), "above_suspect_range"),
    )
    # The first that is so counts.
    return np.select(
        [is_so for is_so, _ in tests], [said.lacks if reason is None else _CODES[reason] for _, reason in tests], 0
    ).astype(np.int8)


def lack_codes(reasons: pa.Array) -> Codes:
    """Return the codes of reasons by name, 0 where there is none."""
    return np.array([_CODES[each] for each in reasons.to_pylist()], np.int8)


def reason_lists(codes: Codes) -> pa.ListArray:
    """Return each code's reason as a list, empty where there is none."""
    has_one = codes != 0
    offsets = np.concatenate([[0], np.cumsum(has_one)]).astype(np.int32)
    names = pa.array([reason for reason, _ in REASONS], pa.string())
    return pa.ListArray.from_arrays(pa.array(offsets), names.take(pa.array(codes[has_one])))


def _is_missing(said: Said, meanings: pa.Table) -> Truths:
    """Say which values are those by which a sensor says that it has none."""
    sentinels = meanings["missing"].to_pylist()
    found = np.zeros(len(said.amounts), np.bool_)
    may_be = np.array([bool(each) for each in sentinels], np.bool_)
    if not may_be.any():
        return found
    places = np.flatnonzero(may_be[said.meaning_ids])
    for meaning_id in np.unique(said.meaning_ids[places]):
        own = places[said.meaning_ids[places] == meaning_id]
        found[own] = np.isin(said.amounts[own], sentinels[meaning_id])
    return found
