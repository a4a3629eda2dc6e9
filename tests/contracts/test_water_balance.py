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


# FAO Irrigation and Drainage Paper 56 (1998), table 19, of a loam: least and most.
LOAM = {
    "field_capacity_m3_m3": (0.20, 0.30),
    "wilting_point_m3_m3": (0.07, 0.17),
    "readily_evaporable_mm": (8, 10),
}
AVAILABLE_M3_M3, TOTAL_EVAPORABLE_MM = (0.13, 0.18), (16, 22)  # the same line

# Table 20: by what wets the surface, least and most of it.
WETTED = {
    "precipitation": (1.0, 1.0),
    "sprinkler": (1.0, 1.0),
    "basin": (1.0, 1.0),
    "border": (1.0, 1.0),
    "furrow, every, narrow bed": (0.6, 1.0),
    "furrow, every, wide bed": (0.4, 0.6),
    "furrow, alternated": (0.3, 0.5),
    "trickle": (0.3, 0.4),
}
# Our systems, and the line that speaks of them.
LINES = {
    "none": "precipitation",
    "surface": "basin",
    "sprinkler": "sprinkler",
    "centre_pivot": "sprinkler",
    "micro_sprinkler": "trickle",
    "drip": "trickle",
    "subsurface_drip": "trickle",
    "subirrigation": "furrow, every, wide bed",
}


def test_the_soil_is_the_middle_of_the_loam_of_table_19():
    soil = water_balance().soil
    for name, (least, most) in LOAM.items():
        assert getattr(soil, name) == pytest.approx((least + most) / 2), name
    available = soil.field_capacity_m3_m3 - soil.wilting_point_m3_m3
    assert AVAILABLE_M3_M3[0] <= round(available, 9) <= AVAILABLE_M3_M3[1]
    # Eq. 73: 1000 * (field capacity - half the wilting point) * depth, which page 144 puts at 0.10 to 0.15 m.
    assert soil.evaporation_depth_m == 0.10
    evaporable = 1000 * (soil.field_capacity_m3_m3 - 0.5 * soil.wilting_point_m3_m3) * soil.evaporation_depth_m
    assert TOTAL_EVAPORABLE_MM[0] <= evaporable <= TOTAL_EVAPORABLE_MM[1]


def test_every_irrigation_system_wets_what_table_20_says():
    assert water_balance().wetted_fraction.keys() == set(IRRIGATION_SYSTEMS) == LINES.keys()
    for system, share in water_balance().wetted_fraction.items():
        least, most = WETTED[LINES[system]]
        assert least <= share <= most, system


def test_a_crop_that_lacks_a_number_is_refused(monkeypatch):
    monkeypatch.setattr(module, "read_mapping", lambda _: {"crops": {"rice": {"kcb": [1, 1, 1]}}})
    with pytest.raises(ContractError, match="with all their entries"):
        module.water_balance.__wrapped__()
