"""Backfill: judge records of `bronze.events` anew by today's contracts and registry, and make silver so.

**What.** `replay` takes the records that the form chooses, by offsets, dates, device or contract, from the bytes that
bronze keeps, and replaces what is otherwise now: values that changed, those that there were none of, those that there
are none of any more. `ops.replays` says who had it done, why, and what it came to. The next intake holds the changed
rows against their neighbours, judges them, and builds the field-days that they touch; `gold.restatements` names the
reason.

**When.** By hand, after a contract or the registry was corrected. Rehearse first: `dry_run` counts and writes nothing.
Beside a running stream. What is as it should be is left as it is, so a run too many changes nothing.

**Who cares.** Whoever corrected the contract, and growers whose past days change with it.

**Triage.**

- Not urgent by itself: until it is through, the records that it has not come to are as they were before.
- retries, then red with exit code 4: another replay, or a maintenance that does not end. A killed run is made good by
  the next one of the same records, which goes on where it was.
- red at once with exit code 2: the form. The log says which answer, and how it is written.
- red at once with exit code 3: a redrive was recorded at the same moment. Run it again.
- exit code 1: a bug. Keep the log and report it.
"""

from airflow.sdk import DAG

from pipelines.orchestration import DEFAULT_ARGS, START_DATE, FieldstreamTask, Tag
from pipelines.orchestration.backfill import FORM, REPLAY

with DAG(
    "backfill",
    doc_md=__doc__,
    schedule=None,
    start_date=START_DATE,
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    tags=[Tag.DATA, Tag.PATIENT],
    params=FORM,
) as dag:
    FieldstreamTask(task_id="replay", command=REPLAY)
