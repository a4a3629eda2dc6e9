"""Where things are on this machine: the only reader of the environment."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pipelines.errors import UsageError

TENANT_PATTERN = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


@dataclass(frozen=True)
class Settings:
    """Everything a command may need to know about its surroundings."""

    home: Path
    """FIELDSTREAM_HOME: folder of the lake, the local broker and all scratch data (.fieldstream)."""
    cache: Path
    """FIELDSTREAM_CACHE: folder of downloaded jars, shared by all homes (~/.cache/fieldstream)."""
    tenant: str
    """FIELDSTREAM_TENANT: whose lake and topics these are (demo)."""
    kafka: str | None
    """FIELDSTREAM_KAFKA: host:port of the broker; unset, the local one that `up` started."""
    cores: int
    """FIELDSTREAM_CORES: how many cores Spark may use (all of this machine's)."""

    @property
    def lake(self) -> Path:
        """Folder of the tenant's tables."""
        return self.home / "lake" / self.tenant

    @property
    def telemetry_topic(self) -> str:
        """Topic of the tenant's sensor events; the dot closes the tenant's name."""
        return f"{self.tenant}.telemetry"


def from_environment(environ: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings.

    Raises:
        UsageError: A variable holds a value that cannot be used.
    """
    tenant = environ.get("FIELDSTREAM_TENANT", "demo")
    if not TENANT_PATTERN.fullmatch(tenant):
        raise _refused("FIELDSTREAM_TENANT", "lower-case letters, digits and dashes", tenant)
    cores = environ.get("FIELDSTREAM_CORES", str(os.cpu_count() or 1))
    if not cores.isdigit() or int(cores) < 1:
        raise _refused("FIELDSTREAM_CORES", "a whole number from 1", cores)
    return Settings(
        home=Path(environ.get("FIELDSTREAM_HOME", ".fieldstream")).absolute(),
        cache=Path(environ.get("FIELDSTREAM_CACHE", "~/.cache/fieldstream")).expanduser().absolute(),
        tenant=tenant,
        kafka=environ.get("FIELDSTREAM_KAFKA") or None,
        cores=int(cores),
    )


def _refused(variable: str, expected: str, got: str) -> UsageError:
    return UsageError(
        "A setting cannot be used",
        where=f"environment variable {variable}",
        expected=expected,
        got=repr(got),
        fix=f"Set {variable} to {expected}, or unset it.",
    )
