"""Every error a user can meet, and the exit code it ends a command with.

    FieldstreamError          1  a bug, if nothing below fits
      UsageError              2  the command or a setting is wrong
        ContractError         2  a file under schemas/ is wrong
        JavaMissing           2  no Java that Spark and the broker can run on
        PortInUse             2  the port asked for belongs to another program
      DataRefused             3  the data cannot be taken as it is
        OffsetGap             3  Kafka does not hold records the lake has not read
          RecordsLost         3  Kafka has let go of them, or has another topic of that name
          TopicRemade         3  the topic was made anew while it was read
        WriterConflict        3  another writer moved the table since the plan was made
        LakeDamaged           3  a file of a table's log, or of its rows, is not as it was written
      ServiceUnreachable      4  a service does not answer
        BrokerUnreachable     4
        NotAcknowledged       4  the broker did not say of all messages that it has them
        StorageFull           4
        StorageRefused        4  files cannot be written or opened, though there is room
        SparkNotStarted       4  Spark's Java ended, or refused, before a session was there
        WorkerLost            4  a worker of Spark's was killed, or crashed
        StoreRefused          4  the store of an S3 lake does not let us in, or has no such bucket
        StoreUnreachable      4  the store of an S3 lake does not answer
        JobFailed             4  a training job ended without a valid manifest
        DagFailed             4  a DAG's run failed; with its command's own code where one failed
      GateHeld                5  the gate holds a slice, so nothing may be built from it
        GateErrored           5  the gate itself could not judge

Each error is one sentence for a person: what, where, expected, got, and what to do.
"""


class FieldstreamError(Exception):
    """An error that explains itself; `exit_code` is what the command ends with."""

    exit_code = 1

    def __init__(self, what: str, *, where: str, expected: str, got: str, fix: str) -> None:
        """Keep the five parts, and write the sentence."""
        self.what, self.where, self.expected, self.got, self.fix = what, where, expected, got, fix
        super().__init__(f"{what} ({where}): expected {expected}, got {got}. {fix}")

    def __reduce__(self) -> tuple[object, ...]:
        """Travel whole from a worker to the driver, whatever a subclass is made from."""
        return _again, (type(self), self.args, vars(self))


def _again(kind: type[FieldstreamError], args: tuple[object, ...], parts: dict[str, object]) -> FieldstreamError:
    error = kind.__new__(kind)
    error.args = args
    vars(error).update(parts)
    return error


class UsageError(FieldstreamError):
    """The command line or a setting is wrong."""

    exit_code = 2


class ContractError(UsageError):
    """A file under schemas/ does not say what a contract must say."""


class JavaMissing(UsageError):
    """There is no Java that Spark and the broker can run on."""


class PortInUse(UsageError):
    """A port belongs to another program."""


class DataRefused(FieldstreamError):
    """The data cannot be taken as it is; nothing was written."""

    exit_code = 3


class OffsetGap(DataRefused):
    """Kafka does not hold records that the lake has not read yet."""

    def __init__(self, topic: str, partition: int, expected: int, got: int) -> None:
        """Name the missing offsets: `expected` (next in the lake) up to `got` (what Kafka gave)."""
        super().__init__(
            "Records are missing",
            where=f"{topic}, partition {partition}",
            expected=f"offset {expected} next",
            got=f"offset {got}, so {abs(got - expected)} offsets are not accounted for",
            fix="Nothing was written. Restore the topic, or raise its retention before reading on.",
        )


class RecordsLost(OffsetGap):
    """Kafka has let go of records that the lake has not read, or has another topic of that name now."""

    def __init__(self, kind: str, topic: str, partition: int, next_offset: int, goes_on: int, *, also: int) -> None:
        """Name the gap: what kind it is, the lake's next offset, where Kafka goes on, and how many partitions more."""
        found = {
            "expired": f"offset {goes_on} as the first that Kafka holds, so {goes_on - next_offset} records are lost",
            "behind": f"a topic that ends before offset {goes_on}, {next_offset - goes_on} short of it",
            "remade": f"another topic of that name, made anew, which begins at offset {goes_on}",
        }
        more = f" {also} more partitions have a gap too." if also else ""
        DataRefused.__init__(
            self,
            "Records are missing",
            where=f"{topic}, partition {partition}",
            expected=f"offset {next_offset} next",
            got=found[kind],
            fix=f"Nothing was written.{more} Restore the topic, or accept the loss, on record: fieldstream accept-loss "
            f"--topic {topic} --partition {partition} --from {next_offset} --to {goes_on} --reason TEXT",
        )


class TopicRemade(OffsetGap):
    """The topic was deleted, and perhaps made anew, while it was read."""

    def __init__(self, topic: str, planned: str | None, now: str | None) -> None:
        """Name both topics by the ids that the broker gave them."""
        DataRefused.__init__(
            self,
            "The topic was made anew while it was read",
            where=topic,
            expected=f"the topic with id {planned}",
            got=f"one with id {now}" if now else "no topic of that name",
            fix="Nothing was written. Run the same command again: it says what is lost, and how to go on.",
        )


class WriterConflict(DataRefused):
    """Another writer of the same pipeline was here first."""

    def __init__(self, table: str, app_id: str, expected: int, got: int | None, holder: str | None = None) -> None:
        """Say which progress marker moved: `app_id` stood at `expected`, now at `got`; `holder` moved it."""
        found = "no progress recorded" if got is None else f"progress {got}"
        super().__init__(
            "Another writer of this pipeline is at work",
            where=f"table {table}, transaction id {app_id}",
            expected=f"progress {expected}, as this run planned",
            got=f"{found}, recorded by {holder}" if holder else found,
            fix="This run wrote nothing. Stop the other writer, or let it go on alone.",
        )


class LakeDamaged(DataRefused):
    """A table is not as it was written: nothing may be built on it."""

    def __init__(self, table: str, file: str, expected: str, got: str) -> None:
        """Name the table and the file, within the table's folder."""
        super().__init__(
            "The lake is damaged",
            where=f"{table}, {file}",
            expected=expected,
            got=got,
            fix="Nothing was written. 'fieldstream doctor --lake' names all damage, and what can still be read.",
        )


class ServiceUnreachable(FieldstreamError):
    """A service does not answer, or cannot do its work now; trying again later may help."""

    exit_code = 4


class BrokerUnreachable(ServiceUnreachable):
    """The Kafka broker does not answer."""

    def __init__(self, address: str, cause: str) -> None:
        """Name the address that was tried and what the client said."""
        super().__init__(
            "The Kafka broker does not answer",
            where=address,
            expected="a broker",
            got=cause,
            fix="Start the local one with 'fieldstream up', or set FIELDSTREAM_KAFKA=host:port.",
        )


class NotAcknowledged(ServiceUnreachable):
    """The broker did not acknowledge everything that was sent: some of it is there or not, nobody here knows."""

    def __init__(self, address: str, *, sent: int, acknowledged: int, cause: str) -> None:
        """Name the address, how many messages were given out and how many it has for certain, and what happened."""
        super().__init__(
            "Not every message was acknowledged",
            where=address,
            expected=f"the broker to acknowledge {sent} messages",
            got=f"{acknowledged} acknowledged, then {cause}",
            fix=f"The topic may hold any of the other {sent - acknowledged}, or none. See that the broker answers, and "
            "send again: an event that comes twice is counted once.",
        )


class StorageFull(ServiceUnreachable):
    """The disk is full."""

    def __init__(self, path: str, cause: str) -> None:
        """Name the path that could not be written."""
        super().__init__(
            "The disk is full",
            where=path,
            expected="room to write",
            got=cause,
            fix="Nothing half-written is visible. Free some space and run the same command again.",
        )


class StorageRefused(ServiceUnreachable):
    """The system does not let a file be written or opened, though there is room."""

    def __init__(self, path: str, cause: str, fix: str) -> None:
        """Name the path, what the system said, and what to do about it."""
        super().__init__(
            "A file cannot be written or opened",
            where=path,
            expected="the system to let it be",
            got=cause,
            fix=f"Nothing half-written is visible. {fix} Then run the same command again.",
        )


class SparkNotStarted(ServiceUnreachable):
    """Spark's Java ended, or refused, before a session was there."""

    def __init__(self, java_home: str, cause: str) -> None:
        """Name the Java, and what it said."""
        super().__init__(
            "Spark did not start",
            where=f"Java at {java_home}",
            expected="a session",
            got=cause.removesuffix("."),
            fix="Nothing was read or written. See what Java printed above; mostly memory is short, or it was ended.",
        )


class WorkerLost(ServiceUnreachable):
    """A worker of Spark's was killed, or crashed."""

    def __init__(self, task: str, where: str, cause: str, relief: str) -> None:
        """Say what it did, of what, what Spark said, and how it would need less memory."""
        super().__init__(
            f"A worker of Spark's ended while it {task}",
            where=where,
            expected="a result of every task",
            got=cause,
            fix="Nothing was committed. Run the same command again; if it ends so each time, look in the system's log "
            f"for what kills it, mostly memory: {relief}.",
        )


class StoreRefused(ServiceUnreachable):
    """The object store that the lake is in does not have, or does not open, its bucket."""

    def __init__(self, where: str, expected: str, got: str, fix: str) -> None:
        """Name the address, what it should have, what the store said, and what to do about it."""
        super().__init__(
            "The lake's store does not let us in",
            where=where,
            expected=expected,
            got=got,
            fix=f"Nothing was written. {fix}",
        )


class StoreUnreachable(ServiceUnreachable):
    """The object store that the lake is in does not answer, or fails."""

    def __init__(self, where: str, cause: str) -> None:
        """Name the address, and what the client said."""
        super().__init__(
            "The lake's store does not answer",
            where=where,
            expected="an S3 store",
            got=cause,
            fix="Nothing half-written is visible. Start it or correct AWS_ENDPOINT_URL, then run this again.",
        )


class JobFailed(ServiceUnreachable):
    """A training job ended without a valid manifest."""


class DagFailed(ServiceUnreachable):
    """A run of a DAG failed."""

    def __init__(self, dag_id: str, *, where: str, state: str, cause: str, exit_code: int) -> None:
        """Name the run's state, what its command said, and the code that command ended with."""
        super().__init__(
            f"The DAG {dag_id} did not succeed",
            where=where,
            expected="state success",
            got=f"state {state}: {cause.removesuffix('.')}",
            fix="Mend what the sentence names and run the DAG again; it goes on from the lake.",
        )
        self.exit_code = exit_code


class GateHeld(FieldstreamError):
    """The gate holds a slice of a table."""

    exit_code = 5


class GateErrored(GateHeld):
    """The gate could not judge: this says nothing about the data."""
