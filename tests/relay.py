"""A line between a client and a server on this machine that can be cut, or lose an answer.

In a process of its own: delta-rs holds Python's lock while it waits for a store, and nobody else in its process would
pass anything on. It is told by lines on stdin, and says on stdout when it is so.
"""

import socket
import subprocess
import sys
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self

_BLOCK_BYTES = 65_536


class Relay:
    """Passes on what comes to `port` to another port."""

    def __init__(self, target: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, __file__, str(target)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.port = int(self._heard())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._process.kill()
        self._process.communicate()

    def cut(self) -> None:
        """End every connection, and each that will be made."""
        self._tell("cut")

    def mend(self) -> None:
        self._tell("mend")

    def lose_answer_to(self, method: str, ending: str) -> None:
        """End the connection of the next request of a method and an end of the path, once it has been answered."""
        self._tell(f"lose {method} {ending}")

    def lost(self) -> int:
        """How many answers were lost."""
        return int(self._tell("lost"))

    def _tell(self, line: str) -> str:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()
        return self._heard()

    def _heard(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


class _Line:
    def __init__(self, target: int) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: set[socket.socket] = set()
        self._is_cut = False
        self._losing: tuple[bytes, bytes] | None = None
        self._lost = 0

    def serve(self) -> None:
        threading.Thread(target=self._accept, daemon=True).start()
        print(self._listener.getsockname()[1], flush=True)
        for line in sys.stdin:
            word, *rest = line.split()
            if word == "lose":
                self._losing = rest[0].encode(), rest[1].encode()
            elif word != "lost":
                self._is_cut = word == "cut"
                for each in tuple(self._open) if self._is_cut else ():
                    _end(each)
            print(self._lost, flush=True)

    def _accept(self) -> None:
        while True:
            client, _ = self._listener.accept()
            if self._is_cut:
                _end(client)
                continue
            server = socket.create_connection(("127.0.0.1", self._target))
            self._open |= {client, server}
            is_losing = threading.Event()
            for pass_on in (self._ask, self._answer):
                threading.Thread(target=pass_on, args=(client, server, is_losing), daemon=True).start()

    def _ask(self, client: socket.socket, server: socket.socket, is_losing: threading.Event) -> None:
        with suppress(OSError):
            while block := client.recv(_BLOCK_BYTES):
                method, _, rest = block.partition(b" ")
                if self._losing == (method, self._losing and rest.partition(b" ")[0][-len(self._losing[1]) :]):
                    self._losing = None
                    is_losing.set()
                server.sendall(block)
        _end(client, server)

    def _answer(self, client: socket.socket, server: socket.socket, is_losing: threading.Event) -> None:
        with suppress(OSError):
            while block := server.recv(_BLOCK_BYTES):
                if is_losing.is_set():
                    self._lost += 1
                    break
                client.sendall(block)
        _end(client, server)


def _end(*sockets: socket.socket) -> None:
    for each in sockets:
        with suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
        each.close()


if __name__ == "__main__":
    _Line(int(sys.argv[1])).serve()
