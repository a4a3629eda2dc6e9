"""Why a record has its verdict and a value its flag: schemas/reasons.yaml."""

from dataclasses import dataclass
from functools import cache

from pipelines.contracts.files import SCHEMAS, read_mapping, refused


@dataclass(frozen=True)
class Reason:
    """A reason code: the verdict or flag that it explains, what it means, and what helps."""

    code: str
    about: str
    means: str
    do: str


@cache
def reasons() -> dict[str, Reason]:
    """Return every reason by its code.

    Raises:
        ContractError: A line of schemas/reasons.yaml is wrong.
    """
    path = SCHEMAS / "reasons.yaml"
    try:
        return {code: Reason(code, **line) for code, line in read_mapping(path).items()}
    except TypeError as cause:
        raise refused(path, "lines of {about, means, do}", str(cause)) from cause
