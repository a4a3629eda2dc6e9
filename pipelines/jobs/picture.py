"""Draw the README's picture from the lake's tables."""

from dataclasses import dataclass
from pathlib import Path

from pipelines.lake.tables import Lake
from pipelines.settings import Settings


@dataclass(frozen=True)
class PictureSummary:
    """What was drawn."""

    path: str
    field_id: str
    size_bytes: int


def picture(settings: Settings, into: Path) -> PictureSummary:
    """Draw soil moisture, rain and reference evapotranspiration of the first field into the PNG file `into`.

    Raises:
        DataRefused: There are no field-days to draw.
    """
    from pipelines.report.picture import draw

    into.parent.mkdir(parents=True, exist_ok=True)
    field_id = draw(Lake(settings.lake), into)
    return PictureSummary(str(into), field_id, into.stat().st_size)
