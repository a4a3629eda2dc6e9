"""The files under schemas/, read."""

from pathlib import Path
from typing import Any

import yaml

from pipelines.errors import ContractError

SCHEMAS = Path(__file__).resolve().parents[2] / "schemas"

# libyaml's loader is the same grammar, several times faster: it shows in every command's start.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_mapping(path: Path) -> dict[str, Any]:
    """Read one YAML file that must hold a mapping.

    Raises:
        ContractError: The file is absent, is no YAML, or holds something else.
    """
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=_LOADER)  # noqa: S506 - a safe loader
    except (OSError, yaml.YAMLError) as cause:
        raise refused(path, "a readable YAML file", str(cause)) from cause
    if not isinstance(content, dict):
        raise refused(path, "a mapping", type(content).__name__)
    return content


def refused(path: Path, expected: str, got: str) -> ContractError:
    """Say that a contract file is wrong."""
    where = path.relative_to(SCHEMAS.parent) if path.is_relative_to(SCHEMAS.parent) else path
    return ContractError(
        "A contract cannot be used", where=str(where), expected=expected, got=got, fix="Correct the file."
    )
