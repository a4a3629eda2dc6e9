from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest

from pipelines.contracts.models import model
from pipelines.models.irrigation.dataset import dataset, write
from tests.field_days import field_days

IRRIGATION = model("irrigation")
UPPER = "soil_moisture_0_30cm_m3_m3"


def ten_days() -> pd.DataFrame:
    days = field_days(10, first=date(2025, 6, 1))
    days[UPPER] = [0.30, 0.29, 0.27, 0.24, 0.20, 0.36, 0.35, 0.33, 0.30, 0.26]
    return days


@pytest.mark.parametrize(
    ("day", "horizon_d", "change"),
    [
        (1, 1, 0.29 - 0.30),
        (1, 3, 0.24 - 0.30),
        (1, 7, 0.33 - 0.30),
        (5, 1, 0.36 - 0.20),
        (3, 7, 0.26 - 0.27),
        (4, 7, None),  # 11 June was not observed
        (10, 1, None),
    ],
)
def test_the_target_is_the_change_from_the_day_to_its_horizon(day: int, horizon_d: int, change: float | None) -> None:
    rows = dataset(ten_days(), IRRIGATION)
    at = rows[
        (rows["date"] == date(2025, 6, day)) & (rows["horizon_d"] == horizon_d) & (rows["soil_layer"] == "0_30cm")
    ]
    assert list(at[IRRIGATION.target]) == ([] if change is None else [pytest.approx(change, abs=1e-7)])


def test_a_missing_day_is_stepped_over_by_the_calendar() -> None:
    rows = dataset(ten_days().drop(index=1), IRRIGATION)  # 2 June
    first = rows[(rows["date"] == date(2025, 6, 1)) & (rows["soil_layer"] == "0_30cm")]
    assert list(first["horizon_d"]) == [3, 7]
    assert list(first[IRRIGATION.target]) == pytest.approx([0.24 - 0.30, 0.33 - 0.30], abs=1e-7)


def test_no_outcome_lies_across_a_missing_year() -> None:
    days = pd.concat([field_days(10, first=date(2015, 12, 22)), field_days(10, first=date(2017, 1, 1))])
    rows = dataset(days, IRRIGATION)
    ends = [day + timedelta(days=int(ahead)) for day, ahead in zip(rows["date"], rows["horizon_d"], strict=True)]
    assert {end.year for end in ends} <= {2015, 2017}
    # 9 + 7 + 3 pairs in each ten days, for two layers, twice.
    assert len(rows) == (9 + 7 + 3) * 2 * 2


def test_a_row_without_a_required_input_teaches_nothing() -> None:
    days = ten_days()
    days.loc[2, "eto_mm"] = None
    assert date(2025, 6, 3) not in set(dataset(days, IRRIGATION)["date"])


def test_the_order_of_gold_does_not_matter(tmp_path: Path) -> None:
    days = pd.concat([field_days(30, "north"), field_days(30, "south", seed=2)])
    write(dataset(days, IRRIGATION), tmp_path / "a.parquet")
    write(dataset(days.sample(frac=1, random_state=1), IRRIGATION), tmp_path / "b.parquet")
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()
