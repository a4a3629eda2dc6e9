"""Of the scores of a key, the one of the newest gold stands, unless it says that there is none any more."""

import duckdb
import pytest

from pipelines.lake.scored import GONE, standing

# Of one day, layer and horizon: field, model, version of gold, reason.
SCORES = [
    ("restated", "a", 1, None),
    ("restated", "a", 3, None),
    ("of two models", "a", 1, None),
    ("of two models", "b", 2, None),
    ("gone", "a", 1, None),
    ("gone", "a", 2, GONE),
    ("back again", "a", 1, GONE),
    ("back again", "a", 2, None),
    ("without a forecast", "a", 1, "eto_missing"),
]


@pytest.mark.parametrize(
    ("field_id", "expected"),
    [
        ("restated", [("a", 3)]),
        ("of two models", [("a", 1), ("b", 2)]),
        ("gone", []),
        ("back again", [("a", 2)]),
        ("without a forecast", [("a", 1)]),
    ],
)
def test_which_scores_stand(field_id: str, expected: list[tuple[str, int]]) -> None:
    with duckdb.connect() as connection:
        connection.execute("""
            create table scores (
                field_id varchar, model_digest varchar, gold_version bigint, missing_reason varchar,
                date date default '2026-06-01', soil_layer varchar default '0_30cm', horizon_d int default 1
            )
        """)
        connection.executemany("insert into scores by position values (?, ?, ?, ?, default, default, default)", SCORES)
        query = f"select model_digest, gold_version from ({standing('scores')}) where field_id = ? order by all"  # noqa: S608 - SQL of ours
        assert connection.execute(query, [field_id]).fetchall() == expected
