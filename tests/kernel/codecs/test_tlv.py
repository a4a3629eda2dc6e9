import pytest

from pipelines.kernel.codecs.frame import CodecError, Frame
from pipelines.kernel.codecs.tlv import Block, frames, number, one

LEVEL = number("level", "<H", 10, frozenset({0xFFFF}))
BLOCKS = {
    0x0101: one(2, LEVEL),
    0x0102: one(1, number("battery", "<B")),
    0x0103: Block(3),
    0x2001: Block(6, ((4, LEVEL),), has_own_time=True),
}


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ("", []),
        ("0101 E803", [Frame({"level": 100.0})]),
        ("0102 64 0101 E803", [Frame({"battery": 100.0, "level": 100.0})]),
        ("0101 FFFF", [Frame({"level": None})]),
        ("0103 AABBCC", []),
        # What is said twice was said last.
        ("0101 E803 0101 0A00", [Frame({"level": 1.0})]),
        # A record of the past does not mix with now, wherever it stands.
        ("2001 01000000 0A00 0101 E803", [Frame({"level": 100.0}), Frame({"level": 1.0}, 1)]),
        ("2001 FFFFFFFF 0A00", [Frame({"level": 1.0}, 4294967295)]),
    ],
)
def test_blocks(payload, expected):
    assert frames(bytes.fromhex(payload), BLOCKS) == expected


@pytest.mark.parametrize(
    ("payload", "at", "got"),
    [("01", 0, "1"), ("0101", 2, "0"), ("0101 E8", 2, "1"), ("0102 64 2001 01", 5, "1"), ("0102 64 0104", 3, "0104")],
)
def test_what_cannot_be_read_is_placed(payload, at, got):
    with pytest.raises(CodecError) as caught:
        frames(bytes.fromhex(payload), BLOCKS)
    assert (caught.value.at, caught.value.got) == (at, got)
