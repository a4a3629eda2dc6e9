"""The health check of Airflow's services reads what the API server says of them."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

HEALTHY = Path(__file__).resolve().parents[2] / "infra" / "airflow" / "healthy.py"
# As Airflow 3.3.2 answers it, with a triggerer that has died.
ANSWER = b"""{
  "metadatabase": {"status": "healthy"},
  "scheduler": {"status": "healthy", "latest_scheduler_heartbeat": "2026-11-24T07:40:00.000000+00:00"},
  "triggerer": {"status": "unhealthy", "latest_triggerer_heartbeat": "2026-11-24T07:10:00.000000+00:00"},
  "dag_processor": {"status": null, "latest_dag_processor_heartbeat": null}
}"""


class ApiServer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        found = self.path == "/api/v2/monitor/health"
        self.send_response(200 if found else 404)
        self.end_headers()
        self.wfile.write(ANSWER if found else b"")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), ApiServer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.mark.parametrize(
    ("component", "exit_code", "said"),
    [
        ("metadatabase", 0, "metadatabase: healthy\n"),
        ("triggerer", 1, "triggerer: unhealthy\n"),
        ("dag_processor", 1, "dag_processor: None\n"),
        ("nobody", 1, "nobody: unknown: KeyError('nobody')\n"),
    ],
)
def test_health_is_the_exit_code(url: str, component: str, exit_code: int, said: str) -> None:
    run = subprocess.run([sys.executable, str(HEALTHY), component, url], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout) == (exit_code, said)


def test_a_silent_server_is_not_healthy() -> None:
    argv = [sys.executable, str(HEALTHY), "triggerer", "http://127.0.0.1:1"]
    assert subprocess.run(argv, capture_output=True, check=False).returncode == 1
