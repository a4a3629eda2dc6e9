"""What devices did over time: periods that never overlap, added and closed, never rewritten. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pipelines.reference.refusal import one_of, refused

Row = dict[str, Any]
Key = tuple[str, ...] | tuple[str, datetime]

_LITERALLY = "If the row was wrong from its first day, load with --correct, which takes the files literally."


@dataclass(frozen=True)
class Change:
    """What becomes of one row of a reference table."""

    table_name: str
    row: str
    change: str
    columns: tuple[str, ...]


def merged(standing: Sequence[Row], wanted: Sequence[tuple[str, Row]]) -> list[Row]:
    """Add the file's periods to those that stand, and close those that it closes.

    An open end in the file says nothing: a period that has been closed since stays closed.

    Raises:
        DataRefused: A row of the file contradicts one that stands, or overlaps it.
    """
    rows = {_key(row): row for row in standing}
    places = {_key(row): where for where, row in wanted}
    if len(places) < len(wanted):
        checked(wanted)
    for where, row in wanted:
        rows[_key(row)] = _reconciled(rows.get(_key(row)), where, row)
    return checked([(places.get(key, "the registry"), row) for key, row in rows.items()])


def checked(rows: Iterable[tuple[str, Row]]) -> list[Row]:
    """Return the rows if each device stands in one place at a time: two would double its observations.

    Raises:
        DataRefused: Two periods of a device overlap.
    """
    last: dict[str, Row] = {}
    ordered = sorted(rows, key=lambda each: each[1]["valid_from"])
    for where, row in ordered:
        earlier = last.get(row["device_id"])
        if earlier and (earlier["valid_to"] is None or earlier["valid_to"] > row["valid_from"]):
            until = "without end" if earlier["valid_to"] is None else f"until {_written(earlier['valid_to'])}"
            got = f"device {row['device_id']}, which stands in {earlier['field_id']} {until}"
            fix = f"Close the earlier row, or run 'fieldstream reference move {row['device_id']}'. Nothing was written."
            raise refused(f"{where}, column valid_from", "one place at a time", got, fix)
        last[row["device_id"]] = row
    return [row for _, row in ordered]


def moved(rows: Sequence[Row], device: str, start: datetime, place: Mapping[str, Any]) -> list[Row]:
    """Close the device's open period at `start`, and open one with what `place` says; model and calibration go along.

    Raises:
        DataRefused: There is no such device, or it stood elsewhere after `start`.
    """
    latest = _latest(rows, device)
    new = {**latest, "longitude_deg": None, "latitude_deg": None, **place, "valid_from": start, "valid_to": None}
    if latest["valid_to"] is None and all(latest[name] == new[name] for name in new if name != "valid_from"):
        return list(rows)
    if latest["valid_from"] >= start or (latest["valid_to"] or start) > start:
        got = f"{_written(start)}, within a period of {latest['field_id']} from {_written(latest['valid_from'])}"
        raise refused("--from", f"a time after device {device} last moved", got, f"See 'reference ls'. {_LITERALLY}")
    closed = {**latest, "valid_to": latest["valid_to"] or start}
    return [*(closed if row is latest else row for row in rows), new]


def retired(rows: Sequence[Row], device: str, end: datetime) -> list[Row]:
    """Close the device's open period at `end`.

    Raises:
        DataRefused: There is no such device, it has been retired at another time, or did not stand anywhere yet.
    """
    latest = _latest(rows, device)
    if latest["valid_to"] == end:
        return list(rows)
    if latest["valid_to"] is not None:
        got = f"retired at {_written(latest['valid_to'])}"
        raise refused(f"device {device}", "one that stands somewhere", got, f"Nothing was written. {_LITERALLY}")
    if latest["valid_from"] >= end:
        got, since = _written(end), _written(latest["valid_from"])
        raise refused("--at", f"a time after {since}, when device {device} came", got, "Name a later time.")
    return [{**row, "valid_to": end} if row is latest else row for row in rows]


def in_force(rows: Iterable[Row], at: datetime) -> list[Row]:
    """Return the periods that hold at a time."""
    return [row for row in rows if row["valid_from"] <= at and (row["valid_to"] is None or at < row["valid_to"])]


def changes(table_name: str, key: Sequence[str], before: Iterable[Row], after: Iterable[Row]) -> list[Change]:
    """Say what happens to each row: added, closed, changed or removed."""
    then, now = ({tuple(row[name] for name in key): row for row in rows} for rows in (before, after))
    found = []
    for place in sorted({*then, *now}):
        old, new = then.get(place), now.get(place)
        columns = tuple(name for name in new if old and old[name] != new[name]) if new else ()
        if old is not None and new is not None and not columns:
            continue
        named = " from ".join(_written(part) if isinstance(part, datetime) else part for part in place)
        found.append(Change(table_name, named, _kind(old, new, columns), columns))
    return found


def _kind(old: Row | None, new: Row | None, columns: tuple[str, ...]) -> str:
    if old is None:
        return "added"
    if new is None:
        return "removed"
    return "closed" if columns == ("valid_to",) and old["valid_to"] is None else "changed"


def _key(row: Row) -> tuple[str, datetime]:
    return row["device_id"], row["valid_from"]


def _reconciled(old: Row | None, where: str, row: Row) -> Row:
    if old is None:
        return row
    differing = [name for name in row if name != "valid_to" and row[name] != old[name]]
    if not differing and row["valid_to"] is None:
        return old
    if not differing and old["valid_to"] in {None, row["valid_to"]}:
        return row
    name = differing[0] if differing else "valid_to"
    expected = f"{_told(old[name])}, as has stood since {_written(old['valid_from'])}"
    fix = f"If the device moved or was changed, add a row from that time on. {_LITERALLY} Nothing was written."
    raise refused(f"{where}, column {name}", expected, _told(row[name]), fix)


def _latest(rows: Sequence[Row], device: str) -> Row:
    own = [row for row in rows if row["device_id"] == device]
    if not own:
        known = {row["device_id"] for row in rows}
        near = one_of("devices", known, device)
        expected = near if len(near) < 300 else "a device of the registry"
        raise refused("DEVICE", expected, repr(device), "Name it as 'fieldstream reference ls' does.")
    return max(own, key=lambda row: row["valid_from"])


def _told(value: Any) -> str:
    if value is None:
        return "nothing"
    return _written(value) if isinstance(value, datetime) else str(value)


def _written(time: datetime) -> str:
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")
