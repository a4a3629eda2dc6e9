"""The contracts by which records are judged, as one digest."""

import hashlib
from functools import cache

from pipelines.contracts.files import SCHEMAS


@cache
def contract_digest() -> str:
    """Return the SHA-256 over formats, sensors, operations, quantities and spellings: files' names and contents."""
    single = (SCHEMAS / f"{name}.yaml" for name in ("quantities", "units", "properties", "operations"))
    paths = [*SCHEMAS.glob("formats/*"), *SCHEMAS.glob("sensors/*"), *single]
    digest = hashlib.sha256()
    for path in sorted(paths):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(SCHEMAS).as_posix()}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()
