"""Intake: take new events into the lake, judge them, and build each field's hours, days and water.

**What.** `stream` reads what Kafka holds beyond the lake's own offsets into `bronze.events` and
`silver.observations`; `operations` does so with what was done in the fields, into `silver.operations`. `flag` holds new
observations against their neighbours in time, into `silver.flags`. `gate` judges what is new in both.
`gold` builds `gold.field_hourly`, `gold.field_daily` and `gold.water_balance_daily` from admitted rows only, without
those that failed: the field-days that moved, and what that restates goes to `gold.restatements`. `held` is red as long
as a slice is held, which stops nothing else.

**When.** Every ten minutes, and as soon as the triggerer sees records come; what it does not see waits for the ten
minutes, no longer. A run with nothing new writes nothing. Progress is in the lake, so a run that was missed
or killed is made good by the next one: clear nothing, backfill nothing.

**Who cares.** Growers who irrigate by today's table, and the scoring DAG, which starts when `gold.field_daily` changes.

**Triage.**

- As long as the most recent run is green the pipeline is healthy, whatever is red before it.
- `stream` or `operations` retries, then red with exit code 4: Kafka or the disk. `fieldstream doctor` says which.
  Nothing is lost while Kafka retains the records.
- `stream` or `operations` red at once with exit code 3: records are missing in Kafka, or a second writer is at work.
  The log names the offsets. Do not delete anything; stop the other writer or restore the topic.
- `flag` red with exit code 3: two runs at once. The next run makes it good; the flags that stand stay.
- `held` red with exit code 5: the gate holds a slice, and gold is built without it. `fieldstream gate status` shows the
  rules and rows. Release it with the DAG `release`, or mend what sent it.
- `gate` red with exit code 5: the gate could not judge, which says nothing about the data. The log names the rule.
- exit code 1: a bug. Keep the log and report it.
"""

from airflow.sdk import DAG, AssetOrTimeSchedule, CronTriggerTimetable, chain

from pipelines.orchestration import DEFAULT_ARGS, GOLD_FIELD_DAILY, KAFKA_EVENTS, START_DATE, FieldstreamTask, Tag

with DAG(
    "intake",
    doc_md=__doc__,
    schedule=AssetOrTimeSchedule(timetable=CronTriggerTimetable("*/10 * * * *", timezone="UTC"), assets=[KAFKA_EVENTS]),
    start_date=START_DATE,
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    tags=[Tag.DATA, Tag.URGENT],
) as dag:
    chain(
        FieldstreamTask(task_id="stream", command=["stream", "--once"]),
        FieldstreamTask(task_id="operations", command=["stream", "--once", "--topic", "operations"]),
        FieldstreamTask(task_id="flag", command=["flag"]),
        FieldstreamTask(task_id="gate", command=["gate", "judge", "silver.observations", "silver.operations"]),
        FieldstreamTask(task_id="gold", command=["gold", "build"], outlets=[GOLD_FIELD_DAILY]),
        FieldstreamTask(task_id="held", command=["gate", "check"]),
    )
