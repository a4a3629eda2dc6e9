"""A real Prometheus for tests: where its programs are, and one that runs."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

PATIENCE_S = 30.0


def program(name: str) -> str:
    """The program that `make setup-dev` brought, or the one on the PATH."""
    found = shutil.which(name, path=os.pathsep.join([str(Path(sys.prefix) / "prometheus"), os.environ["PATH"]]))
    if found is None:
        pytest.skip(f"{name} is not there: 'make setup-dev' brings it where Debian's packages can be had")
    return found


@dataclass(frozen=True)
class Prometheus:
    url: str

    def get(self, path: str, **parameters: str) -> Any:
        query = urllib.parse.urlencode(parameters)
        with urllib.request.urlopen(f"{self.url}/api/v1/{path}?{query}", timeout=10) as answer:  # noqa: S310 - ours
            return json.load(answer)["data"]

    def values(self, expression: str) -> list[float]:
        return [float(each["value"][1]) for each in self.get("query", query=expression)["result"]]

    def wait_for(self, expression: str) -> None:
        """Wait until the expression gives a series."""
        deadline = time.monotonic() + PATIENCE_S
        while not self.values(expression):
            if time.monotonic() > deadline:
                pytest.fail(f"no series of {expression} after {PATIENCE_S:.0f} s: {self.get('targets')}")
            time.sleep(0.2)


@contextmanager
def running(folder: Path, config: dict[str, Any]) -> Iterator[Prometheus]:
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    argv = [
        program("prometheus"),
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address={address}",
    ]
    with (folder / "prometheus.log").open("wb") as log:
        process = subprocess.Popen(argv, stdout=log, stderr=log, cwd=folder)
    try:
        _wait_until_ready(f"http://{address}", process, folder / "prometheus.log")
        yield Prometheus(f"http://{address}")
    finally:
        process.terminate()
        process.wait(timeout=PATIENCE_S)


def _wait_until_ready(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            urllib.request.urlopen(f"{url}/-/ready", timeout=5).close()  # noqa: S310 - ours
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"Prometheus did not start: {log.read_text()[-2000:]}")
            time.sleep(0.1)
        else:
            return
