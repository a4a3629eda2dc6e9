"""Judgements as Great Expectations' own Data Docs, made to be read with no network.

Its pages take their style and their behaviour from other people's servers; both are left out, and a short style of
ours stands in. What the pages say is what Great Expectations says.
"""

import html
import importlib
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pipelines.gate.loading import load, without_unasked
from pipelines.gate.results import GateResult

_REMOTE = re.compile(
    r"<script\b.*?</script>|<style\b.*?</style>|<link\b[^>]*>|<img\b[^>]*>|<footer\b.*?</footer>"
    r'|<a\b[^>]*href="https?://[^"]*"[^>]*>.*?</a>',
    re.DOTALL | re.IGNORECASE,
)
_ELSEWHERE = re.compile(r'href="(?:\.\./)+[^"]*"')
_STYLE = """<style>
body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem}
table{border-collapse:collapse}td,th{border:1px solid #ccc;padding:.3rem .6rem;text-align:left;vertical-align:top}
.modal,.navbar,button{display:none}
</style>"""


def write_pages(results: Sequence[GateResult], tenant: str, into: Path) -> list[Path]:
    """Write a page a judgement, and an index of them; return the paths, the index first."""
    into.mkdir(parents=True, exist_ok=True)
    pages = {into / f"{result.table_name}-{result.to_version}-{result.decided_at:%Y%m%dT%H%M%S%f}.html": result
             for result in results if result.row_count}  # fmt: skip
    for path, result in pages.items():
        path.write_text(page(result), encoding="utf-8")
    index = into / "index.html"
    index.write_text(_index({path.name: result for path, result in pages.items()}, tenant), encoding="utf-8")
    return [index, *pages]


def page(result: GateResult) -> str:
    """Return one judgement as Great Expectations renders it, with nothing that lies elsewhere."""
    load()
    with without_unasked():
        # By name: they do not mark what they export in the way that the type checker reads.
        renderer: Any = importlib.import_module("great_expectations.render.renderer")
        view: Any = importlib.import_module("great_expectations.render.view")
        content = renderer.ValidationResultsPageRenderer().render(_validation(result))
        rendered = view.DefaultJinjaPageView().render(content)
    local = _ELSEWHERE.sub('href="index.html"', _REMOTE.sub("", str(rendered)))
    return local.replace("</head>", f"{_STYLE}</head>")


def _validation(result: GateResult) -> Any:
    from great_expectations.core import ExpectationSuiteValidationResult

    outcomes = json.loads(result.evidence or "[]")
    successes = sum(outcome["held"] for outcome in outcomes)
    return ExpectationSuiteValidationResult(
        success=result.gate_verdict == "admitted",
        suite_name=f"{result.table_name}, versions {result.from_version + 1} to {result.to_version}",
        results=[_validated(outcome) for outcome in outcomes],
        suite_parameters={},
        statistics={
            "evaluated_expectations": len(outcomes),
            "successful_expectations": successes,
            "unsuccessful_expectations": len(outcomes) - successes,
            "success_percent": 100 * successes / len(outcomes) if outcomes else 100.0,
        },
        meta={
            "run_id": {"run_name": result.gate_verdict, "run_time": result.decided_at.isoformat()},
            "active_batch_definition": {},
        },
    )


def _validated(outcome: Mapping[str, Any]) -> Any:
    from great_expectations.core import ExpectationValidationResult
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

    # It makes itself known by being imported, and says how it is to be shown.
    importlib.import_module(f"great_expectations.expectations.core.{outcome['expectation']}")
    rows, unexpected = outcome.get("rows", 0), outcome.get("unexpected_rows", 0)
    seen = {
        "element_count": rows,
        "unexpected_count": unexpected,
        "unexpected_percent": 100 * unexpected / rows if rows else 0.0,
        "partial_unexpected_list": outcome.get("examples", []),
        "observed_value": outcome.get("observed"),
    }
    return ExpectationValidationResult(
        success=outcome["held"],
        expectation_config=ExpectationConfiguration(
            type=outcome["expectation"], kwargs=outcome["demands"], description=outcome["rule"]
        ),
        result={} if outcome["held"] else seen,
        exception_info={
            "raised_exception": "error" in outcome,
            "exception_message": outcome.get("error"),
            "exception_traceback": None,
        },
    )


def _index(pages: Mapping[str, GateResult], tenant: str) -> str:
    header = ("decided", "table", "versions", "rows", "verdict", "what failed")
    lines = [
        f'<tr><td><a href="{name}">{result.decided_at:%Y-%m-%d %H:%M} UTC</a></td>'
        + "".join(f"<td>{html.escape(str(cell))}</td>" for cell in _cells(result))
        + "</tr>"
        for name, result in reversed([*pages.items()])
    ]
    head = "".join(f"<th>{name}</th>" for name in header)
    title = f"Judgements of the gate: {html.escape(tenant)}"
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>{_STYLE}</head>'
        f"<body><h1>{title}</h1><table><tr>{head}</tr>{''.join(lines)}</table></body></html>\n"
    )


def _cells(result: GateResult) -> tuple[object, ...]:
    versions = f"{result.from_version + 1} to {result.to_version}"
    return result.table_name, versions, result.row_count, result.gate_verdict, "; ".join(result.failed_expectations)
