"""A real S3 store on this machine: SeaweedFS, the one of docker-compose.yml, in one process."""

import json
import shutil
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from pyarrow import fs

BUCKET = "lake"
KEY, SECRET = "of-the-lake", "known-to-tests-alone"
_ACTIONS = ["Admin", "Read", "Write", "List", "Tagging"]
_STARTS_WITHIN_S = 60


@dataclass
class Store:
    """Runs `weed` on loopback ports of its own, in a folder that keeps its objects."""

    folder: Path
    ports: tuple[int, ...]
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def port(self) -> int:
        return self.ports[0]

    def environment(self, **others: str) -> dict[str, str]:
        """What a command must find in its environment to use it."""
        return {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.port}",
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        } | others

    def start(self) -> None:
        self.folder.mkdir(exist_ok=True)
        credentials = [{"accessKey": KEY, "secretKey": SECRET}]
        identity = {"name": "lake", "credentials": credentials, "actions": _ACTIONS}
        config = self.folder / "s3.json"
        config.write_text(json.dumps({"identities": [identity]}))
        s3, *others = self.ports
        named = zip(("s3.port.grpc", "master.port", "master.port.grpc", "volume.port", "volume.port.grpc",
                     "filer.port", "filer.port.grpc"), others, strict=True)  # fmt: skip
        self.process = subprocess.Popen(
            [
                _weed(), "server", f"-dir={self.folder}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1",
                "-s3", f"-s3.port={s3}", f"-s3.config={config}", "-s3.iam=false", "-s3.port.iceberg=0",
                "-s3.port.lance=0", "-master.volumeSizeLimitMB=64", "-volume.max=20",
                "-master.telemetry=false", *(f"-{name}={port}" for name, port in named),
            ],
            env={"WEED_MASTER_VOLUME_GROWTH_COPY_1": "1"},
            stdout=(self.folder / "log").open("ab"),
            stderr=subprocess.STDOUT,
        )  # fmt: skip
        self._wait()

    def stop(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def _wait(self) -> None:
        until = time.monotonic() + _STARTS_WITHIN_S
        while time.monotonic() < until:
            assert self.process is not None
            assert self.process.poll() is None, (self.folder / "log").read_text()[-2000:]
            if self._answers():
                return
            time.sleep(0.1)
        raise TimeoutError((self.folder / "log").read_text()[-2000:])

    def _answers(self) -> bool:
        asked = HTTPConnection("127.0.0.1", self.port, timeout=1)
        with suppress(OSError, HTTPException), closing(asked):
            asked.request("GET", "/healthz")
            return asked.getresponse().status == HTTPStatus.OK
        return False


def make_bucket(name: str) -> None:
    """Make a bucket in the store that the environment names."""
    filesystem, _ = fs.FileSystem.from_uri(f"s3://{name}?allow_bucket_creation=true")
    filesystem.create_dir(name)


def store_in(folder: Path) -> Store:
    """A store that has not been started, with ports that are free now."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(8)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return Store(folder, tuple(each.getsockname()[1] for each in sockets))


def _weed() -> str:
    found = Path(sys.executable).with_name("weed")
    return str(found) if found.exists() else shutil.which("weed") or "weed"
