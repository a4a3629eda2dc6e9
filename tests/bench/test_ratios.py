"""What was fast stays fast: ratios of CPU seconds in one run, beside those that are kept."""

from collections.abc import Iterator

import pytest

from pipelines.local import kafka
from pipelines.settings import Settings
from tests.bench import ratios

BEFORE = {"one": 3.0, "other": 0.6}


@pytest.mark.parametrize(
    ("found", "fallen"),
    [
        ({"one": 3.0, "other": 0.6}, {}),
        ({"one": 2.01, "other": 6.0}, {}),  # a third is allowed, and more is never wrong
        ({"one": 1.5, "other": 0.6}, {"one": 0.5}),
        ({"one": 1.5, "other": 0.3}, {"one": 0.5, "other": 0.5}),
    ],
)
def test_a_ratio_that_falls_by_more_than_a_third_is_named(found: dict[str, float], fallen: dict[str, float]) -> None:
    assert ratios.fallen(found, BEFORE) == fallen


@pytest.mark.parametrize(
    ("seen", "best", "tries"),
    [([3.0, 9.0, 9.0], 3.0, 1), ([1.0, 2.5, 9.0], 2.5, 2), ([1.0, 1.2, 1.1, 9.0], 1.2, 3)],
    ids=["at once", "a slow first try", "never"],
)
def test_a_ratio_has_three_tries(seen: list[float], best: float, tries: int) -> None:
    turns: Iterator[float] = iter(seen)
    used = []

    def measured() -> dict[str, float]:
        used.append(next(turns))
        return {"one": used[-1]}

    assert ratios.best_of(measured, {"one": 3.0}) == {"one": best}
    assert len(used) == tries


def test_the_kernel_and_the_codecs_are_as_fast_as_they_were() -> None:
    before = {name: ratios.kept()[name] for name in ("kernel", "codecs")}
    assert ratios.fallen(ratios.best_of(ratios.of_parts, before), before) == {}


@pytest.mark.broker
def test_the_embedded_engine_is_as_fast_as_it_was(new_settings, broker: kafka.Broker) -> None:
    def measured() -> dict[str, float]:
        settings: Settings = new_settings()
        return ratios.of_engine(settings, broker.address)

    before = {"embedded": ratios.kept()["embedded"]}
    assert ratios.fallen(ratios.best_of(measured, before), before) == {}
