"""Three boosted-tree models, one for each quantile, that grow the same trees every time."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.contracts.models import ModelContract

if TYPE_CHECKING:
    from lightgbm import Booster

REPRODUCIBLE = {"deterministic": True, "force_row_wise": True, "num_threads": 1, "verbosity": -1}


def fit(rows: pd.DataFrame, contract: ModelContract) -> "list[Booster]":
    """Train one model for each output of the contract.

    Shape: rows as `dataset` gives them; one booster for each output, in the contract's order.
    Units: as the target.
    Source: LightGBM quantile objective; parameters of schemas/models/<name>.yaml.
    """
    import lightgbm

    parameters = dict(contract.boosting)
    rounds = int(parameters.pop("num_boost_round"))
    matrix, target = inputs(rows, contract), rows[contract.target].to_numpy()
    return [
        lightgbm.train(
            {"objective": "quantile", "alpha": output.quantile, **parameters, **REPRODUCIBLE},
            lightgbm.Dataset(matrix, target, feature_name=list(contract.input_names)),
            num_boost_round=rounds,
        )
        for output in contract.outputs
    ]


def inputs(rows: pd.DataFrame, contract: ModelContract) -> NDArray[np.float32]:
    """Return the input tensor of the rows.

    Shape: float32[rows, inputs], in the contract's order; NaN where an input is missing.
    Units: as schemas/models/<name>.yaml gives them.
    Source: schemas/models/<name>.yaml.
    """
    return np.ascontiguousarray(rows[list(contract.input_names)].to_numpy(dtype=np.float32))


def predict(boosters: "list[Booster]", matrix: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the quantiles of each row, sorted so that they never cross.

    Shape: float32[rows, inputs] -> float64[rows, outputs].
    Units: as the target.
    Source: sorting as rearrangement, Chernozhukov et al. 2010 (doi 10.3982/ECTA7880).
    """
    return np.sort(np.column_stack([booster.predict(matrix, num_threads=1) for booster in boosters]), axis=1)
