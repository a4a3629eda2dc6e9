"""Geometries of fields: centroids and bounds by hand, bytes as OGC 06-103r4 writes them."""

import struct
from itertools import pairwise

import pytest

from pipelines.reference.geometry import geometry
from pipelines.reference.refusal import Misfit

SQUARE = [[10, 50], [12, 50], [12, 52], [10, 52], [10, 50]]  # counter-clockwise
HOLE = [[10, 50], [10, 51], [11, 51], [11, 50], [10, 50]]  # clockwise


def of(kind, coordinates):
    return geometry({"type": kind, "coordinates": coordinates}, ())


def test_a_point_is_its_own_centre_and_21_bytes():
    point = of("Point", [-121.5, 38.25, 3])
    assert (point.longitude_deg, point.latitude_deg) == (-121.5, 38.25)
    assert (point.xmin_deg, point.ymin_deg, point.xmax_deg, point.ymax_deg) == (-121.5, 38.25, -121.5, 38.25)
    # byte order 1 (little), type 1 (point), then x and y: the bytes of IEEE 754
    assert point.wkb.hex() == "01" + "01000000" + "0000000000605ec0" + "0000000000204340"


@pytest.mark.parametrize("ring", [SQUARE, SQUARE[::-1]])
def test_rings_are_turned_counter_clockwise_outside(ring):
    square = of("Polygon", [ring])
    assert (square.longitude_deg, square.latitude_deg) == (11, 51)
    assert (square.xmin_deg, square.ymin_deg, square.xmax_deg, square.ymax_deg) == (10, 50, 12, 52)
    points = struct.unpack("<BIII10d", square.wkb)
    assert points[:4] == (1, 3, 1, 5)
    around = list(zip(points[4::2], points[5::2], strict=True))
    assert sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in pairwise(around)) == 2 * 4


@pytest.mark.parametrize("hole", [HOLE, HOLE[::-1]])
def test_a_hole_moves_the_centre_away(hole):
    # Square of area 4 around (11, 51) less a square of area 1 around (10.5, 50.5)
    field = of("Polygon", [SQUARE, hole])
    assert field.longitude_deg == pytest.approx((4 * 11 - 1 * 10.5) / 3)
    assert field.latitude_deg == pytest.approx((4 * 51 - 1 * 50.5) / 3)


def test_several_outlines_have_one_centre():
    far = [[x + 4, y] for x, y in SQUARE]
    both = of("MultiPolygon", [[SQUARE], [far]])
    assert (both.longitude_deg, both.latitude_deg) == (pytest.approx(13), pytest.approx(51))
    assert (both.xmin_deg, both.xmax_deg) == (10, 16)
    assert struct.unpack_from("<BII", both.wkb) == (1, 6, 2)


@pytest.mark.parametrize(
    ("kind", "coordinates", "path", "expected", "got"),
    [
        ("LineString", [[1, 2]], ("type",), "a Point, Polygon or MultiPolygon", "'LineString'"),
        ("Point", [38.1, -121.6], ("coordinates",), "longitude first, then latitude", "they look swapped"),
        ("Point", [190, 38], ("coordinates",), "a longitude from -180 to 180", "longitude 190"),
        ("Point", [0, 0], ("coordinates",), "a place on land", "receivers without a fix"),
        ("Point", [1], ("coordinates",), "a position: [longitude, latitude]", "[1]"),
        ("Point", ["1", "2"], ("coordinates",), "a position", "['1', '2']"),
        ("Point", [True, 2], ("coordinates",), "a position", "[True, 2]"),
        ("Point", None, ("coordinates",), "a position", "None"),
        ("Polygon", [], ("coordinates",), "an array of rings", "[]"),
        ("Polygon", [SQUARE[:3]], ("coordinates", 0), "at least four positions", "3"),
        ("Polygon", [[*SQUARE[:4], [10, 51]]], ("coordinates", 0, 4), "a closed ring", "[10, 51]"),
        ("Polygon", [[[1, 1], [2, 2], [3, 3], [1, 1]]], ("coordinates", 0), "a ring around some area", "none"),
        ("Polygon", [[[1, 1], [2, 2], [3, "3"], [1, 1]]], ("coordinates", 0, 2), "a position", "[3, '3']"),
        (
            "Polygon",
            [[[179, 1], [-179, 1], [-179, 2], [179, 2], [179, 1]]],
            ("coordinates", 0),
            "cut in two at the antimeridian",
            "crosses",
        ),
    ],
)
def test_what_no_field_can_be_is_refused_where_it_stands(kind, coordinates, path, expected, got):
    with pytest.raises(Misfit) as refused:
        of(kind, coordinates)
    assert refused.value.path == path
    assert expected in refused.value.expected
    assert got in refused.value.got
