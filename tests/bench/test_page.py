"""What was measured becomes a page, and comes back from its JSON as it was."""

from pathlib import Path

import pytest

from tests.bench import page
from tests.bench.charts import draw
from tests.bench.result import Chart, Result, Table, Target, read

RESULT = Result(
    "day",
    "A farm's day",
    "How it was measured.",
    {"date": "2026-11-24 14:00 UTC", "cores": "2"},
    (Table("By stage", ("", "CPU s"), (("score", "1.5"), ("gate", "2.0"))),),
    (
        Target("day_wall", "seconds from Kafka to scores", 250.0, 240.0, at_least=False),
        Target("day_memory", "memory, MB", 1_735.0, 3_000.0, at_least=False),
        Target("gate_spark", "CPU of the gate, of taking in", 0.451),
        Target("gate_embedded", "CPU of the gate, of another", 0.1541, 0.15, at_least=False),
    ),
    (Chart("day", "By stage", "CPU s", bars={"score": 1.5, "gate": 2.0}),),
    measured={"score": [{"cpu_s": 1.5}]},
)


def test_a_result_comes_back_as_it_was(tmp_path: Path) -> None:
    file = tmp_path / "day.json"
    file.write_text(RESULT.as_json(), encoding="utf-8")
    assert read(file) == RESULT


def test_a_page_says_which_targets_were_met_and_what_limited_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "limits", lambda: {"day_wall": "the JVM's starts.", "gone": "nothing."})
    lines = page.as_page([RESULT]).splitlines()
    assert "| seconds from Kafka to scores | 250 | at most 240 | MISSED |" in lines
    # Two digits would say 0.15 of at most 0.15.
    assert "| CPU of the gate, of another | 0.154 | at most 0.15 | MISSED |" in lines
    assert "| memory, MB | 1,735 | at most 3,000 | met |" in lines
    assert "- seconds from Kafka to scores: the JVM's starts." in lines
    assert "- CPU of the gate, of taking in: 0.45" in lines
    assert "| score | 1.5 |" in lines
    assert not any("nothing." in line for line in lines)


def test_the_page_is_what_the_kept_results_say() -> None:
    assert page.PAGE.read_text(encoding="utf-8") == page.as_page(page.kept()), "run 'python -m tests.bench.page'"


def test_every_limit_that_is_written_down_is_of_a_target() -> None:
    names = {target.name for result in page.kept() for target in result.targets}
    assert set(page.limits()) <= names


@pytest.mark.parametrize(
    "chart",
    [RESULT.charts[0], Chart("lines", "CPU", "s", x_label="events", lines={"one": [(1.0, 2.0), (4.0, 8.0)]})],
    ids=["bars", "lines"],
)
def test_a_chart_is_drawn_the_same_every_time(chart: Chart, tmp_path: Path) -> None:
    for name in ("once", "again"):
        draw(chart, tmp_path / name)
    assert (tmp_path / "once").read_bytes() == (tmp_path / "again").read_bytes()
