from pathlib import Path

import pytest

from pipelines.contracts import models, tables
from pipelines.contracts.units import conversion
from pipelines.errors import ContractError


@pytest.mark.parametrize("name", models.model_names())
def test_an_input_named_like_a_column_has_the_columns_unit(name: str) -> None:
    columns = {c.name: c.unit for table in tables.table_names() for c in tables.table(table).columns}
    for entry in models.model(name).inputs:
        assert columns.get(entry.name, entry.unit) == entry.unit


@pytest.mark.parametrize("name", models.model_names())
def test_every_unit_is_ucum(name: str) -> None:
    contract = models.model(name)
    # Each in other words that UCUM knows: a code that is none does not convert.
    others = {
        "m3/m3": ("L/m3", 0.001),
        "mm": ("cm", 10),
        "Cel": ("K", 1),
        "MJ/m2": ("kJ/m2", 0.001),
        "kPa": ("hPa", 0.1),
    }
    others |= {"1": ("%", 0.01), "d": ("h", 1 / 24)}
    for unit in {entry.unit for entry in contract.inputs} | {entry.unit for entry in contract.outputs}:
        other, scale = others[unit]
        assert conversion(other, unit)[0] == pytest.approx(scale)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("quantile: 0.5", "quantile: 0.95"), "ascending"),
        (("quantile: 0.9,", "quantile: 1.9,"), "between 0 and 1"),
        (("soil_layers:", "layers:"), "soil_layers"),
        (("outputs:", "gives:"), "outputs"),
    ],
)
def test_a_wrong_contract_is_refused(tmp_path: Path, change: tuple[str, str], said: str) -> None:
    text = (models.MODELS / "irrigation.yaml").read_text()
    assert change[0] in text
    (tmp_path / "irrigation.yaml").write_text(text.replace(*change))
    with pytest.raises(ContractError, match=said):
        models.read(tmp_path / "irrigation.yaml")
