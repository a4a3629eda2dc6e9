import pytest

from pipelines.contracts import formats as module
from pipelines.contracts.formats import formats
from pipelines.errors import ContractError


def test_formats_are_tried_in_an_order_and_no_rule_is_of_two():
    assert [each.precedence for each in formats().values()] == list(range(1, len(formats()) + 1))
    rules = [rule for each in formats().values() for rule in each.recognised_by]
    assert len(rules) == len(set(rules))


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({}, "something that is looked for"),
        ({"header": "x"}, "contains, holds, place"),
        (["x"], "contains, holds, place"),
    ],
)
def test_a_rule_that_says_nothing_is_refused(rule, expected):
    with pytest.raises(ContractError, match=expected):
        module._rule(module.SCHEMAS / "formats" / "new.yaml", rule)


def test_a_key_holds_for_its_entitys_type_alone():
    ngsi = formats()["ngsi"]
    assert ngsi.key("WeatherObserved/temperature").quantity.name == "air_temperature"
    assert ngsi.key("Device/temperature") is None
    assert (ngsi.key("WeatherObserved/solarRadiation").unit, ngsi.key("AgriParcelRecord/solarRadiation").unit) == (
        "W/m2",
        "kW/m2",
    )


def test_a_format_without_its_mark_is_refused(monkeypatch):
    monkeypatch.setattr(
        module, "read_mapping", lambda _: {"title": "t", "description": "d", "reference": "r", "precedence": 9}
    )
    with pytest.raises(ContractError, match="an entry 'recognised_by'"):
        module._format(module.SCHEMAS / "formats" / "new.yaml")
