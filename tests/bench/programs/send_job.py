"""Send a farm's messages: as the project does, as a plain program with kafka-python does, or with confluent-kafka."""

import sys

from pipelines.simulate.farm import START, Farm, messages
from pipelines.simulate.uplinks import Uplink


def ours(farm: Farm, _address: str) -> None:
    """Send with `fieldstream`'s own job, which sends nothing twice."""
    from pipelines.jobs.send import send
    from pipelines.settings import from_environment

    send(from_environment(), (Uplink(key, value, (), START) for key, value in messages(farm)))


def plain(farm: Farm, address: str) -> None:
    """Send with kafka-python's own settings."""
    from kafka import KafkaProducer

    producer = KafkaProducer(bootstrap_servers=address)
    for key, value in messages(farm):
        producer.send(f"{farm.tenant}.telemetry", value, key)
    producer.flush()
    producer.close()


def confluent(farm: Farm, address: str) -> None:
    """Send as the benchmark itself does."""
    from tests.bench.load import deliver, placed

    deliver(placed(farm), address, f"{farm.tenant}.telemetry")


def nobody(farm: Farm, _address: str) -> None:
    """Make the messages and send none: what the others cost besides."""
    for _ in messages(farm):
        pass


if __name__ == "__main__":
    {"ours": ours, "plain": plain, "confluent": confluent, "nobody": nobody}[sys.argv[1]](
        Farm(int(sys.argv[2]), tenant=sys.argv[3]), sys.argv[4]
    )
