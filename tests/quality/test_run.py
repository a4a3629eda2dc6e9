"""Runs over a small world: what they find, and that it does not matter in what order the world came."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from deltalake import DeltaTable
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.contracts.quality import quality
from pipelines.errors import DataRefused, WriterConflict
from pipelines.lake.flagged import flagged_version
from pipelines.lake.tables import Lake
from pipelines.quality import run as module
from pipelines.quality.run import FlagRun, run
from tests.quality.world import DEVICES, EXPECTED, START, lake_of, row, standing, told, world

SILVER, FLAGS = "silver.observations", "silver.flags"
NOW = datetime(2026, 7, 1, tzinfo=UTC)
WORLD = world()
BY_PLACE = {"radiation_above_possible", "radiation_at_night", "rise_without_water"}


@pytest.fixture(scope="module")
def at_once(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    lake = lake_of(tmp_path_factory.mktemp("lake"))
    lake.append(SILVER, WORLD)
    run(lake, NOW)
    return lake


def test_each_trouble_is_found_and_nothing_else(at_once: Lake) -> None:
    assert told(at_once) == EXPECTED


def test_failures_are_told_from_suspicions(at_once: Lake) -> None:
    failed = {
        (reason, (time - START) / timedelta(hours=1)) for *_, time, reason, flag in standing(at_once) if flag == 4
    }
    assert failed == {("spike", 30.0), ("radiation_above_possible", 48.0)}


def test_without_news_nothing_is_written(at_once: Lake) -> None:
    before = at_once.version(FLAGS), at_once.version("ops.flag_runs")
    again = run(at_once, NOW)
    assert (again.row_count, again.flags_given, again.flags_withdrawn) == (0, {}, 0)
    assert (at_once.version(FLAGS), at_once.version("ops.flag_runs")) == before


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_order_and_any_cut_ends_in_the_same_flags(
    data: st.DataObject, at_once: Lake, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Pieces of 6 to 40 hours of a series, shuffled, in up to five batches, a run after each or not."""
    hours = data.draw(st.integers(6, 40))
    pieces: dict[Any, list[dict[str, Any]]] = {}
    for each in WORLD:
        pieces.setdefault((each["property"], (each["phenomenon_time"] - START) // timedelta(hours=hours)), []).append(
            each
        )
    order = data.draw(st.permutations(sorted(pieces)))
    batches = data.draw(st.integers(2, 5))
    lake = lake_of(tmp_path_factory.mktemp("lake"))
    for number in range(batches):
        lake.append(SILVER, [each for key in order[number::batches] for each in pieces[key]])
        if number == batches - 1 or data.draw(st.booleans()):
            run(lake, NOW)
    assert standing(lake) == standing(at_once)
    assert flagged_version(lake) == lake.version(SILVER)


def test_late_data_take_flags_back_and_give_new_ones(tmp_path: Path) -> None:
    """Hours 102 to 109 come a week late: the gap before hour 110 closes, one of two hours stays, which is none."""
    lake = lake_of(tmp_path)
    lake.append(SILVER, WORLD)
    run(lake, NOW)
    lake.append(SILVER, [row("station", "air_temperature", hour, 20.0 + hour % 2) for hour in range(102, 110)])
    late = run(lake, NOW)
    assert late.flags_withdrawn == 1
    assert ("gap", "air_temperature", 110.0) not in told(lake)
    # The last of them, 21.0, is followed by 20 + 5 sin(110 pi / 12) + 1.1 = 18.6: no more than may change.
    assert told(lake) == EXPECTED - {("gap", "air_temperature", 110.0)}


def test_late_rain_excuses_a_rise(tmp_path: Path) -> None:
    lake = lake_of(tmp_path)
    lake.append(SILVER, [each for each in WORLD if each["property"] != "water_flow"])
    run(lake, NOW)
    # Nobody knows of irrigation: nothing is said of any rise.
    assert not {each for each in told(lake) if each[0] == "rise_without_water"}
    lake.append(SILVER, [each for each in WORLD if each["property"] == "water_flow"])
    run(lake, NOW)
    assert told(lake) == EXPECTED
    lake.append(SILVER, [row("meter", "water_flow", 39.5, 12.0)])
    assert run(lake, NOW).flags_withdrawn == 1
    assert told(lake) == EXPECTED - {("rise_without_water", "soil_moisture", 40.0)}


def test_a_device_that_gets_its_place_later_is_judged_by_it(tmp_path: Path, at_once: Lake) -> None:
    lake = lake_of(tmp_path, [each for each in DEVICES if each["device_id"] == "probe"])
    lake.append(SILVER, WORLD)
    run(lake, NOW)
    assert {reason for reason, _, _ in told(lake)} == {each[0] for each in EXPECTED} - BY_PLACE
    lake.append("reference.devices", [each for each in DEVICES if each["device_id"] != "probe"])
    placed = run(lake, NOW)
    assert placed.row_count < len(WORLD)  # temperature and rain are not looked at again
    assert standing(lake) == standing(at_once)


def test_what_is_old_is_not_read_again(tmp_path: Path) -> None:
    lake = lake_of(tmp_path)
    lake.append(SILVER, WORLD)
    run(lake, NOW)
    # Two weeks later, one value: only its own series and days are looked at.
    lake.append(SILVER, [row("station", "air_temperature", 500, 20.0)])
    assert run(lake, NOW) == FlagRun(2, 1, 2, 1, {}, 0)


def test_another_contract_judges_everything_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lake = lake_of(tmp_path)
    lake.append(SILVER, WORLD)
    run(lake, NOW)
    monkeypatch.setattr(module, "quality_digest", lambda: "another")
    looser = quality().__class__(**{**vars(quality()), "quantities": {}})
    monkeypatch.setattr(module, "quality", lambda: looser)
    anew = run(lake, NOW)
    assert (anew.row_count, anew.from_version) == (len(WORLD), -1)
    assert {reason for reason, _, _ in told(lake)} == {each[0] for each in EXPECTED} - {
        "spike",
        "rate_of_change",
        "flat_line",
        "attenuated_signal",
    }


def test_a_log_that_was_cleaned_makes_it_judge_everything(tmp_path: Path, at_once: Lake) -> None:
    lake = lake_of(tmp_path)
    lake.append(SILVER, WORLD[:100])
    run(lake, NOW)
    lake.append(SILVER, WORLD[100:])
    DeltaTable(str(lake.path(SILVER))).create_checkpoint()
    (lake.path(SILVER) / "_delta_log" / f"{2:020}.json").unlink()
    assert run(lake, NOW).row_count == len(WORLD)
    assert standing(lake) == standing(at_once)


def test_a_crash_before_the_run_is_recorded_is_made_good(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lake = lake_of(tmp_path)
    lake.append(SILVER, WORLD)
    with monkeypatch.context() as crash:
        crash.setattr(module, "_record", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            run(lake, NOW)
    assert flagged_version(lake) == -1
    again = run(lake, NOW)
    assert (again.flag_run, again.flags_given, again.flags_withdrawn) == (2, {}, 0)
    assert told(lake) == EXPECTED


def test_of_two_runs_at_once_the_second_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lake = lake_of(tmp_path)
    lake.append(SILVER, WORLD)
    judged = module._judged

    def meanwhile(*args: Any) -> FlagRun:
        monkeypatch.setattr(module, "_judged", judged)
        run(lake, NOW)
        return judged(*args)

    monkeypatch.setattr(module, "_judged", meanwhile)
    with pytest.raises(WriterConflict, match="flags"):
        run(lake, NOW)
    assert told(lake) == EXPECTED


def test_without_observations_there_is_nothing_to_judge(tmp_path: Path) -> None:
    with pytest.raises(DataRefused, match=r"silver/observations"):
        run(Lake(tmp_path), NOW)
