"""The registry as commands change it."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipelines.errors import DataRefused, UsageError
from pipelines.jobs.reference import list_reference, load_reference, move, retire
from pipelines.lake.tables import Lake
from pipelines.settings import Settings, from_environment
from pipelines.simulate.tower import SAMPLE

HEADER = "device_id,field_id,valid_from,valid_to\n"
DEVICES, FIELDS = SAMPLE / "devices.csv", SAMPLE / "fields.geojson"
FIELD = "twitchell-alfalfa"
PROBE = "0211fffe75300011"
JUNE = datetime(2018, 6, 1, tzinfo=UTC)


@pytest.fixture
def demo(tmp_path: Path) -> Settings:
    return replace(from_environment({}), home=tmp_path)


@pytest.fixture
def loaded(demo: Settings) -> Settings:
    load_reference(demo, DEVICES, FIELDS)
    return demo


def versions(settings: Settings) -> list[int]:
    return [Lake(settings.lake).version(name) for name in ("reference.devices", "reference.fields")]


def test_the_sample_is_loaded_once(demo: Settings) -> None:
    first = load_reference(demo, DEVICES, FIELDS)
    before = versions(demo)
    second = load_reference(demo, DEVICES, FIELDS)
    assert (first.devices, first.fields, first.written) == (3, 1, ("reference.fields", "reference.devices"))
    assert {change.change for change in first.changes} == {"added"}
    assert (second.devices, second.fields, second.changes, second.written) == (3, 1, (), ())
    assert versions(demo) == before


def test_a_dry_run_shows_the_changes_and_writes_nothing(demo: Settings) -> None:
    report = load_reference(demo, DEVICES, FIELDS, dry_run=True)
    assert (len(report.changes), report.written) == (4, ())
    assert versions(demo) == [-1, -1]


def test_either_file_may_be_loaded_alone(demo: Settings) -> None:
    assert load_reference(demo, fields_geojson=FIELDS).written == ("reference.fields",)
    assert load_reference(demo, DEVICES).written == ("reference.devices",)
    with pytest.raises(UsageError, match="expected a file of devices or of fields, got none"):
        load_reference(demo)


def test_the_files_loaded_again_undo_no_move(loaded: Settings) -> None:
    move(loaded, PROBE, FIELD, JUNE, depths=[{"channel": 1, "depth_cm": 15.0}])
    before = versions(loaded)
    report = load_reference(loaded, DEVICES, FIELDS)
    assert (report.devices, report.changes) == (4, ())
    assert versions(loaded) == before


def test_taken_literally_the_files_undo_a_move(loaded: Settings) -> None:
    move(loaded, PROBE, FIELD, JUNE, depths=[{"channel": 1, "depth_cm": 15.0}])
    report = load_reference(loaded, DEVICES, FIELDS, correct=True)
    assert [(change.change, change.columns) for change in report.changes] == [
        ("changed", ("valid_to",)),
        ("removed", ()),
    ]
    assert report.devices == 3


def test_a_move_closes_one_period_and_opens_another(loaded: Settings) -> None:
    report = move(
        loaded, PROBE.upper(), FIELD, JUNE, depths=[{"channel": 1, "depth_cm": 15.0}], position=(-121.65, 38.1)
    )
    assert [(change.row, change.change) for change in report.changes] == [
        (f"{PROBE} from 2017-01-01T08:00:00Z", "closed"),
        (f"{PROBE} from 2018-06-01T00:00:00Z", "added"),
    ]
    may, june = (list_reference(loaded, at=at)[-1] for at in (datetime(2018, 5, 31, tzinfo=UTC), JUNE))
    assert (may.device_id, may.depths, may.valid_to) == (PROBE, None, JUNE)
    assert (june.depths, june.longitude_deg, june.valid_to) == ("1=15", -121.65, None)
    again = move(loaded, PROBE, FIELD, JUNE, depths=[{"channel": 1, "depth_cm": 15.0}], position=(-121.65, 38.1))
    assert (again.changes, again.written) == ((), ())


@pytest.mark.parametrize(
    ("field", "position", "sentence"),
    [
        ("twitchel", None, r"--field\): expected one of the fields, perhaps twitchell-alfalfa, got 'twitchel'"),
        (FIELD, (38.1, -121.6), r"--position\): expected longitude first, then latitude"),
        (
            FIELD,
            (-122.6, 38.1),
            r"--position\): expected a position within 20 km of twitchell-alfalfa, got one 83 km away",
        ),
    ],
)
def test_a_move_to_nowhere_is_refused(
    loaded: Settings, field: str, position: tuple[float, float] | None, sentence: str
) -> None:
    with pytest.raises(DataRefused, match=sentence):
        move(loaded, PROBE, field, JUNE, position=position)


def test_a_device_is_retired(loaded: Settings) -> None:
    assert retire(loaded, PROBE, JUNE, dry_run=True).written == ()
    assert retire(loaded, PROBE, JUNE).written == ("reference.devices",)
    assert retire(loaded, PROBE, JUNE).written == ()
    assert PROBE not in [period.device_id for period in list_reference(loaded, at=JUNE)]


def test_fields_are_listed_with_the_devices_that_stand_there(loaded: Settings) -> None:
    # The sample's first probe was there in 2015 only, its second from 2017 on; the station all the time.
    (in_2015,), (in_2016,) = (
        list_reference(loaded, "fields", datetime(year, 6, 1, tzinfo=UTC)) for year in (2015, 2016)
    )
    assert (in_2015.field_id, in_2015.devices, in_2016.devices) == (FIELD, 2, 1)


def test_history_is_refused_to_be_rewritten_by_line_and_column(loaded: Settings, tmp_path: Path) -> None:
    changed = tmp_path / "devices.csv"
    changed.write_text(HEADER + f"{PROBE},{FIELD},2017-01-01T08:00:00Z,2018-01-01T00:00:00Z\n")
    load_reference(loaded, changed)
    changed.write_text(HEADER + f"{PROBE},{FIELD},2017-01-01T08:00:00Z,2018-02-01T00:00:00Z\n")
    with pytest.raises(DataRefused, match=r"line 2, column valid_to\): expected 2018-01-01T00:00:00Z, as has stood"):
        load_reference(loaded, changed)


def test_a_field_that_has_seen_a_device_cannot_go(loaded: Settings, tmp_path: Path) -> None:
    path = tmp_path / "fields.geojson"
    path.write_text(FIELDS.read_text().replace(FIELD, "other"))
    with pytest.raises(DataRefused, match="expected the fields in which devices stood: twitchell-alfalfa"):
        load_reference(loaded, fields_geojson=path, correct=True)
    assert load_reference(loaded, fields_geojson=path).fields == 2


def test_nothing_is_written_when_either_file_is_wrong(demo: Settings, tmp_path: Path) -> None:
    bad = tmp_path / "devices.csv"
    bad.write_text(HEADER + "a,elsewhere,2017-01-01T00:00:00Z,\n")
    with pytest.raises(DataRefused):
        load_reference(demo, bad, FIELDS)
    assert versions(demo) == [-1, -1]
