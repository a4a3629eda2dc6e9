"""What a model takes and gives: schemas/models/<name>.yaml."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pipelines.contracts.files import SCHEMAS, read_mapping, refused

MODELS = SCHEMAS / "models"


@dataclass(frozen=True)
class ModelInput:
    """One column of the input tensor; without a required one nothing can be said."""

    name: str
    unit: str
    description: str
    required: bool


@dataclass(frozen=True)
class ModelOutput:
    """One output tensor: a quantile of the target."""

    name: str
    quantile: float
    unit: str
    description: str


@dataclass(frozen=True)
class ModelContract:
    """A model: its inputs in the order of the tensor, its outputs, and how it is trained."""

    name: str
    title: str
    description: str
    target: str
    target_unit: str
    soil_layers: tuple[str, ...]
    horizons_d: tuple[int, ...]
    inputs: tuple[ModelInput, ...]
    outputs: tuple[ModelOutput, ...]
    blocks: int
    boosting: tuple[tuple[str, float], ...]
    source: str

    @property
    def input_names(self) -> tuple[str, ...]:
        """Names of the inputs, in the order of the tensor."""
        return tuple(entry.name for entry in self.inputs)

    @property
    def required_inputs(self) -> tuple[str, ...]:
        """Names of the inputs without which there is no forecast."""
        return tuple(entry.name for entry in self.inputs if entry.required)

    @property
    def output_names(self) -> tuple[str, ...]:
        """Names of the outputs, from the lowest quantile to the highest."""
        return tuple(entry.name for entry in self.outputs)


@cache
def model_names() -> tuple[str, ...]:
    """Return the name of every model that has a contract, sorted."""
    return tuple(sorted(path.stem for path in MODELS.glob("*.yaml")))


@cache
def model(name: str) -> ModelContract:
    """Return the contract of a model.

    Raises:
        ContractError: There is no such contract, or it is wrong.
    """
    return read(MODELS / f"{name}.yaml")


def read(path: Path) -> ModelContract:
    """Return the contract in a file that is named for its model.

    Raises:
        ContractError: There is no such contract, or it is wrong.
    """
    content = read_mapping(path)
    try:
        contract = _contract(path.stem, content)
    except (KeyError, TypeError, AttributeError) as cause:
        raise refused(path, f"an entry {cause}", "none, or one of another kind") from cause
    quantiles = [output.quantile for output in contract.outputs]
    if quantiles != sorted(set(quantiles)) or not all(0 < quantile < 1 for quantile in quantiles):
        raise refused(path, "outputs with quantiles between 0 and 1, ascending", str(quantiles))
    return contract


def _contract(name: str, content: dict[str, Any]) -> ModelContract:
    return ModelContract(
        name=name,
        title=content["title"],
        description=content["description"].strip(),
        target=content["target"]["name"],
        target_unit=content["target"]["unit"],
        soil_layers=tuple(content["soil_layers"]),
        horizons_d=tuple(content["horizons_d"]),
        inputs=tuple(
            ModelInput(key, line["unit"], line["description"], line.get("required", False))
            for key, line in content["inputs"].items()
        ),
        outputs=tuple(
            ModelOutput(key, line["quantile"], line["unit"], line["description"])
            for key, line in content["outputs"].items()
        ),
        blocks=content["training"]["blocks"],
        boosting=tuple(content["training"]["boosting"].items()),
        source=content["source"].strip(),
    )
