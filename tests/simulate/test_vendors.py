"""Payloads built number by number are those that vendors publish."""

from collections import Counter
from random import Random

import pytest

from pipelines.contracts.sensors import named, sensors
from pipelines.simulate.instruments import read
from pipelines.simulate.vendors import INSTRUMENTS

BY_MODEL = {each.model: each for each in INSTRUMENTS}


class Scripted(Random):
    """Draws the raw numbers of a script, and nothing odd."""

    def __init__(self, raws):
        super().__init__(0)
        self._raws = iter(raws)

    def random(self):
        return 0.5

    def randint(self, low, high):  # noqa: ARG002 - a script knows no limits
        return next(self._raws)


# Sources stand with the same payloads in tests/kernel/codecs.
@pytest.mark.parametrize(
    ("model", "raws", "payload", "values"),
    [
        ("dragino_lse01", [3384, 0, 0, 3011, 0], "0D38000000000BC3000010", [3.384, 0, 0, 30.11, 0]),
        ("dragino_llms01", [3363, 0, 596, 249], "0D230000025400F9000001", [3.363, 0, 59.6, 24.9]),
        ("milesight_em500_lgt", [100, 80], "017564039450000000", [100, 80]),
        ("milesight_em500_pp", [100, 10], "017564037B0A00", [100, 10]),
        ("milesight_em500_pt100", [100, 281], "01756403671901", [100, 28.1]),
        ("milesight_em500_swl", [100, 2], "01756403770200", [100, 0.02]),
        ("milesight_em500_udl", [100, 30], "01756403821E00", [100, 0.03]),
        ("milesight_em500_co2", [100, 281, 115, 1127, 10088], "01756403671901046873057D670406736827",
         [100, 28.1, 57.5, 1127, 1008.8]),
        ("decentlab_dl_trs21", [117, 0x80A1, 3109], "0201920003007580a10c25", [-11.7, 16.1, 3.109]),
        ("decentlab_dl_trs12", [0x46BE, 0x813D, 0, 3200], "0210d3000346be813d00000c80",
         [0.0068869, 1.1831248966814998, 31.7, 0, 3.2]),
        ("decentlab_dl_atm41",
         [0x800A, 0x8000, 0x8000, 0x8000, 0x8009, 0x812B, 0x8014, 0x8108, 0x80B4, 0xA57C, 0x820C, 0x8109, 0x8002,
          0x7FE8, 0x8056, 0x8008, 0x8004, 3061],
         "02035a0003800a8000800080008009812b8014810880b4a57c820c810980027fe88056800880040bf5",
         [10, 0, 0, 0, 0.09, 29.9, 0.2, 26.4, 1.8, 959.6, 52.4, 26.5, 0.2, -2.4, 3.061]),
        # The published checksum is DD0A; nobody verifies it.
        ("sensecap_s2105", [23_900, 41_800, 180], "0106105C5D0000" "01071048A30000" "010C10B4000000" "0000",
         [23.9, 0.418, 0.18]),
        # The published order is another: 0965 0D57, 0B67 00AD, 0B68 A5.
        ("tektelic_agriculture", [173, 165, 3415], "0B6700AD" "0B68A5" "09650D57", [17.3, 82.5, 3415]),
    ],
)  # fmt: skip
def test_the_published_payloads(model, raws, payload, values):
    reading = read(BY_MODEL[model], Scripted(raws))
    assert reading.payload.hex() == payload.lower()
    assert [value.value for value in reading.values] == pytest.approx(values)


def test_every_sensor_that_has_a_contract_is_on_the_farm_once():
    assert Counter(each.model for each in INSTRUMENTS) == dict.fromkeys(sensors(), 1)


@pytest.mark.parametrize("model", BY_MODEL)
def test_gateways_names_for_it_are_understood(model):
    each = BY_MODEL[model]
    names = (each.profile, f"{each.brand}/{each.model_id}", each.model_id)
    assert [sensor and sensor.model for sensor in map(named, names[:2])] == [model, model]
