"""The gate: each new slice of a table is judged by Great Expectations before anything is built from it."""
