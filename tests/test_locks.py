"""The lock files hold what pyproject.toml asks for, with digests, and say nothing of where it was fetched."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]

LOCKED = [
    ("requirements.lock", PROJECT["dependencies"]),
    ("requirements-dev.lock", [*PROJECT["dependencies"], *EXTRAS["dev"]]),
    ("requirements-jdk.lock", EXTRAS["jdk"]),
    ("requirements-uv.lock", [each for each in EXTRAS["dev"] if each.startswith("uv")]),
]


def locked(name: str) -> dict[str, set[Version]]:
    """Package to its locked versions: several where they differ by Python version or platform."""
    pins: dict[str, set[Version]] = {}
    for package, version in re.findall(r"(?m)^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^\s;\\]+)", (ROOT / name).read_text()):
        pins.setdefault(canonicalize_name(package), set()).add(Version(version))
    return pins


@pytest.mark.parametrize(("name", "asked"), LOCKED)
def test_a_lock_satisfies_pyproject(name: str, asked: list[str]) -> None:
    pins = locked(name)
    for requirement in map(Requirement, asked):
        versions = pins.get(canonicalize_name(requirement.name), set())
        assert versions, f"{requirement.name} is not in {name}: run 'make lock'"
        assert all(requirement.specifier.contains(version) for version in versions), f"{requirement}: run 'make lock'"


def test_testing_and_running_use_the_same_versions() -> None:
    dev = locked("requirements-dev.lock")
    for name in ("requirements.lock", "requirements-uv.lock"):
        assert {package: dev.get(package) for package in locked(name)} == locked(name)


@pytest.mark.parametrize("name", [name for name, _ in LOCKED])
def test_every_line_is_a_pin_its_digest_or_a_comment_without_an_address(name: str) -> None:
    for line in (ROOT / name).read_text().splitlines():
        assert re.fullmatch(
            r"[a-zA-Z0-9._-]+==\S+( ; .+)? \\|    --hash=sha256:[0-9a-f]{64}( \\)?|#((?!://).)*", line
        ), line
