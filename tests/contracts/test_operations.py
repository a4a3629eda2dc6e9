"""Kinds of operations: each detail has its column and unit, and a contract that contradicts itself is refused."""

import pytest

from pipelines.contracts import operations as module
from pipelines.contracts.operations import operations
from pipelines.contracts.tables import table
from pipelines.errors import ContractError


def test_what_can_be_done_and_what_each_kind_needs():
    assert {name: each.needs for name, each in operations().items()} == {
        "irrigation_on": (),
        "irrigation_off": (),
        "irrigation": (("water_depth", "water_volume"),),
        "pesticide_application": (("product",), ("dose_by_volume", "dose_by_mass"), ("treated_area",)),
        "meter_reading": (("meter_total",),),
    }


def test_every_detail_is_in_its_columns_unit_and_within_the_columns_range():
    columns = {column.name: column for column in table("silver.operations").columns}
    for operation in operations().values():
        for detail in operation.details.values():
            assert detail.column is columns[detail.column.name]
            if detail.is_number:
                least, _ = detail.column.range
                assert least is not None
                assert least <= detail.fail[0]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ({"description": "d", "details": {"x": {"column": "depth"}}}, "a column of silver.operations"),
        (
            {"description": "d", "details": {"x": {"column": "water_depth_mm", "unit": "cm"}}},
            "the unit of water_depth_mm, mm",
        ),
        ({"description": "d", "needs": [["x"]]}, "needs among its details"),
        ({"details": {}}, "description, details, needs"),
    ],
)
def test_a_contract_that_contradicts_itself_is_refused(line, expected):
    with pytest.raises(ContractError, match=expected):
        module._operation("new", line)
