"""A question to a person: the run waits for the answer, and holds no worker meanwhile."""

from datetime import timedelta

from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.sdk import Param

PATIENCE = timedelta(days=7)

_OLDEST, _ANSWER = "ti.xcom_pull('held')['held'][0]", "ti.xcom_pull('decide')"
HELD_SLICE = f"{{{{ {_OLDEST} }}}}"
"""Template: the oldest slice in the report of a task `held`, which runs `gate status`."""
RELEASED_SLICE = (f"{{{{ {_OLDEST}['table_name'] }}}}", f"{{{{ {_OLDEST}['to_version'] }}}}")
"""Templates: its table and version, as `gate release` takes them."""
AUDIT = (
    "--reason",
    f"{{{{ {_ANSWER}['params_input']['reason'] }}}}",
    "--by",
    f"{{{{ {_ANSWER}['responded_by_user']['name'] }}}}",
)
"""Templates: why and who, by the answer to a task `decide`."""


def approval(task_id: str, subject: str, body: str, reason: str) -> ApprovalOperator:
    """Ask to approve or reject, and for the reason; what comes after runs only where the answer is yes.

    `subject` and `body` are templates; `reason` stands in the form until somebody writes a better one.
    """
    form = {"reason": Param(reason, type="string", minLength=1, description="Goes on record with your name.")}
    return ApprovalOperator(task_id=task_id, subject=subject, body=body, params=form, response_timeout=PATIENCE)
