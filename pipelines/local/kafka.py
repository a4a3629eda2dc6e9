"""A Kafka broker of one node on this machine: started, found again, and stopped.

Its folder `<home>/kafka` holds `data` (kept from one start to the next), `server.properties` (written at each start),
`broker.json` (who runs it and where it listens) and `broker.log`.
"""

import fcntl
import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psutil

from pipelines.errors import BrokerUnreachable, PortInUse, ServiceUnreachable
from pipelines.jvm.jars import broker_jars
from pipelines.jvm.java import java_home
from pipelines.settings import Settings

INFRA = Path(__file__).resolve().parents[2] / "infra" / "kafka"
HOST = "127.0.0.1"
START_TIMEOUT_S = 90.0
STOP_TIMEOUT_S = 30.0
POLL_S = 0.1
ANSWER_TIMEOUT_MS = 5000


@dataclass(frozen=True)
class Broker:
    """A running local broker."""

    address: str
    pid: int
    started: datetime


def start(settings: Settings) -> Broker:
    """Return the home's broker, starting it where it does not run or does not answer.

    Raises:
        PortInUse: FIELDSTREAM_KAFKA_PORT belongs to another program.
        ServiceUnreachable: It does not come up; the sentence quotes its log.
        JavaMissing: There is no Java to run it on.
    """
    folder = _folder(settings)
    with _alone(folder):
        broker = running(settings)
        if broker is not None and _comes_up(broker):
            return broker
        return _launch(settings, folder)


def stop(settings: Settings) -> Broker | None:
    """Stop the home's broker, and return the one that ran, None where none did."""
    folder = _folder(settings)
    with _alone(folder):
        broker = running(settings)
        if broker is not None:
            _end(broker.pid)
        (folder / "broker.json").unlink(missing_ok=True)
        return broker


def running(settings: Settings) -> Broker | None:
    """Return the home's broker, None where it does not run, whatever a crashed one has left behind."""
    folder = _folder(settings)
    try:
        state = json.loads((folder / "broker.json").read_text(encoding="utf-8"))
        broker = Broker(f"{HOST}:{state['port']}", int(state["pid"]), datetime.fromisoformat(state["started"]))
        command = psutil.Process(broker.pid).cmdline()
    except (OSError, ValueError, KeyError, TypeError, psutil.Error):
        return None
    # The pid may have passed to another program since.
    return broker if str(folder / "server.properties") in command else None


def kafka_address(settings: Settings) -> str:
    """Return host:port of the broker to use: the one that FIELDSTREAM_KAFKA names, else the local one.

    Raises:
        BrokerUnreachable: None is named, and the local one does not run.
    """
    if settings.kafka:
        return settings.kafka
    broker = running(settings)
    if broker is None:
        raise BrokerUnreachable(f"home {settings.home}", "no local broker that runs")
    return broker.address


def _folder(settings: Settings) -> Path:
    return settings.home / "kafka"


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Let one process at a time start or stop the broker of a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _launch(settings: Settings, folder: Path) -> Broker:
    port, controller_port = free_ports(settings.kafka_port)
    properties = folder / "server.properties"
    template = (INFRA / "server.properties").read_text(encoding="utf-8")
    properties.write_text(template.format(port=port, controller_port=controller_port), encoding="utf-8")
    java = _java(settings)
    log = folder / "broker.log"
    with log.open("w", encoding="utf-8") as output:
        if not (folder / "data" / "meta.properties").exists():
            _format(java, properties, output.fileno(), log)
        process = subprocess.Popen(
            [*java, "kafka.Kafka", str(properties)],
            cwd=folder,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,  # Ctrl-C in the terminal that started it is not for the broker.
        )
    broker = Broker(f"{HOST}:{port}", process.pid, datetime.now(UTC))
    state = {"pid": broker.pid, "port": port, "started": broker.started.isoformat()}
    (folder / "broker.json").write_text(json.dumps(state), encoding="utf-8")
    if not _comes_up(broker):
        raise _not_started(log)
    return broker


def _java(settings: Settings) -> list[str]:
    program = java_home(settings) / "bin" / "java"
    jars = os.pathsep.join(map(str, broker_jars(settings)))
    log_settings = f"-Dlog4j2.configurationFile=file:{INFRA / 'log4j2.properties'}"
    return [str(program), "-Xmx384m", "-XX:+UseSerialGC", log_settings, "-cp", jars]


def _environment() -> dict[str, str]:
    """Return what the broker is started with: without a locale, as under systemd, Java finds no folder beyond ASCII."""
    return {**os.environ, "LC_ALL": "C.UTF-8"}


def _format(java: list[str], properties: Path, output: int, log: Path) -> None:
    """Prepare an empty data folder; one that a killed format left half-prepared is taken up again."""
    tool = [*java, "kafka.tools.StorageTool"]
    named = subprocess.run([*tool, "random-uuid"], capture_output=True, text=True, check=False)
    cluster_id = named.stdout.split()[-1] if named.stdout.split() else ""
    prepare = [*tool, "format", "--ignore-formatted", "-t", cluster_id, "-c", str(properties)]
    done = subprocess.run(prepare, cwd=properties.parent, env=_environment(), stdout=output, stderr=output, check=False)
    if done.returncode:
        raise _not_started(log)


def free_ports(fixed: int | None) -> tuple[int, int]:
    """Return a port for clients and one for the controller, both free now.

    Raises:
        PortInUse: The fixed one is not.
    """
    with socket.socket() as for_clients, socket.socket() as for_controller:
        # As the broker itself does: connections of an earlier one that are still closing do not hold the port.
        for_clients.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            for_clients.bind((HOST, fixed or 0))
        except OSError as cause:
            raise _port_in_use(fixed or 0) from cause
        for_controller.bind((HOST, 0))
        return for_clients.getsockname()[1], for_controller.getsockname()[1]


def _comes_up(broker: Broker) -> bool:
    """Wait until the broker answers; one that does not is ended."""
    deadline = time.monotonic() + START_TIMEOUT_S
    while not answers(broker.address):
        if not _lives(broker.pid) or time.monotonic() > deadline:
            _end(broker.pid)
            return False
        time.sleep(POLL_S)
    return True


def _lives(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def answers(address: str) -> bool:
    """Say whether the broker accepts connections and knows its topics."""
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=1).close()
    except OSError:
        return False
    from kafka import KafkaAdminClient
    from kafka.errors import KafkaError

    try:
        client = KafkaAdminClient(bootstrap_servers=address, bootstrap_timeout_ms=ANSWER_TIMEOUT_MS)
    except KafkaError:
        return False
    try:
        client.list_topics()
    except KafkaError:
        return False
    finally:
        client.close()
    return True


def _end(pid: int) -> None:
    """Ask the broker to close its files and go; kill it where it does not."""
    try:
        process = psutil.Process(pid)
        process.terminate()
        process.wait(STOP_TIMEOUT_S)
    except psutil.TimeoutExpired:
        process.kill()
        process.wait(STOP_TIMEOUT_S)
    except psutil.NoSuchProcess:
        pass


def _telling_line(log: Path) -> str:
    """Return the log's last line that names an error, else its last line."""
    lines = [line.strip() for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    telling = [line for line in lines if any(word in line for word in (" ERROR ", " FATAL ", "Exception", "Error"))]
    return (telling or lines or ["nothing"])[-1]


def _not_started(log: Path) -> ServiceUnreachable:
    return ServiceUnreachable(
        "The local Kafka broker did not start",
        where=str(log),
        expected=f"an answer within {START_TIMEOUT_S:.0f} s",
        got=f"this in its log: {_telling_line(log)}",
        fix="Remove the cause and run the same command again; the data folder is kept.",
    )


def _port_in_use(port: int) -> PortInUse:
    return PortInUse(
        "The port for the local Kafka broker belongs to another program",
        where=f"{HOST}:{port}",
        expected="a free port",
        got="one in use",
        fix="Set FIELDSTREAM_KAFKA_PORT to a free port, or unset it to have one chosen.",
    )
