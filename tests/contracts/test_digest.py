"""The digest moves with every contract that judges, and with nothing else."""

import shutil

import pytest

from pipelines.contracts import digest as module
from pipelines.contracts.files import SCHEMAS

digest = module.contract_digest.__wrapped__


@pytest.fixture
def schemas(tmp_path, monkeypatch):
    copy = tmp_path / "schemas"
    shutil.copytree(SCHEMAS, copy)
    monkeypatch.setattr(module, "SCHEMAS", copy)
    return copy


def test_a_copy_elsewhere_has_the_same_digest(schemas):
    assert digest() == module.contract_digest()
    (schemas / "tables" / "ops" / "redrives.yaml").write_text("title: Other")
    assert digest() == module.contract_digest()


@pytest.mark.parametrize("file", ["quantities.yaml", "sensors/tower_soil_probe.yaml", "formats/chirpstack_v4.yaml"])
def test_each_kind_of_contract_moves_it(schemas, file):
    path = schemas / file
    path.write_text(path.read_text() + "\n# a word more\n")
    assert digest() != module.contract_digest()


def test_a_new_name_moves_it(schemas):
    (schemas / "sensors" / "tower_soil_probe.yaml").rename(schemas / "sensors" / "probe.yaml")
    assert digest() != module.contract_digest()
