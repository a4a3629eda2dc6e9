"""The limits: read, refused where they are wrong, and how far they make a test look."""

from typing import Any

import pytest

from pipelines.contracts import quality as module
from pipelines.contracts.files import SCHEMAS, read_mapping
from pipelines.contracts.quality import quality, quality_digest
from pipelines.contracts.quantities import quantities
from pipelines.errors import ContractError


def test_limits_are_read_and_absent_ones_are_infinite() -> None:
    moisture = quality().quantities["soil_moisture"]
    assert (moisture.spike_suspect, moisture.spike_fail) == (0.05, 0.15)
    assert (moisture.flat_suspect_s, moisture.flat_fail_s) == (72 * 3600, float("inf"))


@pytest.mark.parametrize(
    ("quantity", "hours"),
    [
        ("battery_voltage", 24),  # a gap
        ("air_temperature", 24 + 3),  # flat or attenuated, and to the neighbour
        ("air_pressure", 48 + 3),
        ("soil_moisture", 72 + 3),
    ],
)
def test_no_test_looks_further(quantity: str, hours: int) -> None:
    assert quality().around_s(quantity) == hours * 3600


def test_limits_lie_within_what_the_quantity_can_do() -> None:
    for name, limits in quality().quantities.items():
        low, high = quantities()[name].fail
        assert limits.spike_suspect == float("inf") or limits.spike_suspect < high - low


@pytest.mark.parametrize(
    ("where", "line", "says"),
    [
        ("quantities", {"air_temperature": {"spike": [10, 3]}}, "ascending"),
        ("quantities", {"air_temperature": {"spoke": [3, 10]}}, "unknown tests"),
        ("quantities", {"mood": {"spike": [3, 10]}}, "mood"),
        ("radiation", {}, "rare"),
    ],
)
def test_a_wrong_line_is_refused(monkeypatch: pytest.MonkeyPatch, where: str, line: dict[str, Any], says: str) -> None:
    content = read_mapping(SCHEMAS / "quality.yaml")
    monkeypatch.setattr(module, "read_mapping", lambda _: {**content, where: line})
    with pytest.raises(ContractError, match=says):
        quality.__wrapped__()


def test_the_digest_follows_the_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    content = read_mapping(SCHEMAS / "quality.yaml")
    before = quality_digest()
    monkeypatch.setattr(module, "read_mapping", lambda _: {**content, "water": {**content["water"], "rise": 0.03}})
    assert quality_digest.__wrapped__() != before
