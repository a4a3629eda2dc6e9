"""A line between Kafka's clients and a broker that keeps back answers, whole: which request each is for, it knows.

The broker must advertise the line's port, else clients ask for the way once and then go round it.
"""

import socket
import threading
import time
from contextlib import suppress

PRODUCE, INIT_PRODUCER_ID = 0, 22
FOR_EVER_S = 1e6


class KafkaLine:
    """Passes on what comes to `port` to another port of this machine."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.mend()
        threading.Thread(target=self._accept, daemon=True).start()

    def mend(self) -> None:
        """Pass on everything again."""
        self.request, self._left, self._late_s, self.met = PRODUCE, 0, 0.0, 0

    def lose(self, request: int, times: int = 1, *, after_s: float = 0.0) -> None:
        """Keep back the next so many answers to a kind of request; each connection ends, so long after its answer."""
        self.request, self._left, self._late_s, self.met = request, times, after_s, 0

    def _accept(self) -> None:
        while True:
            client, _ = self._listener.accept()
            server = socket.create_connection(("127.0.0.1", self._target))
            waiting: set[bytes] = set()
            for passing in (self._ask, self._answer):
                threading.Thread(target=passing, args=(client, server, waiting), daemon=True).start()

    def _ask(self, client: socket.socket, server: socket.socket, waiting: set[bytes]) -> None:
        with suppress(OSError):
            while frame := _frame(client):
                if int.from_bytes(frame[4:6], "big") == self.request:
                    waiting.add(frame[8:12])
                server.sendall(frame)
        _end(client, server)

    def _answer(self, client: socket.socket, server: socket.socket, waiting: set[bytes]) -> None:
        with suppress(OSError):
            while frame := _frame(server):
                if self._left > 0 and frame[4:8] in waiting:
                    self._left -= 1
                    self.met += 1
                    time.sleep(self._late_s)
                    break
                client.sendall(frame)
        _end(client, server)


def _frame(source: socket.socket) -> bytes:
    """The next request or answer with its length before it; nothing where the connection has ended."""
    length = _exactly(source, 4)
    return length + _exactly(source, int.from_bytes(length, "big")) if length else b""


def _exactly(source: socket.socket, count: int) -> bytes:
    got = b""
    while len(got) < count and (block := source.recv(count - len(got))):
        got += block
    return got


def _end(*sockets: socket.socket) -> None:
    for each in sockets:
        with suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
        each.close()
