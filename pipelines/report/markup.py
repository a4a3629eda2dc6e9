"""HTML in which everything that came from data is text."""

from collections.abc import Iterable, Sequence
from html import escape


class Markup(str):
    """HTML that is already safe; any other string is escaped where it is put into a page."""

    __slots__ = ()


class Number(str):
    """A number as it shall be shown: set to the right in a table."""

    __slots__ = ()


def text(value: object) -> Markup:
    """Return a value as HTML text, unchanged where it is markup already."""
    return value if isinstance(value, Markup) else Markup(escape(str(value), quote=True))


def joined(parts: Iterable[object]) -> Markup:
    """Return the parts one after another."""
    return Markup("".join(text(part) for part in parts))


def element(tag: str, *children: object, **attributes: object) -> Markup:
    """Return an element; a trailing underscore is cut from attribute names (class_) and others become dashes."""
    written = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{escape(str(value), quote=True)}"'
        for name, value in attributes.items()
    )
    return Markup(f"<{tag}{written}>{joined(children)}</{tag}>")


def table(headings: Sequence[str], rows: Sequence[Sequence[object]]) -> Markup:
    """Return a table that scrolls sideways in a narrow window; numbers are set to the right."""
    first = rows[0] if rows else [""] * len(headings)
    head = element("tr", *(_cell("th", heading, like) for heading, like in zip(headings, first, strict=True)))
    body = (element("tr", *(_cell("td", _written(value), value) for value in row)) for row in rows)
    return element("div", element("table", element("thead", head), element("tbody", *body)), class_="scroll")


def newest_of(headings: Sequence[str], rows: Sequence[Sequence[object]], shown: int, noun: str) -> Markup:
    """Return a table of the last rows, and say so where there are more."""
    cut = f"The newest {shown:,} of {count(len(rows), noun)} are shown."
    return joined([*([note(cut)] if len(rows) > shown else []), table(headings, rows[-shown:])])


def section(name: str, title: str, *content: object) -> Markup:
    """Return a section that the page's list of contents can point to."""
    return element("section", element("h2", title), *content, id=name)


def paragraph(*words: object) -> Markup:
    """Return a paragraph."""
    return element("p", *words)


def figure(pictures: Sequence[Markup], caption: str) -> Markup:
    """Return pictures side by side, or one below another where there is no room, over one caption."""
    return element("figure", element("div", *pictures, class_="plots"), element("figcaption", caption))


def note(words: str) -> Markup:
    """Return a paragraph in a quieter voice: definitions and details."""
    return element("p", words, class_="soft")


def count(number: int, noun: str) -> str:
    """Return a number with its noun, in the plural where it should be."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _cell(tag: str, content: object, like: object) -> Markup:
    return element(tag, content, class_="number") if isinstance(like, int | Number) else element(tag, content)


def _written(value: object) -> object:
    return f"{value:,}" if isinstance(value, int) else value
