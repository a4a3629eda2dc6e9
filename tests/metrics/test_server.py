"""Over HTTP: the numbers at /metrics, a sentence where they cannot be had, and nothing else."""

import socket
import threading
import urllib.error
import urllib.request

import pytest

from pipelines.errors import DataRefused
from pipelines.metrics.server import served


def ask(port: int, path: str) -> tuple[int, str, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
            return answer.status, answer.headers["Content-Type"], answer.read().decode()
    except urllib.error.HTTPError as answer:
        return answer.code, answer.headers["Content-Type"], answer.read().decode()


def test_the_numbers_are_measured_when_they_are_asked_for() -> None:
    numbers = iter(["a 1\n", "a 2\n"])
    with served("127.0.0.1", 0, lambda: next(numbers)) as port:
        assert ask(port, "/metrics") == (200, "text/plain; version=0.0.4; charset=utf-8", "a 1\n")
        assert ask(port, "/metrics?x=1")[2] == "a 2\n"
        assert ask(port, "/")[0] == 404


def test_what_cannot_be_read_is_a_sentence_and_the_next_answer_may_be_well() -> None:
    refused = DataRefused("It went wrong", where="here", expected="one", got="two", fix="Do this.")
    outcomes = [refused, "a 1\n"]

    def measure() -> str:
        outcome = outcomes.pop(0)
        if isinstance(outcome, DataRefused):
            raise outcome
        return outcome

    with served("127.0.0.1", 0, measure) as port:
        status, _, text = ask(port, "/metrics")
        assert (status, text) == (500, "It went wrong (here): expected one, got two. Do this.\n")
        assert ask(port, "/metrics")[0] == 200


def test_two_askers_are_answered_one_after_the_other() -> None:
    at_work = threading.Semaphore()

    def measure() -> str:
        assert at_work.acquire(blocking=False)
        threading.Event().wait(0.1)
        at_work.release()
        return "a 1\n"

    with served("127.0.0.1", 0, measure) as port:
        answers: list[int] = []
        threads = [threading.Thread(target=lambda: answers.append(ask(port, "/metrics")[0])) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert answers == [200, 200, 200]


def test_a_caller_who_leaves_does_no_harm(capfd: pytest.CaptureFixture[str]) -> None:
    asked, left = threading.Event(), threading.Event()

    def measure() -> str:
        asked.set()
        left.wait(10)
        return "a 1\n" * 1_000_000

    with served("127.0.0.1", 0, measure) as port:
        with socket.create_connection(("127.0.0.1", port)) as caller:
            caller.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
            assert asked.wait(10)
        left.set()
        assert ask(port, "/metrics")[0] == 200
    assert capfd.readouterr().err == ""


def test_the_port_is_free_again_afterwards() -> None:
    with served("127.0.0.1", 0, str) as port, pytest.raises(OSError, match="in use"), served("127.0.0.1", port, str):
        pass
    with served("127.0.0.1", port, str) as again:
        assert again == port
