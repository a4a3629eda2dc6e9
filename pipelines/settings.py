"""Where things are on this machine: the only reader of the environment."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pipelines.errors import UsageError
from pipelines.places import Place, place

BUCKET_PATTERN = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9._=-]+)*/?")
TENANT_PATTERN = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


@dataclass(frozen=True)
class Settings:
    """Everything a command may need to know about its surroundings."""

    home: Path
    """FIELDSTREAM_HOME: folder of the lake, the local broker and scratch data (`.fieldstream` where a command runs)."""
    lakes: Place | None
    """FIELDSTREAM_LAKE: folder of the tenants' lakes, or s3://bucket/prefix (`lake` in the home)."""
    cache: Path
    """FIELDSTREAM_CACHE: folder of downloaded jars, shared by all homes (`~/.cache/fieldstream`)."""
    tenant: str
    """FIELDSTREAM_TENANT: whose lake and topics these are; lower-case letters, digits and dashes (`demo`)."""
    kafka: str | None
    """FIELDSTREAM_KAFKA: host:port of the broker (the local one that `fieldstream up` started)."""
    kafka_port: int | None
    """FIELDSTREAM_KAFKA_PORT: port of the local broker (any that is free)."""
    cores: int
    """FIELDSTREAM_CORES: how many cores Spark may use (all of this machine's)."""
    spark_master: str
    """FIELDSTREAM_SPARK_MASTER: where Spark runs its tasks (the command's own process, `local[cores]`)."""
    java_home: Path | None
    """JAVA_HOME: the Java to try before the one on the PATH and the one that `make jdk` brings (not set)."""

    @property
    def lake(self) -> Place:
        """Where the tenant's tables are."""
        return (self.lakes or self.home / "lake") / self.tenant

    def topic(self, kind: str) -> str:
        """Topic of the tenant's events of a kind, telemetry or operations; the dot closes the tenant's name."""
        return f"{self.tenant}.{kind}"

    @property
    def telemetry_topic(self) -> str:
        """Topic of the tenant's sensor events."""
        return self.topic("telemetry")


def from_environment(environ: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings.

    Raises:
        UsageError: A variable holds a value that cannot be used.
    """
    tenant = environ.get("FIELDSTREAM_TENANT", "demo")
    if not TENANT_PATTERN.fullmatch(tenant):
        raise _refused("FIELDSTREAM_TENANT", "lower-case letters, digits and dashes", tenant)
    cores = _whole_number(environ, "FIELDSTREAM_CORES", range(1, 1025)) or os.cpu_count() or 1
    java_home = environ.get("JAVA_HOME")
    return Settings(
        home=Path(environ.get("FIELDSTREAM_HOME", ".fieldstream")).absolute(),
        lakes=_lakes(environ.get("FIELDSTREAM_LAKE")),
        cache=Path(environ.get("FIELDSTREAM_CACHE", "~/.cache/fieldstream")).expanduser().absolute(),
        tenant=tenant,
        kafka=environ.get("FIELDSTREAM_KAFKA") or None,
        kafka_port=_whole_number(environ, "FIELDSTREAM_KAFKA_PORT", range(1, 65536)),
        cores=cores,
        spark_master=environ.get("FIELDSTREAM_SPARK_MASTER") or f"local[{cores}]",
        java_home=Path(java_home) if java_home else None,
    )


def _lakes(written: str | None) -> Place | None:
    if not written:
        return None
    if "://" not in written:
        return Path(written).absolute()
    if BUCKET_PATTERN.fullmatch(written):
        return place(written)
    # What stands before an @ may be a secret.
    raise _refused("FIELDSTREAM_LAKE", "a folder, or s3://bucket/prefix", written.rpartition("@")[2])


def _whole_number(environ: Mapping[str, str], variable: str, allowed: range) -> int | None:
    written = environ.get(variable)
    if not written:
        return None
    if not written.isdecimal() or int(written) not in allowed:
        raise _refused(variable, f"a whole number from {allowed.start} to {allowed.stop - 1}", written)
    return int(written)


def _refused(variable: str, expected: str, got: str) -> UsageError:
    return UsageError(
        "A setting cannot be used",
        where=f"environment variable {variable}",
        expected=expected,
        got=repr(got),
        fix=f"Set {variable} to {expected}, or unset it.",
    )
