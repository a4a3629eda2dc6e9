"""Retraining: train the irrigation model anew and put it in force if it is better.

**What.** `train` takes a snapshot of `gold.field_daily`, has a model trained on it through the cluster interface,
checks the manifest that comes back, and registers the model as ONNX.

**When.** Mondays at 02:00 UTC. A job already running for the same snapshot is taken up again, never submitted twice.

**Who cares.** Agronomists who watch the model's skill; scoring, which uses the model in force from then on.

**Triage.**

- Not urgent: the model in force keeps scoring. Look within the week.
- retries, then red with exit code 4: the training job ended without a valid manifest, or the cluster does not answer.
  `fieldstream sql "select * from ops.cluster_jobs"` tells which.
- red at once with exit code 3: the dataset cannot be trained on, mostly too few days with soil moisture.
- exit code 1: a bug. Keep the log and report it.
"""

from datetime import timedelta

from airflow.sdk import DAG

from pipelines.orchestration import DEFAULT_ARGS, START_DATE, FieldstreamTask, Tag

with DAG(
    "retraining",
    doc_md=__doc__,
    schedule="0 2 * * 1",
    start_date=START_DATE,
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    tags=[Tag.MODELS, Tag.PATIENT],
) as dag:
    FieldstreamTask(task_id="train", command=["train"], execution_timeout=timedelta(hours=6))
