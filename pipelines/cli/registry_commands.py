"""Commands that keep the registry of devices and fields, and that say which sensors have contracts."""

from argparse import ArgumentTypeError, Namespace
from pathlib import Path
from typing import Any

from pipelines.cli.command import Command, arg, instant, job
from pipelines.settings import Settings


def _load(settings: Settings, args: Namespace) -> Any:
    how = {"correct": args.correct, "dry_run": args.dry_run}
    return job("reference").load_reference(settings, args.devices, args.fields, **how)


def _move(settings: Settings, args: Namespace) -> Any:
    place = {"depths": args.depths, "position": args.position, "dry_run": args.dry_run}
    return job("reference").move(settings, args.device, args.field, args.start, **place)


def depths(text: str) -> list[dict[str, Any]]:
    """Read depths as the devices file writes them.

    Raises:
        ArgumentTypeError: They are written otherwise.
    """
    from pipelines.reference.devices import depths as read
    from pipelines.reference.refusal import Misfit

    try:
        return read(text)
    except Misfit as misfit:
        raise ArgumentTypeError(f"expected {misfit.expected}, got {misfit.got}") from misfit


def position(text: str) -> tuple[float, float]:
    """Read LONGITUDE,LATITUDE.

    Raises:
        ArgumentTypeError: It is written otherwise.
    """
    try:
        longitude, latitude = map(float, text.split(","))
    except ValueError as cause:
        raise ArgumentTypeError(f"{text!r} is not LONGITUDE,LATITUDE in degrees, as in -121.6467,38.1159") from cause
    return longitude, latitude


_DRY_RUN = arg("--dry-run", action="store_true", help="show the changes, write nothing")
_DEVICE = arg("device", metavar="DEVICE", help="the device, as its messages name it")

REGISTRY_COMMANDS = (
    Command(
        ("reference", "load"),
        "Load which fields there are and which device stood in which, and when.",
        _load,
        (
            "fieldstream reference load --devices devices.csv --fields fields.geojson --dry-run",
            "fieldstream reference load --devices devices.csv",
        ),
        (
            arg("--devices", type=Path, metavar="FILE", help="devices and their periods: CSV, see samples/us-tw3/"),
            arg("--fields", type=Path, metavar="FILE", help="fields: GeoJSON points or polygons"),
            arg(
                "--correct",
                action="store_true",
                help="take the files literally: change rows that stand, remove those that the files do not name",
            ),
            _DRY_RUN,
        ),
    ),
    Command(
        ("reference", "ls"),
        "List where devices stood, and when; or the fields.",
        lambda settings, args: job("reference").list_reference(settings, args.what, args.at),
        ("fieldstream reference ls", "fieldstream reference ls fields", "fieldstream reference ls --at 2026-05-31"),
        (
            arg("what", nargs="?", choices=("devices", "fields"), default="devices", help="what to list (devices)"),
            arg("--at", type=instant, metavar="TIME", help="only what held at this time (devices: all times)"),
        ),
    ),
    Command(
        ("reference", "move"),
        "Let a device stand in a field from a time on; where it stood before stays on record.",
        _move,
        ("fieldstream reference move a840410000000001 --field north --from 2026-06-01 --depths '1=10; 2=45'",),
        (
            _DEVICE,
            arg("--field", required=True, metavar="FIELD", help="the field it stands in from then on"),
            arg("--from", dest="start", type=instant, required=True, metavar="TIME", help="from when on"),
            arg("--depths", type=depths, metavar="CM", help="depths there: 30, or by channel '1=10; 2=45' (as before)"),
            arg("--position", type=position, metavar="LON,LAT", help="where it stands there, in degrees (not known)"),
            _DRY_RUN,
        ),
    ),
    Command(
        ("reference", "retire"),
        "Let a device stand nowhere from a time on.",
        lambda settings, args: job("reference").retire(settings, args.device, args.end, dry_run=args.dry_run),
        ("fieldstream reference retire a840410000000001 --at 2026-10-01",),
        (
            _DEVICE,
            arg("--at", dest="end", type=instant, required=True, metavar="TIME", help="until when it stood there"),
            _DRY_RUN,
        ),
    ),
    Command(
        ("sensors", "ls"),
        "List the sensor models that have a contract.",
        lambda _settings, _: job("sensors").list_sensors(),
        ("fieldstream sensors ls",),
    ),
    Command(
        ("sensors", "missing"),
        "Say what devices have sent that no contract explains, and which line to write for it.",
        lambda settings, _: job("sensors").missing_contracts(settings),
        ("fieldstream sensors missing", "fieldstream sensors missing --json"),
    ),
)
