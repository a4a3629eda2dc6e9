from pipelines.contracts.sensors import mapping
from pipelines.kernel.steps import steps


def test_no_placeholder_is_left_and_every_parameter_is_one_the_batch_binds():
    compiled = steps()
    for sql in (compiled.messages, compiled.verdicts, compiled.verdicts_given, compiled.observations, compiled.events):
        assert "${" not in sql
        assert {word.strip(",()") for word in sql.split() if word.startswith("$")} <= {"$tenant_id"}


def test_ordinals_number_the_keys_of_each_alias_as_the_sql_lists_them():
    compiled = steps()
    rows = compiled.readings.to_pylist()
    assert len(rows) == mapping().num_rows
    for alias in compiled.sensor_aliases["alias"].to_pylist():
        own = [row for row in rows if row["alias"] == alias]
        assert [row["ordinal"] for row in own] == list(range(1, len(own) + 1))
        listed = ", ".join(f'payload."{row["payload_key"]}"' for row in own)
        assert f"WHEN '{alias}' THEN [{listed}]" in compiled.observations
