"""Every command and every program that the pages show is run, and says what the pages say it says."""

import doctest
import io
import re
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs"
# The generated pages show how a command is written, not what it says.
PAGES = sorted(page for page in DOCS.rglob("*.md") if "reference" not in page.parts)

BLOCK = re.compile(
    r"^```(?P<kind>console|python)\n(?P<text>.*?)^```$(?:\n\n```output\n(?P<output>.*?)^```$)?",
    re.MULTILINE | re.DOTALL,
)
END = "=== end of a command ==="


@dataclass(frozen=True)
class Snippet:
    """A block of a page, and what is to come of it."""

    place: str
    kind: str
    text: str
    output: str

    def commands(self) -> Iterator[tuple[str, str]]:
        """Give each command of a console block with what the page shows below it."""
        for part in re.split(r"^\$ ", self.text, flags=re.MULTILINE)[1:]:
            first, *rest = part.splitlines()
            more = 0
            while more < len(rest) and rest[more].startswith("> "):
                more += 1
            yield "\n".join([first, *(line[2:] for line in rest[:more])]), "\n".join(rest[more:])


def snippets(page: Path) -> list[Snippet]:
    text = page.read_text(encoding="utf-8")
    return [
        Snippet(
            f"{page.relative_to(DOCS)}, line {text.count(chr(10), 0, found.start()) + 1}",
            found["kind"],
            found["text"],
            found["output"] or "",
        )
        for found in BLOCK.finditer(text)
    ]


def compare(place: str, shown: str, got: str) -> None:
    """Hold what a page shows against what came: `...` stands for anything, blanks at the end of a line for nothing."""
    wanted, came = ("".join(f"{line.rstrip()}\n" for line in text.strip().splitlines()) for text in (shown, got))
    if not doctest.OutputChecker().check_output(wanted, came, doctest.ELLIPSIS):
        pytest.fail(f"{place}\n--- the page shows\n{wanted}\n--- but it is\n{came}", pytrace=False)


def run_console(snippet: Snippet, folder: Path, environ: Mapping[str, str]) -> None:
    commands = list(snippet.commands())
    assert commands, f"{snippet.place}: no line begins with '$ '"
    # `(exit $s)` hands a command's exit code on to the next, so that a page may show `echo $?`.
    script = "\n".join(f"{command}\ns=$?; printf '\\n{END}\\n'; (exit $s)" for command, _ in commands)
    done = subprocess.run(
        ["bash", "-c", f"exec 2>&1\n{script}"],  # noqa: S607 - the reader's bash, wherever it is
        check=False,
        cwd=folder,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        timeout=120,
    )
    said = done.stdout.split(f"\n{END}\n")
    for (command, shown), got in zip(commands, said, strict=False):
        compare(f"{snippet.place}\n$ {command}", shown, got)


def run_python(snippet: Snippet, folder: Path, environ: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    monkeypatch.setenv("FIELDSTREAM_HOME", environ["FIELDSTREAM_HOME"])
    said = io.StringIO()
    with redirect_stdout(said):
        exec(compile(snippet.text, snippet.place, "exec"), {"__name__": "__main__"})  # noqa: S102 - that is the test
    compare(snippet.place, snippet.output, said.getvalue())


def needing(pages: list[Path]) -> list[object]:
    """Mark the pages that start Spark, so that those who leave Spark out leave them out too."""
    starts_spark = {page for page in pages if any("pipelines.jvm.spark" in each.text for each in snippets(page))}
    return [
        pytest.param(page, marks=[pytest.mark.spark] if page in starts_spark else [], id=str(page.relative_to(DOCS)))
        for page in pages
    ]


@pytest.mark.parametrize("page", needing([page for page in PAGES if snippets(page)]))
def test_what_a_page_shows_is_what_comes(
    page: Path,
    project: Path,
    environ: Mapping[str, str],
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    for snippet in snippets(page):
        if "pipelines.jvm.spark" in snippet.text:
            request.getfixturevalue("spark")
        if "import polars" in snippet.text and find_spec("polars") is None:
            continue  # an environment from before it was locked
        if snippet.kind == "console":
            run_console(snippet, project, environ)
        else:
            run_python(snippet, project, environ, monkeypatch)


@pytest.mark.parametrize(
    ("shown", "got", "agree"),
    [
        ("a\nb", "a \nb\n\n", True),
        ("a ... c", "a b c", True),
        ("a\n...\nz", "a\nb\nc\nz", True),
        ("a", "b", False),
        ("a", "a\nb", False),
    ],
)
def test_the_comparison_tells_what_differs(shown: str, got: str, agree: bool) -> None:
    if agree:
        compare("here", shown, got)
    else:
        with pytest.raises(pytest.fail.Exception, match="the page shows"):
            compare("here", shown, got)
