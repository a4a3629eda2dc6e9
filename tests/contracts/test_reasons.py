"""One list of reasons: whatever the kernel and the neighbours can give stands in it, and nothing else does."""

import re
from pathlib import Path

import pytest

from pipelines.contracts import reasons as module
from pipelines.contracts.reasons import reasons
from pipelines.errors import ContractError
from pipelines.quality.judge import REASONS, RISE

KERNEL = Path(module.__file__).parents[1] / "kernel"
NEIGHBOURS = {*REASONS, RISE}
# Where SQL says why: a fault set, what a CASE gives, an entry of a list.
SAID = re.compile(r"(?:THEN|fault =) '([a-z_]+)'|\['([a-z_]+)[:']|, '([a-z_]+):' \|\|")
NO_REASONS = {"accepted", "duplicate", "quarantined", "uplink", "number"}


def test_every_reason_says_what_it_explains_means_and_helps():
    for each in reasons().values():
        assert re.fullmatch("quarantined|duplicate|accepted|flag (?:[349]|3 or 4)", each.about)
        assert each.means.endswith((".", "?"))
        assert each.do.endswith(".")


def test_whatever_the_kernel_can_give_is_listed_and_nothing_else():
    sql = "\n".join(path.read_text(encoding="utf-8") for path in sorted(KERNEL.rglob("*.sql")))
    python = "\n".join(path.read_text(encoding="utf-8") for path in sorted(KERNEL.glob("*.py")))
    kinds = {"simulated", "join", "log", "txack", "ack", "location", "integration", "status"}
    given = {word for found in SAID.findall(sql) for word in found if word} - NO_REASONS - kinds
    assert given <= set(reasons())
    assert set(reasons()) >= NEIGHBOURS
    assert {code for code in set(reasons()) - NEIGHBOURS if not re.search(rf"['\"]{code}[:'\"]", sql + python)} == set()


def test_a_line_that_lacks_a_part_is_refused(monkeypatch):
    monkeypatch.setattr(module, "read_mapping", lambda _: {"new": {"about": "accepted", "means": "x."}})
    with pytest.raises(ContractError, match="about, means, do"):
        module.reasons.__wrapped__()
