from pathlib import Path

from pipelines.jobs.gate import gate
from pipelines.jobs.gate_docs import gate_docs
from pipelines.lake.tables import Lake
from pipelines.settings import Settings
from tests.lakes import observation


def test_a_tenant_s_judgements_are_written_as_pages(home_settings: Settings, tmp_path: Path) -> None:
    Lake(home_settings.lake).append("silver.observations", [observation(20)])
    gate(home_settings)
    report = gate_docs(home_settings, tmp_path / "docs")
    assert report.judgements == 1
    assert home_settings.tenant in report.index.read_text()
    assert len([*report.index.parent.glob("silver.observations-1-*.html")]) == 1
