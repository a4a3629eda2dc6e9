"""The page: its numbers are the tables', it needs nothing from elsewhere, and nothing in the data can act on it."""

import re
from html.parser import HTMLParser

import pytest

from pipelines.lake.tables import Lake
from pipelines.report.page import CONTENTS, page

HOSTILE = '"><script>alert(1)</script>${body}$$x^'


class Read(HTMLParser):
    """Tables as rows of text, ids, tags, attributes and all text of a page."""

    def __init__(self, content: str) -> None:
        super().__init__()
        self.tables: list[list[list[str]]] = []
        self.ids: list[str] = []
        self.tags: set[str] = set()
        self.links: list[str] = []
        self.text = ""
        self.in_cell = False
        self.feed(content)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.tags.add(tag)
        self.ids += [found["id"] or ""] if "id" in found else []
        self.links += [value or "" for name, value in attrs if name in {"href", "src", "srcset", "action", "data"}]
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in {"td", "th"}:
            self.tables[-1][-1].append("")
            self.in_cell = True

    def handle_endtag(self, tag: str) -> None:
        self.in_cell = self.in_cell and tag not in {"td", "th"}

    def handle_data(self, data: str) -> None:
        self.text += data
        if self.in_cell:
            self.tables[-1][-1][-1] += data

    def table(self, first_heading: str, second_heading: str) -> list[list[str]]:
        return next(rows[1:] for rows in self.tables if rows[0][:2] == [first_heading, second_heading])


@pytest.fixture(scope="module")
def content(made_once: Lake) -> str:
    return page(made_once, "demo")


def test_numbers_shown_are_the_tables(content: str) -> None:
    read = Read(content)
    assert ["gold.field_daily", "2", "11"] in read.table("table", "version")
    assert ["quarantined", "not_json", "1"] in read.table("verdict", "reason")
    assert read.table("property", "1 good") == [
        ["air_temperature", "1", "0", "1", "2"],
        ["soil_moisture", "2", "1", "0", "3"],
        ["all", "3", "1", "1", "5"],
    ]
    assert read.table("layer", "days ahead") == [
        ["0\N{EN DASH}30\N{NO-BREAK SPACE}cm", "3", "88", "0.0125", "0.0100", "-25.0%", "76%"]
    ]
    assert read.table("field", "day") == [["twitchell-alfalfa", "2017-06-04", "1", "none → 0.250"]]
    assert [row[:3] for row in read.table("field", "year")] == [
        ["twitchell-alfalfa", "2015", "1"],
        ["twitchell-alfalfa", "2017", "10"],
    ]
    assert "accepted 6 + duplicate 2 + quarantined 1 = 9 records; 9 offsets read" in read.text
    assert "rise with rain: 0, rise without rain: 1, rise, rain not measured: 0" in read.text


def test_the_measured_values_inside_the_interval_are_counted(content: str) -> None:
    """0.20 to 0.24 was said for all; of 0.25 0.24 0.22 0.22 0.21 that came, four lie inside."""
    text = Read(content).text
    assert "4 of 5 measured values lie within the interval forecast 3 days before" in text
    assert "has learned from these days too" in text


def test_the_gate_s_words_and_the_score_s_way_back_are_shown(content: str) -> None:
    text = Read(content).text
    assert "3 slices judged: 2 admitted, 1 held." in text
    assert "unit is fixed per property: saw 'kPa' in 10 rows" in text
    for fact in ("ab" * 32, "c0de" * 16, "admitted: version 4", "silver.observations version 4", "job-1"):
        assert fact in text


def test_the_page_needs_nothing_from_elsewhere(content: str) -> None:
    read = Read(content)
    assert re.findall(r"https?:|//[a-z]|@import|url\((?!#)", content) == []
    assert [link for link in read.links if not link.startswith("#")] == []
    assert read.tags & {"script", "link", "iframe", "img", "object", "embed", "base"} == set()


def test_contents_point_to_sections_and_ids_are_unique(content: str) -> None:
    read = Read(content)
    assert set(CONTENTS) <= set(read.ids)
    assert len(read.ids) == len(set(read.ids))
    assert {link.removeprefix("#") for link in read.links} <= set(read.ids)


def test_equal_tables_give_equal_bytes(lake: Lake, content: str) -> None:
    assert page(lake, "demo") == content


def test_text_from_the_data_cannot_act(lake: Lake, empty_lake: Lake) -> None:
    for name, columns in {
        "bronze.events": ("verdict",),
        "silver.observations": ("property",),
        "gold.field_daily": ("field_id", "eto_method"),
        "scores.irrigation": ("field_id", "model_name"),
        "ops.models": ("job_key",),
        "ops.gate_results": ("table_name", "gate_verdict"),
        "reference.fields": ("field_id", "crop"),
    }.items():
        empty_lake.append(name, [row | dict.fromkeys(columns, HOSTILE) for row in lake.read(name).to_pylist()])
    content = page(empty_lake, HOSTILE)
    assert "<script" not in content
    assert content.count("<!doctype html>") == 1
    assert Read(content).text.count(HOSTILE) >= 8


def test_an_empty_lake_says_so_in_every_section(empty_lake: Lake) -> None:
    read = Read(page(empty_lake, "demo"))
    assert "svg" not in read.tags
    assert set(CONTENTS) <= set(read.ids)
    for sentence in (
        "The lake holds no field-days yet.",
        "Nothing has come in yet",
        "There are no field-days yet",
        "There are no forecasts yet",
        "The gate has not judged anything yet.",
        "nothing has been restated",
        "There are no scores yet.",
    ):
        assert sentence in read.text


@pytest.mark.parametrize("name", ["gold.field_daily", "scores.irrigation", "silver.observations", "bronze.events"])
def test_any_one_table_alone_makes_a_page(lake: Lake, empty_lake: Lake, name: str) -> None:
    empty_lake.append(name, lake.read(name).to_pylist())
    assert f"{name}" in Read(page(empty_lake, "demo")).text


def test_tables_whose_values_are_all_null_make_a_page(lake: Lake, empty_lake: Lake) -> None:
    kept = {"field_id", "date", "eto_method", "silver_version"}
    bare = [{name: row[name] for name in kept} for row in lake.read("gold.field_daily").to_pylist()]
    empty_lake.append("gold.field_daily", bare)
    empty_lake.append("reference.fields", [lake.read("reference.fields").to_pylist()[0] | {"crop": None}])
    text = Read(page(empty_lake, "demo")).text
    assert "No layer's soil moisture is usable on any day." in text
    assert "Reference evapotranspiration could not be computed on any day." in text
    assert "crop not recorded, 38.1159° N, 121.6467° W, elevation -9 m" in text
