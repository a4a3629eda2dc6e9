"""What the suite must know about a backend to do its jobs harm."""

import json
import os
import signal
import time
from pathlib import Path

from pipelines.cluster.local import LocalBackend
from pipelines.cluster.protocol import ENDED, ClusterBackend, JobStatus


class LocalHarness:
    """Jobs on this machine, and how to reach behind the backend's back."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def backend(self) -> ClusterBackend:
        """A new object that knows nothing but the folder."""
        return LocalBackend(self.root)

    def run(self, ref: str) -> Path:
        return self.root / "runs" / ref.removeprefix("local-")

    def out(self, ref: str) -> Path:
        return self.run(ref) / "out"

    def kill(self, ref: str) -> None:
        """Kill the job as the kernel does when memory runs out: at once, with all it started."""
        os.killpg(int(self.eventually(self.run(ref) / "job.pid")), signal.SIGKILL)

    def kill_supervisor(self, ref: str) -> None:
        os.kill(int(self.eventually(self.run(ref) / "supervisor.pid")), signal.SIGKILL)

    def eventually(self, path: Path) -> str:
        deadline = time.monotonic() + 30
        while not path.exists():
            assert time.monotonic() < deadline, f"{path} never came"
            time.sleep(0.02)
        return path.read_text()


def ended(backend: ClusterBackend, ref: str, within_s: float = 60) -> JobStatus:
    deadline = time.monotonic() + within_s
    while (status := backend.status(ref)).state not in ENDED:
        assert time.monotonic() < deadline, f"still {status}"
        time.sleep(0.05)
    return status


def manifest_of(out: Path) -> dict[str, object]:
    content: dict[str, object] = json.loads((out / "manifest.json").read_text())
    return content
