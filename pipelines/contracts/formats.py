"""What a message looks like: schemas/formats/<format>.yaml."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pipelines.contracts.files import SCHEMAS, read_mapping, refused


@dataclass(frozen=True)
class Format:
    """A message format: how it is recognised and what a message must hold to be understood."""

    name: str
    title: str
    description: str
    reference: str
    recognised_by: str
    """Text that every message of the format contains and no other format does."""


@cache
def formats() -> dict[str, Format]:
    """Return every format by name.

    Raises:
        ContractError: A file under schemas/formats/ is wrong.
    """
    return {path.stem: _format(path) for path in sorted((SCHEMAS / "formats").glob("*.yaml"))}


def _format(path: Path) -> Format:
    content = read_mapping(path)
    try:
        return Format(
            path.stem, content["title"], content["description"].strip(), content["reference"], content["recognised_by"]
        )
    except KeyError as cause:
        raise refused(path, f"an entry {cause}", "none") from cause
