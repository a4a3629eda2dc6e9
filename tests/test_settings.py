from pathlib import Path

import pytest

from pipelines.errors import UsageError
from pipelines.settings import from_environment


def test_defaults():
    settings = from_environment({})
    assert settings.home == Path.cwd() / ".fieldstream"
    assert settings.lake == Path.cwd() / ".fieldstream" / "lake" / "demo"
    assert settings.telemetry_topic == "demo.telemetry"
    assert settings.kafka is None


def test_variables_win():
    settings = from_environment(
        {
            "FIELDSTREAM_HOME": "/srv/fs",
            "FIELDSTREAM_TENANT": "acme",
            "FIELDSTREAM_KAFKA": "k:9092",
            "FIELDSTREAM_CORES": "3",
        }
    )
    assert (settings.lake, settings.telemetry_topic) == (Path("/srv/fs/lake/acme"), "acme.telemetry")
    assert (settings.kafka, settings.cores) == ("k:9092", 3)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("FIELDSTREAM_TENANT", "acme.telemetry"),
        ("FIELDSTREAM_TENANT", "../other"),
        ("FIELDSTREAM_TENANT", ""),
        ("FIELDSTREAM_TENANT", "Acme"),
        ("FIELDSTREAM_CORES", "0"),
        ("FIELDSTREAM_CORES", "many"),
    ],
)
def test_a_value_that_cannot_be_used_is_named(variable, value):
    with pytest.raises(UsageError, match=f"{variable}.*got {value!r}"):
        from_environment({variable: value})
