"""Soil-water forecasts: features to rows of scores.irrigation, by onnxruntime."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.contracts import tables
from pipelines.contracts.models import ModelContract
from pipelines.contracts.quantities import quantities

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

TABLE = "scores.irrigation"
KEY = {"field_id": pa.string(), "date": pa.date32(), "soil_layer": pa.string(), "horizon_d": pa.int32()}


@dataclass(frozen=True)
class Scored:
    """What every score of a run carries."""

    contract: ModelContract
    model_digest: str
    gold_version: int


def feature_schema(contract: ModelContract) -> pa.Schema:
    """Return the layout of features on their way to the model."""
    inputs = {name: pa.float32() for name in contract.input_names if name not in KEY}
    return pa.schema({**KEY, "soil_moisture_now_m3_m3": pa.float64(), **inputs, "missing_reason": pa.string()})


def open_model(model: bytes) -> "InferenceSession":
    """Open an ONNX file so that its output is the same at every batch size: one thread, and a named provider."""
    from onnxruntime import InferenceSession, SessionOptions

    options = SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.inter_op.allow_spinning", "0")
    return InferenceSession(model, options, providers=["CPUExecutionProvider"])


def forecast(rows: pa.RecordBatch, session: "InferenceSession", run: Scored) -> pa.RecordBatch:
    """Return the forecasts of a batch of features: soil moisture now plus its change, within what soil can hold.

    A row that misses a required input keeps its place, its reason and no forecast.
    """
    whole = pc.is_null(rows["missing_reason"])
    now = np.asarray(rows["soil_moisture_now_m3_m3"].to_numpy(zero_copy_only=False), dtype=np.float64)
    driest, wettest = quantities()["soil_moisture"].fail
    changes = session.run(list(run.contract.output_names), {"features": _tensor(rows, run.contract)})
    later = {
        f"soil_moisture_{name}_m3_m3": pc.if_else(whole, pa.array(np.clip(now + change, driest, wettest)), None)
        for name, change in zip(run.contract.output_names, changes, strict=True)
    }
    columns = {
        **{name: rows[name] for name in [*KEY, "soil_moisture_now_m3_m3", "missing_reason"]},
        **later,
        "model_name": pa.repeat(run.contract.name, len(now)),
        "model_digest": pa.repeat(run.model_digest, len(now)),
        "gold_version": pa.repeat(pa.scalar(run.gold_version, pa.int64()), len(now)),
    }
    schema = tables.table(TABLE).arrow_schema
    return pa.RecordBatch.from_arrays([columns[name] for name in schema.names], schema=schema)


def _tensor(rows: pa.RecordBatch, contract: ModelContract) -> "np.ndarray[tuple[int, int], np.dtype[np.float32]]":
    columns: Iterable[pa.Array] = (rows[name] for name in contract.input_names)
    # A null becomes NaN, which the trees know as missing.
    return np.column_stack([column.cast(pa.float32()).to_numpy(zero_copy_only=False) for column in columns])
