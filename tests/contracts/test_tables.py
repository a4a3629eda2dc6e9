import pytest

from pipelines.contracts import tables as module
from pipelines.contracts.tables import table, table_names
from pipelines.errors import ContractError, UsageError


@pytest.mark.parametrize("name", table_names())
def test_every_contract_is_whole(name):
    contract = table(name)
    assert set(contract.key) <= set(contract.column_names)
    assert contract.writer in {"delta-rs", "spark"}
    assert len(set(contract.column_names)) == len(contract.columns)
    assert [field.name for field in contract.arrow_schema] == list(contract.column_names)
    assert {field.name for field in contract.arrow_schema if not field.nullable} == contract.required


@pytest.mark.parametrize(
    ("name", "owner", "sensitivity"),
    [
        ("bronze.events", "data engineering", "confidential"),
        ("silver.observations", "data engineering", "internal"),
        ("gold.field_daily", "agronomy", "internal"),
        ("reference.fields", "farm office", "location"),
    ],
)
def test_a_table_has_an_owner_and_is_as_sensitive_as_its_most_sensitive_column(name, owner, sensitivity):
    assert (table(name).owner, table(name).sensitivity) == (owner, sensitivity)


@pytest.mark.parametrize("column", module._columns().values(), ids=lambda column: column.name)
def test_an_example_is_within_its_columns_range(column):
    least, greatest = column.range
    if column.range != (None, None):
        assert column.type in {"int", "bigint", "double"}
        assert least is None or least <= float(column.example)
        assert greatest is None or float(column.example) <= greatest


def test_a_sensitivity_that_is_none_is_refused(monkeypatch):
    line = {"type": "int", "description": "d", "example": 1, "sensitivity": "secret"}
    monkeypatch.setattr(module, "read_mapping", lambda _: {"mood": line})
    with pytest.raises(ContractError, match="mood"):
        module._columns.__wrapped__()


def test_no_column_is_defined_in_vain():
    used = {column for name in table_names() for column in table(name).column_names}
    assert set(module._columns()) == used


def test_a_table_nobody_defined_is_refused_by_name():
    with pytest.raises(UsageError, match=r"one of bronze\.events, .*, got gold\.hearsay\. Write the layer before"):
        table("gold.hearsay")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"columns": ["field_id", "hearsay"]}, "hearsay"),
        ({"key": ["device_id"]}, "device_id"),
        ({"required": ["device_id"]}, "device_id"),
        ({"grain": None}, "an entry 'grain'"),
    ],
)
def test_a_wrong_contract_is_named(monkeypatch, change, sentence):
    good = {
        "title": "t",
        "description": "d",
        "grain": "g",
        "key": ["field_id"],
        "writer": "spark",
        "columns": ["field_id"],
        "required": [],
    }
    columns = module._columns()
    content = {name: value for name, value in (good | change).items() if value is not None}
    monkeypatch.setattr(module, "read_mapping", lambda _: content)
    monkeypatch.setattr(module, "_columns", lambda: columns)
    with pytest.raises(ContractError, match=sentence):
        module.table.__wrapped__("gold.field_daily")
