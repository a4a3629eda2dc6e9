"""The defaults of the water balance are FAO-56's, as pyfao56 has its tables."""

import pytest
from pyfao56.tools import FAO56Tables

from pipelines.contracts import water_balance as module
from pipelines.contracts.water_balance import water_balance
from pipelines.errors import ContractError
from pipelines.reference.fields import IRRIGATION_SYSTEMS

# Crop -> its row in tables 17 (Kcb), 12 (height), 22 (roots), and 11 (stages) where that names four lengths.
ROWS = {
    "alfalfa": (
        "alfalfa hay individual cutting periods",
        "alfalfa hay individual cutting periods",
        "alfalfa for hay",
        None,
    ),
    "barley": ("barley", "barley", "barley", "barley oats wheat"),
    "cotton": ("cotton", "cotton", "cotton", "cotton"),
    "grapes": ("grapes wine", "grapes wine", "grapes wine", "grapes"),
    "maize": ("maize field grain corn 18% moisture",) * 2 + ("maize field grain corn", "maize grain"),
    "pasture": ("grazing pasture rotated grazing", "grazing pasture rotated", "grazing pasture rotated", None),
    "potato": ("potato", "potato", "potato", "potato"),
    "soybean": ("soybeans", "soybeans", "soybeans", "soybeans"),
    "tomato": ("tomato", "tomato", "tomato", "tomato"),
    "winter_wheat": ("winter wheat", "winter wheat non-frozen soils", "winter wheat", "winter wheat"),
}


def row(table, crop):
    return table[table["Crop"].str.strip() == crop].iloc[0]


def numbers(found, *names):
    return tuple(float(found[name]) for name in names)


def test_every_crop_is_as_tabulated():
    tables = FAO56Tables()
    assert ROWS.keys() == water_balance().crops.keys()
    for name, (of_17, of_12, of_22, of_11) in ROWS.items():
        crop = water_balance().crops[name]
        assert crop.kcb == numbers(row(tables.table17, of_17), "Kcbini", "Kcbmid", "Kcbend"), name
        assert crop.height_m[1] == float(row(tables.table12, of_12)["hmax"]), name
        roots = row(tables.table22, of_22)
        assert (crop.root_depth_m[1], crop.depletion_fraction) == numbers(roots, "Zrmax1", "pbase"), name
        if of_11:
            regions = tables.table11[
                (tables.table11["Crop"].str.strip() == of_11) & (tables.table11["Region"].str.strip() == crop.region)
            ]
            lengths = [numbers(found, "Lini", "Ldev", "Lmid", "Llate") for _, found in regions.iterrows()]
            assert crop.stages_d in lengths, name


def test_the_soil_is_within_the_loam_of_table_19():
    soil = water_balance().soil
    assert 0.20 <= soil.field_capacity_m3_m3 <= 0.30
    assert 0.07 <= soil.wilting_point_m3_m3 <= 0.17
    assert 8 <= soil.readily_evaporable_mm <= 10
    assert 0.10 <= soil.evaporation_depth_m <= 0.15


def test_every_irrigation_system_wets_some_share_of_the_surface():
    assert water_balance().wetted_fraction.keys() == set(IRRIGATION_SYSTEMS)
    assert all(0 < share <= 1 for share in water_balance().wetted_fraction.values())


def test_a_crop_that_lacks_a_number_is_refused(monkeypatch):
    monkeypatch.setattr(module, "read_mapping", lambda _: {"crops": {"rice": {"kcb": [1, 1, 1]}}})
    with pytest.raises(ContractError, match="with all their entries"):
        module.water_balance.__wrapped__()
