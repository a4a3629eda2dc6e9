"""Being told to stop: the first signal asks, the second ends the process."""

import logging
import os
import signal
import socket
import threading

SIGNALS = (signal.SIGTERM, signal.SIGINT)
INTERRUPTED = 130

logger = logging.getLogger("fieldstream")


def asked_to_stop() -> threading.Event:
    """Return an event that the first SIGTERM or Ctrl-C sets; the second of either ends the process at once.

    A thread listens: a signal's handler in Python would have to wait until a library hands back the main thread, and
    the Kafka client keeps it for seconds where a broker does not answer.
    """
    asked = threading.Event()
    heard, told = socket.socketpair()
    told.setblocking(False)
    for number in SIGNALS:
        signal.signal(number, lambda *_: None)
    signal.set_wakeup_fd(told.fileno())

    def listen() -> None:
        with told:  # kept open as long as somebody listens
            _await(heard)
            logger.info("stopping; once more ends it at once")
            asked.set()
            _await(heard)
            os._exit(INTERRUPTED)

    threading.Thread(target=listen, daemon=True, name="signals").start()
    return asked


def _await(heard: socket.socket) -> None:
    while heard.recv(1)[0] not in SIGNALS:
        pass
