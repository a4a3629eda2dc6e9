import inspect
import pickle

import pytest

from pipelines import errors


@pytest.mark.parametrize(
    ("error", "exit_code", "sentence"),
    [
        (
            errors.UsageError("It broke", where="here", expected="a", got="b", fix="Do c."),
            2,
            "It broke (here): expected a, got b. Do c.",
        ),
        (
            errors.OffsetGap("acme.telemetry", 3, 10, 14),
            3,
            "Records are missing (acme.telemetry, partition 3): expected offset 10 next, got offset 14, so 4 offsets "
            "are not accounted for. Nothing was written. Restore the topic, or raise its retention before reading on.",
        ),
        (
            errors.BrokerUnreachable("127.0.0.1:9", "connection refused"),
            4,
            "The Kafka broker does not answer (127.0.0.1:9): expected a broker, got connection refused. Start the "
            "local one with 'fieldstream up', or set FIELDSTREAM_KAFKA=host:port.",
        ),
    ],
)
def test_an_error_is_a_sentence_and_an_exit_code(error, exit_code, sentence):
    assert (error.exit_code, str(error)) == (exit_code, sentence)
    travelled = pickle.loads(pickle.dumps(error))
    assert type(travelled) is type(error)
    assert (travelled.exit_code, str(travelled), travelled.fix) == (exit_code, sentence, error.fix)


def test_the_tree_in_the_docstring_is_the_tree():
    drawn = {line.split()[0] for line in (errors.__doc__ or "").splitlines() if line.startswith("    ")}
    assert drawn == {name for name, _ in inspect.getmembers(errors, inspect.isclass)}
