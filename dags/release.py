"""Release: ask a person whether a slice that the gate holds may be used, and let it through if so.

**What.** `held` says what the gate holds. `decide` shows the oldest slice with the rules that failed and rows that show
it, and waits for a person to approve or reject, with a reason. `release` records who decided it, when, and why, in
`ops.gate_releases`. The next intake builds gold with it.

**When.** By hand, when intake is red because the gate holds a slice. A question that nobody answers ends after a week;
nothing is released by waiting.

**Who cares.** Growers whose field days gold lacks meanwhile, and whoever answers for the data.

**Triage.**

- Not urgent by itself: gold is built from everything else, and the slice is kept as it is.
- `release` red with exit code 2: somebody has released the slice already, from the command line for one.
- `decide` or `release` red with a template error: nothing is held.
- exit code 1: a bug. Keep the log and report it.
"""

from airflow.sdk import DAG, chain

from pipelines.orchestration import DEFAULT_ARGS, START_DATE, FieldstreamTask, Tag
from pipelines.orchestration.approval import AUDIT, HELD_SLICE, RELEASED_SLICE, approval

with DAG(
    "release",
    doc_md=__doc__,
    schedule=None,
    start_date=START_DATE,
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    tags=[Tag.DATA, Tag.PATIENT],
) as dag:
    chain(
        FieldstreamTask(task_id="held", command=["gate", "status"]),
        approval("decide", "May {}, version {}, be used?".format(*RELEASED_SLICE), HELD_SLICE, "looked at in Airflow"),
        FieldstreamTask(task_id="release", command=["gate", "release", *RELEASED_SLICE, *AUDIT]),
    )
