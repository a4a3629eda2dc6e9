"""A table taken elsewhere: as CSV, as Parquet, or as GeoParquet with the outline of the field that a row is about."""

import json
import struct
from pathlib import Path

from pipelines.contracts.tables import table
from pipelines.errors import UsageError
from pipelines.lake.query import Moment, copy, query
from pipelines.lake.tables import Lake
from pipelines.lake.views import VIEWS

FORMATS = ("csv", "geoparquet", "parquet")
FIELDS = "reference.fields"

_CSV = "format csv, header, timestampformat '%Y-%m-%dT%H:%M:%S.%fZ'"
PARQUET = "format parquet, compression zstd"
_GEOMETRY_TYPES = {1: "Point", 3: "Polygon", 6: "MultiPolygon"}


def export(lake: Lake, name: str, file_format: str, path: Path, moment: Moment) -> int:
    """Write a table or a view to a file and return how many rows that is.

    Raises:
        UsageError: There is no such table or version, its rows are about no field, or the file cannot be written.
        DataRefused: A file of the lake cannot be read.
    """
    columns = () if name in VIEWS else table(name).column_names
    if file_format == "geoparquet":
        return _export_with_outlines(lake, name, columns, path, moment)
    options = _CSV if file_format == "csv" else PARQUET
    return copy(lake, f"select * from {name}", path, options=options, moment=moment)  # noqa: S608 - a name of ours


def _export_with_outlines(lake: Lake, name: str, columns: tuple[str, ...], path: Path, moment: Moment) -> int:
    if "field_id" not in columns:
        raise UsageError(
            "The table has no place on a map",
            where=name,
            expected="a column field_id, whose field has an outline",
            got=", ".join(columns) or "a view",
            fix="Export it as csv or parquet.",
        )
    own = " exclude (geometry_wkb)" if "geometry_wkb" in columns else ""
    text = f"""
        select t.*{own}, f.geometry_wkb as geometry,
            if(f.geometry_wkb is null, null,
                {{'xmin': f.xmin_deg, 'ymin': f.ymin_deg, 'xmax': f.xmax_deg, 'ymax': f.ymax_deg}}) as bbox
        from {name} t left join {FIELDS} f on t.field_id = f.field_id
    """  # noqa: S608 - names of ours
    metadata = json.dumps(_geo_metadata(lake, name, moment))
    options = f"{PARQUET}, geoparquet_version 'NONE', kv_metadata {{geo: '{metadata}'}}"
    return copy(lake, text, path, options=options, moment=moment)


def _geo_metadata(lake: Lake, name: str, moment: Moment) -> dict[str, object]:
    """Return what GeoParquet 1.1.0 wants to know of the outlines.

    Without `crs` they are longitude and latitude in WGS 84 (OGC:CRS84), as the contract of the fields says.
    """
    text = f"""
        select geometry_wkb, xmin_deg, ymin_deg, xmax_deg, ymax_deg from {FIELDS}
        where geometry_wkb is not null and field_id in (select field_id from {name})
    """  # noqa: S608 - names of ours
    rows = query(lake, text, moment).rows
    kinds = {_GEOMETRY_TYPES[struct.unpack_from("<I", row[0], 1)[0]] for row in rows}
    geometry: dict[str, object] = {
        "encoding": "WKB",
        "geometry_types": sorted(kinds),
        "orientation": "counterclockwise",
        "covering": {"bbox": {side: ["bbox", side] for side in ("xmin", "ymin", "xmax", "ymax")}},
    }
    if rows:
        _, xmin, ymin, xmax, ymax = zip(*rows, strict=True)
        geometry["bbox"] = [min(xmin), min(ymin), max(xmax), max(ymax)]
    return {"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": geometry}}
