"""Read the sample of operations: messages as a farm's gates, meters and terminals would send them."""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from pipelines.errors import DataRefused
from pipelines.simulate.tower import SAMPLE
from pipelines.simulate.uplinks import Uplink

OPERATIONS = SAMPLE.parent / "operations" / "us-tw3_2017.jsonl"


def sample_operations(tenant: str, path: Path = OPERATIONS) -> Iterator[Uplink]:
    """Give what was done in the sample field in 2017, in order of sending; all of it is made up.

    Raises:
        DataRefused: The sample cannot be read.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        messages = [{"tenant_id": tenant, **json.loads(line)} for line in lines]
    except (OSError, ValueError) as cause:
        raise DataRefused(
            "The sample of operations cannot be read",
            where=str(path),
            expected="a JSON object a line",
            got=str(cause),
            fix="Restore it from the repository.",
        ) from cause
    for message in messages:
        time = datetime.fromisoformat(message["time"])
        yield Uplink(message["device_id"].encode(), json.dumps(message).encode(), (), time)
