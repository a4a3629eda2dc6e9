import pytest

from pipelines.contracts.topics import OPERATIONS, TELEMETRY, kind_of


@pytest.mark.parametrize(
    ("topic", "kind"),
    [
        ("acme.telemetry", TELEMETRY),
        ("acme.operations", OPERATIONS),
        ("a.b.operations", OPERATIONS),
        ("operations", OPERATIONS),
        ("acme-operations", TELEMETRY),
        ("acme.operations.old", TELEMETRY),
    ],
)
def test_the_last_word_of_its_name_says_what_comes_by_a_topic(topic, kind):
    assert kind_of(topic) is kind
