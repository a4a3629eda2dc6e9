"""The steps fit together: nothing is left to fill in, and every format has its own."""

import dataclasses
import pickle

import pytest

from pipelines.contracts.formats import formats
from pipelines.kernel.signatures import Kind
from pipelines.kernel.steps import hot_values, steps


def sqls():
    for value in dataclasses.astuple(steps()):
        yield from value.values() if isinstance(value, dict) else [value]


def test_no_placeholder_is_left_and_every_parameter_is_one_the_batch_binds():
    for sql in sqls():
        assert "${" not in sql
        words = {word.strip(",();") for word in sql.split()}
        assert {word for word in words if word.startswith("$")} <= {"$tenant_id", "$topic"}


def test_every_format_has_its_step_and_every_step_its_format():
    assert set(steps().messages) == {None, *formats()}
    assert set(steps().readings) <= set(formats())


def test_the_steps_travel():
    assert pickle.loads(pickle.dumps(steps())) == steps()


@pytest.mark.parametrize("key", ["plain", 'quo"ted', "'; DROP TABLE messages; --", "back\\slash", "$.x", "${cases}"])
def test_a_payload_is_parsed_for_its_own_keys_whatever_they_are_called(key):
    import duckdb

    sql = hot_values([Kind(3, (key,))])
    duckdb.sql("CREATE TABLE messages AS SELECT 0 AS row_id, 3::UBIGINT AS signature, NULL AS fault, '{}' AS payload")
    duckdb.sql("CREATE TABLE signatures AS SELECT 3::UBIGINT AS signature, 0 AS first_meaning")
    try:
        assert duckdb.sql(sql).fetchall() == [(0, 0, [None])]
    finally:
        duckdb.sql("DROP TABLE messages; DROP TABLE signatures")
