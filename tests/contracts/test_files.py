import pytest

from pipelines.contracts.files import SCHEMAS, read_mapping
from pipelines.errors import ContractError


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "expected a readable YAML file, got .*No such file"),
        ("a: [", "expected a readable YAML file"),
        ("- a\n- b\n", "expected a mapping, got list"),
        ("", "expected a mapping, got NoneType"),
    ],
)
def test_a_file_that_is_no_contract_is_named(tmp_path, content, sentence):
    path = tmp_path / "broken.yaml"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(ContractError, match=sentence) as error:
        read_mapping(path)
    assert str(path) in str(error.value)


def test_files_under_schemas_are_named_from_the_project():
    with pytest.raises(ContractError, match=r"\(schemas/none\.yaml\)"):
        read_mapping(SCHEMAS / "none.yaml")
