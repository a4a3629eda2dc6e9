import signal
import subprocess
import sys
import time

import pytest

from pipelines.cli.stopping import asked_to_stop


def test_the_first_signal_of_either_kind_asks():
    kept = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    wakeup = signal.set_wakeup_fd(-1)
    try:
        asked = asked_to_stop()
        assert not asked.is_set()
        signal.raise_signal(signal.SIGTERM)
        assert asked.wait(5)
    finally:
        signal.set_wakeup_fd(wakeup)
        for number, handler in kept.items():
            signal.signal(number, handler)


# The main thread is in a library's hands; nothing there looks whether it should stop.
BUSY = """
import ctypes
from pipelines.cli.stopping import asked_to_stop
asked_to_stop()
print("ready", flush=True)
while True:
    ctypes.CDLL(None).sleep(60)
"""


@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT])
def test_the_second_signal_ends_a_process_that_is_busy(second):
    process = subprocess.Popen([sys.executable, "-c", BUSY], stdout=subprocess.PIPE)
    process.stdout.readline()
    process.send_signal(signal.SIGTERM)
    time.sleep(0.2)
    process.send_signal(second)
    assert process.wait(5) == 130
    process.stdout.close()
