"""librdkafka's mock cluster, which moves leaders and answers with errors as no single broker can; by ctypes."""

import ctypes
from contextlib import contextmanager
from pathlib import Path

import confluent_kafka

FETCH, LIST_OFFSETS, METADATA = 1, 2, 3
NOT_LEADER, LEADER_NOT_AVAILABLE, TIMED_OUT, UNKNOWN_LEADER_EPOCH, FENCED_LEADER_EPOCH = 6, 5, 7, 75, 74


def _library():
    folder = Path(confluent_kafka.__file__).parents[1] / "confluent_kafka.libs"
    (path,) = folder.glob("librdkafka*")
    library = ctypes.CDLL(str(path))
    for name in ("rd_kafka_new", "rd_kafka_mock_cluster_new", "rd_kafka_conf_new"):
        getattr(library, name).restype = ctypes.c_void_p
    library.rd_kafka_mock_cluster_bootstraps.restype = ctypes.c_char_p
    return library


class Cluster:
    """Three brokers that are threads of this process."""

    def __init__(self, library, handle):
        self._library, self._handle = library, ctypes.c_void_p(handle)
        self.address = library.rd_kafka_mock_cluster_bootstraps(self._handle).decode()

    def create(self, topic, partitions):
        assert self._library.rd_kafka_mock_topic_create(self._handle, topic.encode(), partitions, 3) == 0

    def lead(self, topic, partition, broker):
        """Make a broker the leader of a partition."""
        called = self._library.rd_kafka_mock_partition_set_leader(self._handle, topic.encode(), partition, broker)
        assert called == 0

    def answer(self, request, *errors):
        """Answer the next requests of a kind with these errors, whichever broker gets them."""
        self._library.rd_kafka_mock_push_request_errors(self._handle, ctypes.c_int16(request), len(errors), *errors)

    def down(self, broker):
        self._library.rd_kafka_mock_broker_set_down(self._handle, broker)

    def up(self, broker):
        self._library.rd_kafka_mock_broker_set_up(self._handle, broker)


@contextmanager
def cluster():
    library = _library()
    said = ctypes.create_string_buffer(512)
    configuration = ctypes.c_void_p(library.rd_kafka_conf_new())
    client = ctypes.c_void_p(library.rd_kafka_new(0, configuration, said, len(said)))
    handle = library.rd_kafka_mock_cluster_new(client, 3)
    try:
        yield Cluster(library, handle)
    finally:
        library.rd_kafka_mock_cluster_destroy(ctypes.c_void_p(handle))
        library.rd_kafka_destroy(client)
