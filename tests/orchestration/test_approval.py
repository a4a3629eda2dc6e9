"""A person is asked, with the rows before their eyes, and says why."""

from pipelines.orchestration.approval import PATIENCE, approval


def test_a_question_has_a_reason_and_an_end() -> None:
    task = approval("decide", "May {{ it }} be used?", "{{ rows }}", "looked at")
    assert (task.options, task.defaults) == (["Approve", "Reject"], None)
    assert task.serialized_params["reason"]["value"] == "looked at"
    assert task.response_timeout == PATIENCE
    assert set(task.template_fields) == {"subject", "body"}
