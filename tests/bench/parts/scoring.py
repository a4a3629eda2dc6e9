"""Scoring: forecasts as rows of the table, beside nothing but the model's own arithmetic."""

import tempfile
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from pipelines.contracts import models as contracts
from pipelines.jobs.train import train
from pipelines.lake.tables import Lake
from pipelines.models.irrigation.features import features
from pipelines.registry import models as registry
from pipelines.scoring.irrigation import Scored, feature_schema, forecast, open_model
from tests.bench.cheapest import cheapest_s
from tests.bench.result import Result, Table, Target, surroundings
from tests.bench.stand import FIELDSTREAM, Contender, Stand
from tests.field_days import field_days, put_gold

DAYS = 365
BATCH_ROWS = 10_000

METHOD = """\
{rows:,} rows of features (365 days, layers and horizons of {fields:,} fields). Plain is onnxruntime with the same
session settings over a tensor that is there already; ours makes the tensor from Arrow, clips, and gives whole rows of
scores.irrigation, digest and all, {batch:,} rows at a time. Both in one process, the cheapest of five turns. The
command is `fieldstream score` over the same gold, from the start of Python and the JVM to the commit, features
included."""


def run(stand: Stand) -> Result:
    """Measure."""
    found = surroundings()
    days = [
        field_days(DAYS, f"field-{number}", date(2025, 1, 1), number)
        for number in range(max(2, stand.options.events // 20_000))
    ]
    with stand.folder() as home:
        settings = stand.for_tenant("scoring", home)
        lake = Lake(settings.lake)
        put_gold(lake, *days)
        register_model(stand, lake)
        table, tensor, session, scored = _prepared(lake, days)
        ours_s, plain_s = cheapest_s(
            lambda: [forecast(batch, session, scored) for batch in table.to_batches(BATCH_ROWS)],
            lambda: session.run(list(scored.contract.output_names), {"features": tensor}),
            turns=5,
        )
        command = Contender("score", "fieldstream score", lambda _: (*FIELDSTREAM, "score"), tenant="scoring")
        usage = stand.run_in(command, home)
    rows = (
        ("onnxruntime alone", f"{table.num_rows / plain_s:,.0f}"),
        ("forecasts as rows", f"{table.num_rows / ours_s:,.0f}"),
        ("fieldstream score", f"{table.num_rows / usage.cpu_s:,.0f}"),
    )
    return Result(
        "scoring",
        "Scoring",
        METHOD.format(rows=table.num_rows, fields=len(days), batch=BATCH_ROWS),
        found,
        (Table("Forecasts", ("", "rows per CPU-s"), rows),),
        (
            Target(
                "scoring",
                "rows per CPU-second, forecasts as rows of the table, of plain onnxruntime's",
                plain_s / ours_s,
            ),
        ),
        measured={"rows": table.num_rows, "ours_s": ours_s, "plain_s": plain_s, "command": vars(usage)},
    )


def register_model(stand: Stand, lake: Lake) -> None:
    """Register a model that was trained on fewer days: how it was trained is nothing to its cost."""
    with tempfile.TemporaryDirectory() as folder:
        elsewhere = stand.for_tenant("school", Path(folder))
        put_gold(Lake(elsewhere.lake), field_days(400))
        train(elsewhere)
        model = registry.latest(Lake(elsewhere.lake), "irrigation")
        registry.register(
            lake, model.name, registry.load(Lake(elsewhere.lake), model), gold_version=0, job_key=model.job_key,
            metrics=model.metrics, decided_at=model.decided_at,
        )  # fmt: skip


def _prepared(lake: Lake, days: list[pd.DataFrame]) -> tuple[pa.Table, Any, Any, Scored]:
    contract, model = contracts.model("irrigation"), registry.latest(lake, "irrigation")
    layout = feature_schema(contract)
    made = (pa.Table.from_pandas(features(each, contract), schema=layout, preserve_index=False) for each in days)
    table = pa.concat_tables(made).combine_chunks()
    columns = [table[name].cast(pa.float32()).to_numpy() for name in contract.input_names]
    return table, np.column_stack(columns), open_model(registry.load(lake, model)), Scored(contract, model.digest, 1)
