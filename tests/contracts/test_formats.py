import pytest

from pipelines.contracts import formats as module
from pipelines.contracts.formats import formats
from pipelines.errors import ContractError


def test_no_format_is_taken_for_another():
    marks = [each.recognised_by for each in formats().values()]
    assert len(marks) == len(set(marks))
    assert not any(one in other for one in marks for other in marks if one is not other)


def test_a_format_without_its_mark_is_refused(monkeypatch):
    monkeypatch.setattr(module, "read_mapping", lambda _: {"title": "t", "description": "d", "reference": "r"})
    with pytest.raises(ContractError, match="an entry 'recognised_by'"):
        module._format(module.SCHEMAS / "formats" / "new.yaml")
