"""How a payload is read, from the sensor's names and the payload's keys alone."""

import pytest

from pipelines.kernel.meanings import SEPARATOR, Meanings
from pipelines.kernel.signatures import MOST_KINDS, SIGNATURE_SCHEMA, Kind, signatures


def told(*seen):
    meanings = Meanings()
    found = signatures([(number, *each) for number, each in enumerate(seen)], meanings)
    assert found.table.schema == SIGNATURE_SCHEMA
    return found, meanings


# sensor, keys: reasons, fault, keys of the hot path, whether it is read the long way
CASES = [
    ("lse01", ["temp_SOIL"], [], None, ("temp_SOIL",), False),
    # in the contract's order, whatever the payload's; what is ignored is not a word
    ("lse01", ["Mod", "temp_SOIL", "water_SOIL"], [], None, ("water_SOIL", "temp_SOIL"), False),
    ("lse01", ["magic", "temp_SOIL"], ["unknown_key:magic"], None, ("temp_SOIL",), False),
    ("lse01", ["magic"], ["unknown_key:magic"], None, None, False),
    ("lse01", ["Mod"], [], None, None, False),
    ("lse01", ["k" * 65], ["unknown_key:" + "k" * 63 + "…"], None, None, False),
    ("lse01", [], ["unknown_payload"], None, None, False),
    ("lse01", ["temp_SOIL", "temp_SOIL"], [], "duplicate_key", None, False),
    ("nobody's", ["temp_SOIL"], ["unknown_sensor"], None, None, False),
    ("nobody's", ["a", "a"], ["unknown_sensor"], None, None, False),
    (None, ["temp_SOIL"], ["unknown_sensor"], None, None, False),
    (f"nobody's{SEPARATOR}LSE01", ["temp_SOIL"], [], None, ("temp_SOIL",), False),
    # deeper objects and lists
    ("dl-trs12", ["battery_voltage"], [], None, None, True),
    ("s2120", ["messages"], [], None, None, True),
    # two keys for one property at one place
    ("lse01", ["Bat", "BatV"], [], None, None, True),
]


@pytest.mark.parametrize(("names", "keys", "reasons", "fault", "hot", "is_left_over"), CASES)
def test_a_payload_is_told_by_its_keys(names, keys, reasons, fault, hot, is_left_over):
    found, meanings = told((names, keys))
    (row,) = found.table.to_pylist()
    assert (row["reasons"], row["payload_fault"], row["is_left_over"]) == (reasons, fault, is_left_over)
    assert found.kinds == (() if hot is None else (Kind(0, hot),))
    assert row["first_meaning"] == (0 if hot else None)
    assert len(meanings.table()) == len(hot or ())


def test_the_meanings_of_a_kind_follow_one_another():
    found, meanings = told(("lse01", ["water_SOIL", "temp_SOIL"]), ("lse01", ["Mod"]), ("em500-smtc", ["battery"]))
    assert found.table["first_meaning"].to_pylist() == [0, None, 2]
    assert [(kind.signature, kind.keys) for kind in found.kinds] == [
        (0, ("water_SOIL", "temp_SOIL")),
        (2, ("battery",)),
    ]
    assert meanings.table()["property"].to_pylist() == ["soil_moisture", "soil_temperature", "battery_level"]


def test_kinds_beyond_so_many_are_read_the_long_way():
    found, _ = told(*[("lse01", ["temp_SOIL", f"made up {number}"]) for number in range(MOST_KINDS + 3)])
    assert len(found.kinds) == MOST_KINDS
    assert found.table["is_left_over"].to_pylist() == [False] * MOST_KINDS + [True] * 3
