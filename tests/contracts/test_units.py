import subprocess
import sys

import pytest

from pipelines.contracts.units import KNOWN, conversion, looked_up


@pytest.mark.parametrize(
    ("unit", "canonical", "value", "converted"),
    [
        # The conflicts that real messages bring (the slip a wrong guess would make stands behind)
        ("%", "m3/m3", 34.0, 0.34),  # 100x
        ("S/m", "dS/m", 0.12, 1.2),  # 10x
        ("uS/cm", "dS/m", 1200.0, 1.2),  # 1000x
        ("kPa", "hPa", 101.5, 1015.0),  # 10x
        ("Pa", "hPa", 101500.0, 1015.0),
        ("kW/m2", "W/m2", 0.8, 800.0),  # 1000x
        ("[degF]", "Cel", 212.0, 100.0),
        ("[degF]", "Cel", 32.0, 0.0),
        ("K", "Cel", 273.15, 0.0),
        # A standard atmosphere, by UCUM (m[Hg] of 133.322 kPa); at 60 degrees Fahrenheit it would be 1010.4.
        ("[in_i'Hg]", "hPa", 1013.25 / 1333.22387415 / 0.0254, 1013.25),
        ("[in_i'H2O]", "kPa", 1 / 0.0254, 9.80665),
        ("mV", "V", 3600.0, 3.6),
        ("km/h", "m/s", 36.0, 10.0),
        ("Cel", "Cel", 21.5, 21.5),
        ("ppm", "ppm", 420.0, 420.0),
    ],
)
def test_a_unit_is_a_line_into_the_canonical_one(unit, canonical, value, converted):
    scale, offset = conversion(unit, canonical)
    assert value * scale + offset == pytest.approx(converted, abs=1e-9)


@pytest.mark.parametrize(("unit", "canonical"), [("Cel", "m3/m3"), ("mm", "Cel"), ("degrees C", "Cel"), ("", "Cel")])
def test_what_does_not_convert_is_refused_by_name(unit, canonical):
    with pytest.raises(ValueError, match="cannot convert"):
        conversion(unit, canonical)


@pytest.mark.parametrize(("unit", "canonical"), KNOWN)
def test_what_is_written_down_is_what_the_registry_says(unit, canonical):
    assert looked_up(unit, canonical) == pytest.approx(KNOWN[unit, canonical], rel=1e-12)


def test_the_contracts_need_no_registry():
    program = "import sys; from pipelines.contracts.sensors import sensors; sensors(); print('pint' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, check=True).stdout == b"False\n"
