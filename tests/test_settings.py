from pathlib import Path

import pytest

from pipelines.errors import UsageError
from pipelines.places import Place, place
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
            "FIELDSTREAM_KAFKA_PORT": "19092",
            "FIELDSTREAM_CORES": "3",
            "FIELDSTREAM_SPARK_MASTER": "spark://m:7077",
            "JAVA_HOME": "/opt/jdk",
        }
    )
    assert (settings.lake, settings.telemetry_topic) == (Path("/srv/fs/lake/acme"), "acme.telemetry")
    assert (settings.kafka, settings.kafka_port, settings.cores) == ("k:9092", 19092, 3)
    assert (settings.spark_master, settings.java_home) == ("spark://m:7077", Path("/opt/jdk"))


def test_spark_uses_the_cores_it_is_given():
    assert from_environment({"FIELDSTREAM_CORES": "3"}).spark_master == "local[3]"


def test_a_lake_elsewhere_has_a_place_for_each_tenant() -> None:
    def lake(address: str) -> Place:
        return from_environment({"FIELDSTREAM_LAKE": address, "FIELDSTREAM_TENANT": "acme"}).lake

    assert lake("s3://farm-data/lakes") == place("s3://farm-data/lakes/acme")
    assert lake("s3://farm-data") == place("s3://farm-data/acme")
    assert lake("lakes") == Path.cwd() / "lakes" / "acme"
    assert lake("") == Path.cwd() / ".fieldstream" / "lake" / "acme"


def test_a_secret_in_an_address_is_not_repeated() -> None:
    with pytest.raises(UsageError, match=r"FIELDSTREAM_LAKE.*got 'bucket/x'") as refused:
        from_environment({"FIELDSTREAM_LAKE": "s3://key:open-sesame@bucket/x"})
    assert "sesame" not in str(refused.value)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("FIELDSTREAM_LAKE", "s3://"),
        ("FIELDSTREAM_LAKE", "s3://bucket#region"),
        ("FIELDSTREAM_LAKE", "gs://bucket/x"),
        ("FIELDSTREAM_TENANT", "acme.telemetry"),
        ("FIELDSTREAM_TENANT", "../other"),
        ("FIELDSTREAM_TENANT", ""),
        ("FIELDSTREAM_TENANT", "Acme"),
        ("FIELDSTREAM_CORES", "0"),
        ("FIELDSTREAM_CORES", "many"),
        ("FIELDSTREAM_CORES", "²"),
        ("FIELDSTREAM_KAFKA_PORT", "0"),
        ("FIELDSTREAM_KAFKA_PORT", "65536"),
    ],
)
def test_a_value_that_cannot_be_used_is_named(variable, value):
    with pytest.raises(UsageError, match=f"{variable}.*got {value!r}"):
        from_environment({variable: value})
