"""Which rows of a gold table a build writes: some fields on some days, or all there is."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True)
class Region:
    """The rows of some fields, on some days or from a day on; one that names no fields is all of the table."""

    field_ids: frozenset[str]
    dates: frozenset[date] = frozenset()
    since: date | None = None

    @property
    def is_everything(self) -> bool:
        """Whether no row is outside."""
        return not self.field_ids

    @property
    def condition(self) -> str:
        """The region as SQL over the columns field_id and date; as DuckDB and DataFusion both read it."""
        if self.is_everything:
            return "true"
        fields = ", ".join(_literal(each) for each in sorted(self.field_ids))
        parts = [f"field_id in ({fields})"]
        if self.since:
            return " and ".join([*parts, f"date >= date '{self.since}'"])
        first, last = min(self.dates), max(self.dates)
        parts.append(f"date between date '{first}' and date '{last}'")
        if len(self.dates) <= (last - first).days:
            parts.append(f"date in ({', '.join(_quoted(self.dates))})")
        return " and ".join(parts)

    def months(self) -> list[tuple[date, date]]:
        """Return the first and the last day of each month's part, oldest first."""
        days = sorted(self.dates)
        return [
            (of_month[0], of_month[-1])
            for month in sorted({(day.year, day.month) for day in days})
            if (of_month := [day for day in days if (day.year, day.month) == month])
        ]


EVERYTHING = Region(frozenset())


def of_field_days(field_days: Iterable[tuple[str, date]]) -> Region | None:
    """Return the smallest region that has these days of these fields; None where there are none.

    Shape: fields times days.
    """
    found = list(field_days)
    if not found:
        return None
    return Region(frozenset(field for field, _ in found), frozenset(day for _, day in found))


def days_between(first: date, last: date) -> list[date]:
    """Return every day from one to another, both among them.

    Shape: a day each.
    """
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def _quoted(dates: Iterable[date]) -> list[str]:
    return [f"date '{day}'" for day in sorted(dates)]


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
