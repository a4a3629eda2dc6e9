"""Which version of a table the gate has admitted."""

from pipelines.lake.tables import Lake

NEVER = -1


def admitted_version(lake: Lake, table_name: str) -> int:
    """Return the newest version of the table that the gate admitted, -1 if it has admitted none."""
    results = lake.read("ops.gate_results", columns=["table_name", "to_version", "gate_verdict"]).to_pylist()
    admitted = (
        row["to_version"] for row in results if row["table_name"] == table_name and row["gate_verdict"] == "admitted"
    )
    return max(admitted, default=NEVER)
