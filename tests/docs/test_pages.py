"""The pages hang together: links lead somewhere, every error has its page, and its page says its sentence."""

import inspect
import re
from pathlib import Path

import pytest

from pipelines import errors, settings
from pipelines.jobs import demo, run_dag

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
RUNBOOKS = sorted((DOCS / "runbooks").glob("*.md"))
CODE = re.compile(r"^( *)(```|~~~).*?^\1\2$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")

CLASSES = {
    name: kind
    for name, kind in inspect.getmembers(errors, inspect.isclass)
    # Whatever is a FieldstreamError and nothing more is a bug.
    if issubclass(kind, errors.FieldstreamError) and kind is not errors.FieldstreamError
}


def written(page: Path) -> str:
    """The page without its code: brackets mean something else there."""
    return CODE.sub("", page.read_text(encoding="utf-8"))


def pages() -> list[Path]:
    folders = (folder for folder in ROOT.iterdir() if folder.is_dir() and not folder.name.startswith("."))
    return sorted([*ROOT.glob("*.md"), *(page for folder in folders for page in folder.rglob("*.md"))])


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub gives a page's headings."""
    headings = re.findall(r"^#+ (.+)$", written(page), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    lost = []
    for link in LINK.findall(written(page)):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        there = target.exists() and target.is_relative_to(ROOT)
        if not there or (anchor and target.suffix == ".md" and anchor not in anchors(target)):
            lost.append(link)
    assert lost == []


@pytest.mark.parametrize("page", sorted(DOCS.rglob("*.md")), ids=lambda page: str(page.relative_to(DOCS)))
def test_every_page_can_be_reached_from_the_index(page: Path) -> None:
    index = DOCS / "README.md"
    linked = {
        (at.parent / link.partition("#")[0]).resolve()
        for at in (index, DOCS / "adr" / "README.md")
        for link in LINK.findall(written(at))
    }
    assert page == index or page in linked


@pytest.mark.parametrize("name", CLASSES)
def test_every_error_a_user_can_meet_has_a_runbook_with_its_exit_code(name: str) -> None:
    lines = [re.search(rf"^Errors?: .*`{name}`.*$", page.read_text(), flags=re.MULTILINE) for page in RUNBOOKS]
    found = [line.group() for line in lines if line]
    assert found, f"no page in docs/runbooks begins with 'Error: `{name}`'"
    if CLASSES[name] is not errors.DagFailed:
        assert all(f"Exit code {CLASSES[name].exit_code}." in line for line in found)


def test_the_tutorial_names_the_stages_of_the_demo_in_order(tmp_path: Path) -> None:
    surroundings = settings.from_environment({"FIELDSTREAM_HOME": str(tmp_path)})
    dags = run_dag.DagRuns(surroundings)
    steps = [*demo._by_hand(surroundings), *demo._by_dags(surroundings, dags, tmp_path / "report.html")]
    page = (DOCS / "tutorial.md").read_text(encoding="utf-8")
    told = re.findall(r"^\| (\d+ [^|]+) \|", page, flags=re.MULTILINE)
    assert told == [f"{number} {name}" for number, (name, _) in enumerate(steps, start=1)]
    assert f"each of {len(steps)} stages" in page


# The sentences that classes write themselves, as the runbook quotes them.
SENTENCES = [
    ("offset-gap", errors.OffsetGap("demo.telemetry", 1, 17114, 17120)),
    ("offset-gap", errors.RecordsLost("expired", "demo.telemetry", 1, 17114, 17200, also=0)),
    ("topic-recreated", errors.RecordsLost("remade", "demo.telemetry", 1, 17114, 0, also=0)),
    ("topic-recreated", errors.TopicRemade("demo.telemetry", "2XT29sDtTVuOe3CrFE61Vw", "dcS3HD6vSBmsWPHj61iphQ")),
    (
        "lake-damaged",
        errors.LakeDamaged(
            "silver.observations", "_delta_log/00000000000000000042.json", "a commit", "0 bytes that say nothing"
        ),
    ),
    (
        "second-writer",
        errors.WriterConflict(
            "bronze.events",
            "telemetry/demo.telemetry/2",
            34683,
            40000,
            "process 4711 on host barn, which began at 2026-06-01T04:00:00Z",
        ),
    ),
    ("store-unreachable", errors.StoreUnreachable("s3://farm-data", "Could not connect to server")),
    (
        "store-unreachable",
        errors.StoreRefused(
            "s3://farm-data",
            "a bucket",
            "none of that name",
            "Make it, or correct FIELDSTREAM_LAKE or AWS_ENDPOINT_URL.",
        ),
    ),
    (
        "broker-down",
        errors.BrokerUnreachable(
            "127.0.0.1:9", "KafkaTimeoutError: KafkaTimeoutError: Unable to bootstrap from 127.0.0.1:9"
        ),
    ),
    (
        "spark-not-started",
        errors.SparkNotStarted(
            "/usr/lib/jvm/java-17-openjdk-amd64",
            "[JAVA_GATEWAY_EXITED] Java gateway process exited before sending its port number.",
        ),
    ),
    (
        "worker-lost",
        errors.WorkerLost(
            "cleaned records",
            "topic demo.telemetry",
            "Python worker exited unexpectedly (crashed)",
            "fewer --max-records need less",
        ),
    ),
    ("disk-full", errors.StorageFull("/srv/fieldstream/home", "No space left on device")),
    (
        "disk-full",
        errors.StorageRefused(
            "/srv/fieldstream/home",
            "Read-only file system",
            "Make the file system writable again; if it made itself read-only, look at the disk first.",
        ),
    ),
]


@pytest.mark.parametrize(("page", "error"), SENTENCES, ids=[page for page, _ in SENTENCES])
def test_a_runbook_quotes_the_real_sentence(page: str, error: errors.FieldstreamError) -> None:
    assert f"\nfieldstream: {error}\n" in (DOCS / "runbooks" / f"{page}.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", RUNBOOKS, ids=lambda page: page.stem)
def test_a_runbook_says_what_is_seen_what_to_do_and_how_to_check(page: Path) -> None:
    headings = re.findall(r"^## (.+)$", written(page), flags=re.MULTILINE)
    assert "What you see" in headings[0]
    assert any("hat to do" in heading for heading in headings)
    assert headings[-1] == "How to check"


def test_every_setting_is_in_the_reference() -> None:
    page = (DOCS / "reference" / "settings.md").read_text(encoding="utf-8")
    read = set(re.findall(r'"([A-Z]+_[A-Z_]+)"', inspect.getsource(settings.from_environment)))
    assert read
    assert {variable for variable in read if f"| `{variable}` |" not in page} == set()
