"""Scoring: score what is new or restated in gold with the irrigation model in force.

**What.** `score` reads `gold.field_daily` and writes `scores.irrigation`, each row with the model's digest and the
version of the table it was made from: of each field that moved, every day from the first on that did.

**When.** When intake has built `gold.field_daily`, and at 05:00 UTC whatever happened: an event that was lost delays
scores until then, no longer.

**Who cares.** Growers, who read the recommendation in the morning.

**Triage.**

- As long as the most recent run is green the scores are current.
- red at once with exit code 2 or 3: there is no model in force, or it does not fit its digest. `fieldstream model ls`
  shows the models; run the retraining DAG if there is none. The last scores stay readable.
- retries, then red with exit code 4: the disk or the store. `fieldstream doctor` says which.
- exit code 1: a bug. Keep the log and report it.
"""

from airflow.sdk import DAG, AssetOrTimeSchedule, CronTriggerTimetable

from pipelines.orchestration import DEFAULT_ARGS, GOLD_FIELD_DAILY, START_DATE, FieldstreamTask, Tag

with DAG(
    "scoring",
    doc_md=__doc__,
    schedule=AssetOrTimeSchedule(
        timetable=CronTriggerTimetable("0 5 * * *", timezone="UTC"), assets=[GOLD_FIELD_DAILY]
    ),
    start_date=START_DATE,
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    tags=[Tag.MODELS, Tag.URGENT],
) as dag:
    FieldstreamTask(task_id="score", command=["score"])
