"""The command that says what becomes of a message: observations to stdout, verdicts to stderr, a line each."""

import sys
from argparse import Namespace
from pathlib import Path
from typing import Any, TextIO

from pipelines.cli.command import Command, arg, job, key_value
from pipelines.cli.output import plain, show_line
from pipelines.errors import DataRefused, UsageError
from pipelines.settings import Settings


def _decode(settings: Settings, args: Namespace) -> Any:
    decode = job("decode")
    if (args.file is None) == (args.payload is None):
        raise UsageError(
            "There is not one thing to decode",
            where="decode",
            expected="FILE or --payload HEX",
            got="neither" if args.file is None else "both",
            fix="Name a file, - for stdin, or give --payload.",
        )
    messages = [decode.bare_payload(args.payload, args.fport)] if args.payload is not None else _messages(args)
    return decode.decode(
        settings, messages, topic=args.topic, headers=args.header, sensor=args.sensor, context=args.context
    )


def _messages(args: Namespace) -> list[bytes]:
    try:
        content = sys.stdin.buffer.read() if args.file == "-" else Path(args.file).read_bytes()
    except OSError as cause:
        raise UsageError(
            "The message cannot be read",
            where=args.file,
            expected="a file",
            got=cause.strerror or str(cause),
            fix="Name a file that is there, or - for stdin.",
        ) from cause
    # Only a line feed ends a line: other separators may stand in a message.
    return content.removesuffix(b"\n").split(b"\n") if args.lines else [content]


def _show_messages(messages: Any, _args: Namespace, out: TextIO) -> None:
    for message in messages:
        for observation in message.observations:
            show_line(observation, out)
        out.flush()
        show_line({name: value for name, value in plain(message).items() if name != "observations"}, sys.stderr)


def _refused(messages: Any) -> int:
    quarantined = any(message.verdict == "quarantined" for message in messages)
    return DataRefused.exit_code if quarantined else 0


DECODE = Command(
    ("decode",),
    "Say what the pipeline makes of a gateway's message, and why.",
    _decode,
    (
        "fieldstream decode uplink.json",
        "fieldstream decode --lines uplinks.jsonl --header event=up",
        "fieldstream decode --payload 0D3800000BC3000010 --fport 2 --sensor dragino_lse01",
    ),
    (
        arg("file", nargs="?", metavar="FILE", help="file that holds the message; - for stdin"),
        arg("--lines", action="store_true", help="a message on every line"),
        arg("--topic", metavar="TOPIC", help="Kafka or MQTT topic it came by"),
        arg("--header", type=key_value, action="append", default=[], metavar="K=V", help="Kafka header it came with"),
        arg("--sensor", metavar="MODEL", help="sensor contract where the message names none"),
        arg("--context", type=Path, metavar="FILE", help="SensorThings entities that the client holds"),
        arg("--payload", metavar="HEX", help="a device's own bytes in place of a message"),
        arg("--fport", type=int, metavar="N", help="port of --payload"),
    ),
    show=_show_messages,
    exit_code=_refused,
)
