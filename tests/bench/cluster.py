"""A Spark standalone cluster on loopback: a master and workers of one core each."""

import contextlib
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipelines.local.kafka import free_ports
from tests.bench.process_tree import CommandFailed
from tests.bench.stand import FOLDER, Stand

HOST = "127.0.0.1"
_STARTS_WITHIN_S = 60.0


@contextmanager
def standalone(stand: Stand, workers: int, folder: Path) -> Iterator[str]:
    """Give the address of a master with so many workers; they end with the block."""
    port, _ = free_ports(None)
    master = f"spark://{HOST}:{port}"
    with contextlib.ExitStack() as running:
        running.enter_context(_jvm(stand, "master", "Master", "--host", HOST, "--port", str(port), "--webui-port", "0"))
        _wait_for(port)
        for number in range(workers):
            options = ("--host", HOST, "--cores", "1", "--memory", "1g", "--webui-port", "0")
            place = ("--work-dir", str(folder / f"worker-{number}"), master)
            running.enter_context(_jvm(stand, f"worker-{number}", "Worker", *options, *place))
        yield master


@contextmanager
def _jvm(stand: Stand, name: str, kind: str, *options: str) -> Iterator[None]:
    import pyspark

    home = Path(pyspark.__file__).parent
    environ = stand.environment("bench", FOLDER) | {"SPARK_HOME": str(home), "SPARK_SCALA_VERSION": "2.13"}
    java = str(Path(environ["JAVA_HOME"]) / "bin" / "java")
    command = [java, "-Xmx256m", "-cp", f"{home}/jars/*", f"org.apache.spark.deploy.{kind.lower()}.{kind}", *options]
    with (FOLDER / f"{name}.log").open("wb") as output:
        process = subprocess.Popen(command, env=environ, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        try:
            yield
        finally:
            process.terminate()
            process.wait()


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + _STARTS_WITHIN_S
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            socket.create_connection((HOST, port), timeout=1).close()
            return
        time.sleep(0.2)
    raise CommandFailed(f"no Spark master came up within {_STARTS_WITHIN_S:.0f} s")
