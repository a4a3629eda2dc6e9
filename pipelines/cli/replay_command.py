"""The command that judges records of bronze anew."""

from argparse import Namespace
from typing import Any

from pipelines.cli.command import Command, arg, instant, job
from pipelines.settings import Settings


def _replay(settings: Settings, args: Namespace) -> Any:
    from pipelines.replay.scope import Scope, read_contract, read_span

    spans = tuple(read_span(text) for text in args.offsets)
    contract = read_contract(args.contract) if args.contract else None
    scope = Scope(spans, args.device, args.since, args.until, contract)
    return job("replay").replay(settings, scope, reason=args.reason, replayed_by=args.by, dry_run=args.dry_run)


REPLAY = Command(
    ("replay",),
    "Judge records of bronze anew, and make silver what a fresh run over them would give.",
    _replay,
    (
        "fieldstream replay --device a840411e8b000001 --from 2026-06-01 --dry-run",
        'fieldstream replay --contract older --reason "the probe\'s range was corrected"',
        'fieldstream replay --offsets demo.telemetry:0:17-29 --reason "a message was misread"',
    ),
    (
        arg(
            "--offsets",
            action="append",
            default=[],
            metavar="TOPIC:PARTITION:FROM-TO",
            help="only records at these offsets, the last among them; may be repeated",
        ),
        arg("--from", dest="since", type=instant, metavar="TIME", help="only what devices said at this time or later"),
        arg("--to", dest="until", type=instant, metavar="TIME", help="only what devices said before this time"),
        arg("--device", metavar="DEVICE", help="only records of this device, by message or Kafka key"),
        arg(
            "--contract",
            metavar="DIGEST",
            help="only what was judged by the contracts of this digest, or by any 'older' than today's",
        ),
        arg("--dry-run", action="store_true", help="count what would change, and write nothing"),
        arg("--reason", metavar="TEXT", help="why; it goes on record. Needed unless --dry-run is given"),
        arg("--by", metavar="NAME", help="who has it done (the user who runs this)"),
    ),
)
