"""Which scores stand: of each model's for a field, day, layer and horizon the one of the newest version of gold."""

GONE = "gone_from_gold"
"""The reason of a row that only says that the field-day, or its layer, is no longer in gold."""

_OF = "field_id, date, soil_layer, horizon_d, model_digest"


def standing(scores: str) -> str:
    """Write the scores that stand, as DuckDB's SQL over a relation of rows of scores.irrigation."""
    return f"""
    from (
        from {scores} qualify row_number() over (partition by {_OF} order by gold_version desc) = 1
    )
    where missing_reason is distinct from '{GONE}'
    """
