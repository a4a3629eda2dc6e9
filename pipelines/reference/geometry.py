"""A field's geometry: RFC 7946 GeoJSON checked, measured, and written as well-known binary."""

import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from pipelines.reference.refusal import Misfit

Path = tuple[str | int, ...]
Position = tuple[float, float]
Ring = list[Position]
Polygon = list[Ring]

# Codes of the OGC's well-known binary.
_POINT, _POLYGON, _MULTIPOLYGON = 1, 3, 6


@dataclass(frozen=True)
class Geometry:
    """What the table keeps of a geometry."""

    wkb: bytes
    xmin_deg: float
    ymin_deg: float
    xmax_deg: float
    ymax_deg: float
    longitude_deg: float
    latitude_deg: float


def geometry(written: Any, path: Path) -> Geometry:
    """Read a Point, Polygon or MultiPolygon; rings are turned as RFC 7946 wants them.

    Raises:
        Misfit: It breaks RFC 7946, or cannot be where a field is.
    """
    kind = written.get("type") if isinstance(written, dict) else None
    coordinates = written.get("coordinates") if isinstance(written, dict) else None
    within = (*path, "coordinates")
    if kind == "Point":
        point = position(coordinates, within)
        return _measured(_wkb_point(point), [point], point)
    if kind == "Polygon":
        outline = _polygon(coordinates, within)
        return _measured(_wkb_polygon(outline), outline[0], _centroid([outline]))
    if kind == "MultiPolygon":
        outlines = [_polygon(each, (*within, place)) for place, each in _listed(coordinates, within, "polygons")]
        header = struct.pack("<BII", 1, _MULTIPOLYGON, len(outlines))
        everything = [point for outline in outlines for point in outline[0]]
        return _measured(header + b"".join(map(_wkb_polygon, outlines)), everything, _centroid(outlines))
    raise Misfit((*path, "type"), "a Point, Polygon or MultiPolygon", repr(kind))


def position(written: Any, path: Path) -> Position:
    """Read one position: longitude, latitude, perhaps a height.

    Raises:
        Misfit: It is something else, or lies nowhere on Earth.
    """
    is_position = isinstance(written, list) and len(written) in {2, 3} and all(map(_is_number, written))
    if not is_position:
        raise Misfit(path, "a position: [longitude, latitude]", _short(written))
    return on_earth(float(written[0]), float(written[1]), path)


def on_earth(longitude_deg: float, latitude_deg: float, path: Path) -> Position:
    """Return the position if a field can be there.

    Raises:
        Misfit: It is outside the ranges of longitude and latitude, or the 0, 0 of a receiver without a fix.
    """
    got = f"longitude {longitude_deg:g}, latitude {latitude_deg:g}"
    if abs(latitude_deg) > 90 >= abs(longitude_deg) and abs(latitude_deg) <= 180:
        raise Misfit(path, "longitude first, then latitude", f"{got}: they look swapped")
    if not (abs(longitude_deg) <= 180 and abs(latitude_deg) <= 90):
        raise Misfit(path, "a longitude from -180 to 180 and a latitude from -90 to 90", got)
    if longitude_deg == latitude_deg == 0:
        raise Misfit(path, "a place on land", f"{got}, which receivers without a fix report")
    return longitude_deg, latitude_deg


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _listed(written: Any, path: Path, what: str) -> Iterator[tuple[int, Any]]:
    if not isinstance(written, list) or not written:
        raise Misfit(path, f"an array of {what}", _short(written))
    yield from enumerate(written)


def _polygon(written: Any, path: Path) -> Polygon:
    rings = [_ring(each, (*path, place)) for place, each in _listed(written, path, "rings")]
    # RFC 7946, 3.1.6: exterior counter-clockwise, holes clockwise; files that turn otherwise are not refused.
    return [
        ring if (_twice_area(ring) > 0) == (place == 0) else list(reversed(ring)) for place, ring in enumerate(rings)
    ]


def _ring(written: Any, path: Path) -> Ring:
    ring = [position(each, (*path, place)) for place, each in _listed(written, path, "positions")]
    if len(ring) < 4:
        raise Misfit(path, "a ring of at least four positions", f"{len(ring)}")
    if ring[0] != ring[-1]:
        raise Misfit((*path, len(ring) - 1), "a closed ring, whose last position is its first", _short(written[-1]))
    if max(x for x, _ in ring) - min(x for x, _ in ring) > 180:
        raise Misfit(path, "an outline cut in two at the antimeridian (RFC 7946, 3.1.9)", "one that crosses it")
    if _twice_area(ring) == 0:
        raise Misfit(path, "a ring around some area", "none: its positions lie on a line, or cancel out")
    return ring


def _twice_area(ring: Ring) -> float:
    return math.fsum(cross for _, _, cross in _moments(ring, ring[0]))


def _moments(ring: Ring, origin: Position) -> Iterator[tuple[float, float, float]]:
    """Yield, of each edge seen from the origin: sums of x and of y, and the cross product."""
    for (x0, y0), (x1, y1) in pairwise(ring):
        ax, ay, bx, by = x0 - origin[0], y0 - origin[1], x1 - origin[0], y1 - origin[1]
        yield ax + bx, ay + by, ax * by - bx * ay


def _centroid(outlines: list[Polygon]) -> Position:
    """Return the centroid of the area, as on a plane: a field is small."""
    origin = outlines[0][0][0]
    edges = [edge for outline in outlines for ring in outline for edge in _moments(ring, origin)]
    thrice_area = 3 * math.fsum(cross for _, _, cross in edges)
    return (
        origin[0] + math.fsum(x * cross for x, _, cross in edges) / thrice_area,
        origin[1] + math.fsum(y * cross for _, y, cross in edges) / thrice_area,
    )


def _measured(wkb: bytes, points: Ring, centre: Position) -> Geometry:
    xs, ys = zip(*points, strict=True)
    return Geometry(wkb, min(xs), min(ys), max(xs), max(ys), *centre)


def _wkb_point(point: Position) -> bytes:
    return struct.pack("<BIdd", 1, _POINT, *point)


def _wkb_polygon(rings: Polygon) -> bytes:
    written = (struct.pack("<I", len(ring)) + b"".join(struct.pack("<dd", *each) for each in ring) for ring in rings)
    return struct.pack("<BII", 1, _POLYGON, len(rings)) + b"".join(written)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
