"""Where faults are tried: a scratch folder, a broker, a process to fork commands from, and a reader that looks on."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import psutil
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.chaos.truth import PARTITIONS, Truth, truth
from pipelines.failpoints import VARIABLE
from pipelines.stream import broker

SOURCES = Path(__file__).resolve().parents[2]
RUN_S = 300.0
KILLED = -signal.SIGKILL

Command = Sequence[str]
WARM: Command = ("-m", "pipelines.cli.warm")
_ONE_COMMAND: Command = ("-P", "-c", "from pipelines.cli import entry; entry()")


@dataclass(frozen=True)
class Done:
    """How a command ended: its exit code, negative for the signal that killed it, and what it said."""

    code: int
    out: str
    err: str

    @property
    def killed(self) -> bool:
        """Say whether kill -9 ended it."""
        return self.code == KILLED

    @property
    def report(self) -> Any:
        """What it printed as JSON."""
        return json.loads(self.out)


@dataclass(frozen=True)
class Process:
    """A command under way."""

    pid: int
    into: Path
    own: subprocess.Popen[bytes] | None = None
    """The process itself where it was not forked."""


@dataclass
class Seen:
    """What the reader saw; filled in when the watching ends."""

    looks: int = 0
    breaches: tuple[str, ...] = ()


class _Lines:
    """A process that answers lines of JSON with lines of JSON."""

    def __init__(self, command: Command, environ: Mapping[str, str]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environ,
            text=True,
            start_new_session=True,
        )

    def tell(self, told: Mapping[str, Any]) -> None:
        stdin: IO[str] = self.process.stdin  # type: ignore[assignment]  # a pipe, as was asked for
        stdin.write(json.dumps(told) + "\n")
        stdin.flush()

    def ask(self, told: Mapping[str, Any]) -> dict[str, Any]:
        self.tell(told)
        stdout: IO[str] = self.process.stdout  # type: ignore[assignment]  # a pipe, as was asked for
        answer: dict[str, Any] = json.loads(stdout.readline())
        return answer

    def end(self) -> None:
        self.process.stdin.close()  # type: ignore[union-attr]  # a pipe, as was asked for
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()  # type: ignore[union-attr]  # a pipe, as was asked for


@dataclass
class Site:
    """Everything a scenario needs; a context that ends what it started.

    Topics are made once for each seed and shared: a home is what a case has of its own.
    """

    folder: Path
    address: str
    warm: Command = WARM
    """What starts the process that commands are forked from."""
    cache: Path | None = None
    _sent: dict[int, Truth] = field(default_factory=dict)
    _kept: dict[tuple[str, int], Path] = field(default_factory=dict)
    _stack: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Self:
        """Start the process to fork from, and the reader."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.run_id = uuid.uuid4().hex[:6]
        self._count = 0
        self._forks = self._lines(self.warm)
        self._reader = self._lines(("-m", "pipelines.chaos.reader"))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """End both."""
        self._stack.close()

    def home(self, name: str, like: Path | None = None) -> Path:
        """Make a new home, empty or a copy of another."""
        self._count += 1
        made = self.folder / f"{self._count:04}-{name}"
        if like:
            shutil.copytree(like, made)
        else:
            made.mkdir()
        return made

    def topic(self, seed: int) -> Truth:
        """Return the seed's traffic, sent to the broker at the first time of asking."""
        if seed not in self._sent:
            made = truth(f"chaos{self.run_id}-{seed}", seed)
            _send(self.address, made)
            self._sent[seed] = made
        return self._sent[seed]

    @staticmethod
    def copy(home: Path, into: Path) -> None:
        """Copy what a home holds into another."""
        shutil.copytree(home, into, dirs_exist_ok=True)

    def kept(self, name: str, seed: int, make: Callable[[Path], object]) -> Path:
        """Return a home that is made once for a seed, for cases to begin from a copy of it."""
        if (name, seed) not in self._kept:
            made = self.home(name)
            make(made)
            self._kept[name, seed] = made
        return self._kept[name, seed]

    def environ(self, home: Path, tenant: str, fail_at: str | None = None, tree: Path | None = None) -> dict[str, str]:
        """Return the environment of a command; `tree` is another copy of the sources to run it from."""
        mine = {name: value for name, value in os.environ.items() if not name.startswith("FIELDSTREAM_")}
        cache = {"FIELDSTREAM_CACHE": str(self.cache)} if self.cache else {}
        return {
            **mine, **cache, "FIELDSTREAM_HOME": str(home), "FIELDSTREAM_TENANT": tenant,
            "FIELDSTREAM_KAFKA": self.address, **({VARIABLE: fail_at} if fail_at else {}),
            "PYTHONPATH": _search_path(tree),
        }  # fmt: skip

    def begin(
        self,
        home: Path,
        tenant: str,
        argv: Sequence[str],
        *,
        fail_at: str | None = None,
        fork: bool = True,
        tree: Path | None = None,
    ) -> Process:
        """Begin a command, forked from the warm process or, for Spark's or another tree's sake, as one of its own."""
        self._count += 1
        environ, into = self.environ(home, tenant, fail_at, tree), home / f"run-{self._count:04}"
        if fork:
            told = {"argv": list(argv), "environ": environ, "into": str(into)}
            return Process(int(self._forks.ask(told)["pid"]), into)
        with Path(f"{into}.out").open("wb") as out, Path(f"{into}.err").open("wb") as err:
            own = subprocess.Popen(
                [sys.executable, *_ONE_COMMAND, *argv],
                stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=environ, start_new_session=True,
            )  # fmt: skip
        return Process(own.pid, into, own)

    def end(self, process: Process) -> Done:
        """Wait for a command; one that takes too long is killed."""
        code = self._waited(process)
        texts = (
            Path(f"{process.into}.{each}").read_text(encoding="utf-8", errors="replace") for each in ("out", "err")
        )
        return Done(code, *texts)

    def run(
        self,
        home: Path,
        tenant: str,
        argv: Sequence[str],
        *,
        fail_at: str | None = None,
        fork: bool = True,
        tree: Path | None = None,
    ) -> Done:
        """Run a command to its end."""
        return self.end(self.begin(home, tenant, argv, fail_at=fail_at, fork=fork, tree=tree))

    @contextmanager
    def watched(self, home: Path, of: Truth) -> Iterator[Seen]:
        """Have the reader look at a home's tables all the while."""
        steps = home / "steps.parquet"
        pq.write_table(steps_of(of), steps)
        seen = Seen()
        self._reader.tell({"watch": str(home / "lake" / of.tenant), "steps": str(steps)})
        try:
            yield seen
        finally:
            answer = self._reader.ask({"stop": True})
            seen.looks, seen.breaches = answer["looks"], tuple(answer["breaches"])

    def _lines(self, command: Command) -> _Lines:
        started = _Lines(command, {**os.environ, "PYTHONPATH": _search_path()})
        self._stack.callback(started.end)
        return started

    def _waited(self, process: Process) -> int:
        if process.own:
            try:
                return process.own.wait(RUN_S)
            except subprocess.TimeoutExpired:
                process.own.kill()
                return process.own.wait()
        deadline = time.monotonic() + RUN_S
        while psutil.Process(process.pid).status() != psutil.STATUS_ZOMBIE:
            if time.monotonic() > deadline:
                os.kill(process.pid, signal.SIGKILL)
            time.sleep(0.005)
        return int(self._forks.ask({"wait": process.pid})["code"])


def stopped(process: Process, within_s: float = 60.0) -> bool:
    """Wait until a process stands still; say whether it does."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        status = psutil.Process(process.pid).status()
        if status in {psutil.STATUS_STOPPED, psutil.STATUS_ZOMBIE}:
            return bool(status == psutil.STATUS_STOPPED)
        time.sleep(0.01)
    return False


def kill_at_first_file(process: Process, folder: Path, *, whole: bool) -> None:
    """Kill a command once it has begun a data file: it and all that it started, or the process alone."""
    before = set(folder.glob("*.parquet"))
    while psutil.Process(process.pid).status() != psutil.STATUS_ZOMBIE:
        if set(folder.glob("*.parquet")) - before:
            (os.killpg if whole else os.kill)(process.pid, signal.SIGKILL)
            return
        time.sleep(0.005)


def _search_path(tree: Path | None = None) -> str:
    """Return where Python finds what this process found, a tree of sources before all else."""
    return os.pathsep.join(filter(None, [str(tree or SOURCES), *sys.path]))


def _send(address: str, sent: Truth) -> None:
    """Put every message at its offset."""
    from confluent_kafka import Producer

    broker.ensure_topic(address, sent.topic, PARTITIONS)
    producer = Producer({"bootstrap.servers": address, "enable.idempotence": True, "log_level": 2})
    for partition, part in enumerate(sent.parts):
        for message in part:
            headers: list[tuple[str, str | bytes | None]] = list(message.headers)
            producer.produce(sent.topic, message.value, message.key, partition, headers=headers)
    producer.flush()
    ends = broker.end_offsets(address, sent.topic)
    if ends != sent.ends:
        raise RuntimeError(f"{sent.topic} ends at {ends}, expected {sent.ends}: is something else sending to it?")


def steps_of(of: Truth) -> pa.Table:
    """Return what each message brings to silver: how many observations, and the sum of their values."""
    brought = {
        (row["partition"], row["offset"]): (row["value_count"], row["value_sum"])
        for row in of.meant.group_by(["partition", "offset"]).aggregate([("value", "sum"), ([], "count_all")])
        .rename_columns(["partition", "offset", "value_sum", "value_count"]).to_pylist()
    }  # fmt: skip
    rows = [
        {"partition": partition, "offset": offset, "observations": count, "total": total or 0.0}
        for partition, end in of.ends.items()
        for offset in range(end)
        for count, total in [brought.get((partition, offset), (0, 0.0))]
    ]
    return pa.Table.from_pylist(rows)
