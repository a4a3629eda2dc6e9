"""The jars of Spark's connectors and of the Kafka broker: exact, checked, downloaded once.

`infra/jars/<set>.sha256` names every jar of a set with its digest. They are fetched by the Ivy that Spark itself
carries, so neither Maven nor an address is needed here.
"""

import hashlib
import importlib.util
import logging
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from pipelines.errors import DataRefused, ServiceUnreachable
from pipelines.jvm.java import java_home
from pipelines.settings import Settings

INFRA = Path(__file__).resolve().parents[2] / "infra" / "jars"
DOWNLOAD_TIMEOUT_S = 900

log = logging.getLogger("fieldstream")


@dataclass(frozen=True)
class Pin:
    """One jar: the digest of its bytes, and Maven's coordinates."""

    sha256: str
    group: str
    artifact: str
    version: str

    @property
    def file_name(self) -> str:
        """Name of the file, as Maven names it."""
        return f"{self.artifact}-{self.version}.jar"


def spark_jars(settings: Settings) -> list[Path]:
    """Return the jars that Spark needs for Delta and Kafka, downloading them on first use.

    Raises:
        ServiceUnreachable: They cannot be downloaded.
        DataRefused: What was downloaded is not what the pins say.
    """
    return _jars("spark", settings)


def broker_jars(settings: Settings) -> list[Path]:
    """Return the jars of a Kafka broker, downloading them on first use; raises as `spark_jars` does."""
    return _jars("broker", settings)


def pins(name: str) -> list[Pin]:
    """Read the pins of the set `spark` or `broker`."""
    lines = (INFRA / f"{name}.sha256").read_text(encoding="utf-8").splitlines()
    entries = (line.split() for line in lines if not line.startswith("#"))
    return [Pin(sha256, *coordinates.split(":")) for sha256, coordinates in entries]


def folder(name: str, cache: Path) -> Path:
    """Return where the set lies once it is there; other pins, other folder."""
    digest = hashlib.sha256((INFRA / f"{name}.sha256").read_bytes()).hexdigest()
    return cache / "jars" / f"{name}-{digest[:12]}"


def pyspark_jars() -> list[Path]:
    """Return the jars that pyspark carries; none where it is not installed."""
    # Found without importing pyspark, which takes half a second.
    spec = importlib.util.find_spec("pyspark")
    folders = (spec.submodule_search_locations if spec else None) or []
    return sorted(jar for folder in folders for jar in Path(folder, "jars").glob("*.jar"))


def damaged(name: str, jars: Path) -> list[str]:
    """Return the files of a set that are absent from a folder, or not what their pins say."""
    return [pin.file_name for pin in pins(name) if _sha256(jars / pin.file_name) != pin.sha256]


def _jars(name: str, settings: Settings) -> list[Path]:
    there = folder(name, settings.cache)
    if not there.exists():
        _download(name, there, java_home(settings) / "bin" / "java")
    return [there / pin.file_name for pin in pins(name)]


def _download(name: str, into: Path, java: Path) -> None:
    """Bring a set into place in one move, so that a killed download leaves nothing that looks whole."""
    log.info("downloading %d jars (%s), once", len(pins(name)), name)
    into.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".download-", dir=into.parent) as scratch:
        jars = Path(scratch) / "jars"
        said = _retrieve(name, Path(scratch), jars, java)
        wrong = damaged(name, jars)
        if any(not (jars / file).exists() for file in wrong):
            raise _not_downloaded(wrong, said)
        if wrong:
            raise _not_as_pinned(name, wrong)
        _move(jars, into)


def _move(jars: Path, into: Path) -> None:
    try:
        jars.rename(into)
    except OSError:
        if not into.exists():
            raise
        # Another process finished the same download first: its jars passed the same check.


def _retrieve(name: str, scratch: Path, into: Path, java: Path) -> str:
    """Let Ivy copy the jars, and return what it said."""
    module = scratch / "ivy.xml"
    module.write_text(_ivy_module(pins(name)), encoding="utf-8")
    pattern = into / "[artifact]-[revision].[ext]"
    ivy_jar = next(jar for jar in pyspark_jars() if jar.name.startswith("ivy-"))
    ivy = [str(java), "-cp", str(ivy_jar), "org.apache.ivy.Main", "-settings", str(INFRA / "ivysettings.xml")]
    done = subprocess.run(
        [*ivy, "-ivy", str(module), "-cache", str(scratch / "cache"), "-retrieve", str(pattern)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=DOWNLOAD_TIMEOUT_S,
        check=False,
    )
    return done.stdout


def _ivy_module(wanted: list[Pin]) -> str:
    lines = (f'<dependency org="{p.group}" name="{p.artifact}" rev="{p.version}" transitive="false"/>' for p in wanted)
    info = '<info organisation="fieldstream" module="jars"/>'
    return f'<ivy-module version="2.0">{info}<dependencies>{"".join(lines)}</dependencies></ivy-module>'


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest() if file.exists() else ""


def _not_downloaded(missing: list[str], said: str) -> ServiceUnreachable:
    causes = [line.strip() for line in said.splitlines() if "Exception" in line or "ERROR" in line]
    return ServiceUnreachable(
        "The jars for Spark and Kafka could not be downloaded",
        where="the Maven repository, asked through Ivy",
        expected=f"{missing[0]} and {len(missing) - 1} more" if len(missing) > 1 else missing[0],
        got=causes[0] if causes else "no answer",
        fix="Check the network (Java's proxy settings go into JAVA_TOOL_OPTIONS), and run the same command again.",
    )


def _not_as_pinned(name: str, wrong: list[str]) -> DataRefused:
    return DataRefused(
        "Downloaded jars are not the ones this project was tested with, so they were thrown away",
        where=f"infra/jars/{name}.sha256",
        expected="the digests written there",
        got=f"other bytes for {', '.join(wrong)}",
        fix="Run the same command again; if it stays so, do not trust the repository you download from.",
    )
