"""Gold: one table, one module, with INPUTS and a pure build(inputs) -> DataFrame."""
