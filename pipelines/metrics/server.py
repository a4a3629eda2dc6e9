"""Answers Prometheus over HTTP: `/metrics` gives the numbers as they are now, and nothing else is there."""

import contextlib
import logging
import threading
from collections.abc import Callable, Iterator
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from pipelines.errors import FieldstreamError
from pipelines.metrics.exposition import CONTENT_TYPE

_log = logging.getLogger("fieldstream")
_IDLE_S = 60.0


@contextlib.contextmanager
def served(host: str, port: int, measure: Callable[[], str]) -> Iterator[int]:
    """Serve what `measure` returns, one request at a time, while the block runs; give the port.

    Raises:
        OSError: The port belongs to another program, or the host is not this machine's.
    """
    measuring = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        timeout = _IDLE_S

        def do_GET(self) -> None:
            """Answer one request."""
            if self.path.partition("?")[0] != "/metrics":
                self._answer(HTTPStatus.NOT_FOUND, "The metrics are at /metrics.\n")
                return
            try:
                with measuring:
                    text = measure()
            except FieldstreamError as error:
                _log.warning("not measured: %s", error)
                self._answer(HTTPStatus.INTERNAL_SERVER_ERROR, f"{error}\n")
                return
            self._answer(HTTPStatus.OK, text)

        def _answer(self, status: HTTPStatus, text: str) -> None:
            body = text.encode()
            # Whoever asked may have lost patience and left.
            with contextlib.suppress(ConnectionError):
                self.send_response(status)
                self.send_header("Content-Type", CONTENT_TYPE)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name for it
            """Log nothing of a request that went well: there is one every few seconds."""

    with ThreadingHTTPServer((host, port), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, name="metrics", daemon=True)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()
