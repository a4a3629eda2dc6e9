"""Formulas of agronomy, each with its source and a published check value. Numbers and arrays in, the same out."""
