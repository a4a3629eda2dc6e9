"""What holds for every codec."""

import math
import random

import pytest

from pipelines.contracts.sensors import sensors
from pipelines.kernel.codecs import CODECS, CodecError, Frame

# One payload of each, from its own table of published examples, to be bent and cut.
SOUND = {
    "decentlab_dl_atm41": "02035a0003800a8000800080008009812b8014810880b4a57c820c810980027fe88056800880040bf5",
    "decentlab_dl_atm41g2": "025ef80003805c000080008000803484b3803680e78086a60181d680ed81c9809f8000117000010adc",
    "decentlab_dl_lws": "0211110003409a00860c54",
    "decentlab_dl_smtp": "020b50000309018a8c09438a9809278a920b3c8aa50c9c8a8c11e08aa500000000000000000b3b",
    "decentlab_dl_trs12": "0210d3000346be813d00000c80",
    "decentlab_dl_trs21": "0201920003007580a10c25",
    "dragino_llms01": "0D230000025400F9000001",
    "dragino_lse01": "CE2900F107A5099B6E2890",
    "dragino_se01": "0F5A0CCC0000079D000010",
    "dragino_se0x": "0E1000F10A05DC010500C80000000000000A28FF7E0000",
    "dragino_sw3l": "000000038400006346749E",
    "milesight_em300_di": "01755C0367340104686520CE9E74466310015D020000010000",
    "milesight_em500_co2": "01756403671901046873057D670406736827",
    "milesight_em500_lgt": "017564039450000000",
    "milesight_em500_pp": "017564037B0A00",
    "milesight_em500_pt100": "01756403671901",
    "milesight_em500_smtc": "01756403671901046873057FF000",
    "milesight_em500_swl": "01756403770200",
    "milesight_em500_udl": "01756403821E00",
    "milesight_uc511": "030101",
    "milesight_wts506": "0584BA0406734F2707920100087 77B000120CEE59BE164FF00794F27BA0432008D13".replace(" ", ""),
    "sensecap_s2120": "046401010103000A05A001011043000000000000000 2011A000000002702".replace(" ", ""),
    "sensecap_s210x": "00070064000500010610B45F0000010710A41F00003259",
    "sensefarm_cube01": "300da3980000035299000002a2",
    "sensefarm_cube02": "b006b800013009079800005457a800959900000013084118000009410c2773",
    "tektelic_agriculture": "0104056E0202035C09650D570B6700AD0B68A5",
}
PORTS = {"tektelic_agriculture": 10}


def sound(frames: list[Frame]) -> bool:
    """Whether it is what the kernel counts on: every value a finite number, or no reading."""
    values = [value for frame in frames for value in frame.values.values()]
    return all(frame.values for frame in frames) and all(value is None or math.isfinite(value) for value in values)


def decoded(name: str, payload: bytes, port: int) -> list[Frame]:
    """Frames, none where the payload is refused."""
    try:
        return CODECS[name](payload, port)
    except CodecError as error:
        if not 0 <= error.at <= len(payload):
            raise AssertionError(f"{payload.hex()}: {error}") from error
        return []


def test_every_codec_has_a_sound_payload():
    assert SOUND.keys() == CODECS.keys()
    for name, payload in SOUND.items():
        frames = CODECS[name](bytes.fromhex(payload), PORTS.get(name, 2))
        assert frames
        assert sound(frames)


@pytest.mark.parametrize("name", CODECS)
def test_no_bytes_stop_a_codec(name):
    """Random bytes, and sound payloads cut, bent and put one behind the other, on ports likely and unlikely."""
    chance = random.Random(name)  # noqa: S311 - nothing is secret here
    whole = bytes.fromhex(SOUND[name])
    for _ in range(1000):
        bent = bytearray(whole * chance.randint(1, 3))
        for _ in range(chance.randint(0, 4)):
            bent[chance.randrange(len(bent))] = chance.randrange(256)
        payloads = [chance.randbytes(chance.randint(0, 60)), bytes(bent[: chance.randint(0, len(bent))])]
        for payload in payloads:
            frames = decoded(name, payload, chance.choice([PORTS.get(name, 2), chance.randrange(256)]))
            assert sound(frames)


@pytest.mark.parametrize("name", CODECS)
def test_what_is_cut_is_refused_or_says_less(name):
    whole = bytes.fromhex(SOUND[name])
    full = CODECS[name](whole, PORTS.get(name, 2))
    said = sum(len(frame.values) for frame in full)
    for size in range(len(whole)):
        frames = decoded(name, whole[:size], PORTS.get(name, 2))
        assert sum(len(frame.values) for frame in frames) < said


@pytest.mark.parametrize("name", CODECS)
def test_every_key_has_its_row_in_the_sensor_contract(name):
    contracts = [sensor for sensor in sensors().values() if sensor.codec == name]
    assert contracts
    frames = CODECS[name](bytes.fromhex(SOUND[name]), PORTS.get(name, 2))
    keys = {key for frame in frames for key in frame.values}
    for sensor in contracts:
        assert keys <= {reading.key for reading in sensor.readings} | set(sensor.ignored)


def test_every_codec_that_a_contract_names_exists():
    assert {sensor.codec for sensor in sensors().values() if sensor.codec} <= CODECS.keys()
