"""Maintenance: keep the tables cheap to read and to append to.

**What.** `maintain` joins small files of the tables that streams append to, writes checkpoints, and deletes files
that were replaced, or orphaned by a killed run, more than a week ago. Rows stay as they are.

**When.** Every hour, beside whatever is at work: streams, gates and readers of versions younger than a week notice
nothing. With little to do it writes nothing. A missed run is made good by the next one.

**Who cares.** Whoever runs the streams: a thousand small commits that nobody joins make each append and each query
dearer, and files that nobody deletes fill the disk.

**Triage.**

- Not urgent: without it everything still works, more slowly from day to day. Look within the week.
- retries, then red with exit code 4: the disk, or another maintenance that does not end. It holds the lock only while
  it lives.
- red at once with exit code 2: there is no lake where FIELDSTREAM_HOME points.
- green, but a `note` in the report: files wait for the flags or the gate. `fieldstream gate status` says what is
  held; nothing that they have yet to read is ever deleted.
- exit code 1: a bug. Keep the log and report it.
"""

from airflow.sdk import DAG

from pipelines.orchestration import DEFAULT_ARGS, START_DATE, FieldstreamTask, Tag

with DAG(
    "maintenance",
    doc_md=__doc__,
    schedule="25 * * * *",
    start_date=START_DATE,
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    tags=[Tag.DATA, Tag.PATIENT],
) as dag:
    FieldstreamTask(task_id="maintain", command=["maintain", "--apply"])
