"""The table of commands, each with the one job it calls."""

from argparse import Namespace
from pathlib import Path
from typing import Any, TextIO

from pipelines.cli.chaos_commands import CHAOS_COMMANDS
from pipelines.cli.command import Command, arg, job, positive, seconds, whole
from pipelines.cli.decode_command import DECODE
from pipelines.cli.gate_commands import GATE_COMMANDS
from pipelines.cli.output import show_answer, show_report
from pipelines.cli.quarantine_commands import QUARANTINE_COMMANDS
from pipelines.cli.registry_commands import REGISTRY_COMMANDS
from pipelines.cli.replay_command import REPLAY
from pipelines.cli.stopping import asked_to_stop
from pipelines.cli.table_commands import TABLE_COMMANDS
from pipelines.contracts.topics import KINDS, OPERATIONS, kind_of
from pipelines.errors import UsageError
from pipelines.settings import Settings

# What a group of commands is about, for the help above it.
GROUPS = {
    "reference": "Keep which fields there are and which device stood in which.",
    "sensors": "See which sensors have a contract, and which need one.",
    "quarantine": "See what was not understood, and judge it anew.",
    "gate": "Judge new data, see what is held and why, and release it.",
    "gold": "Build the tables that models read.",
    "dag": "Run Airflow's DAGs on this machine.",
    "model": "See the registered models.",
    "chaos": "Try faults on a scratch lake, and see what holds.",
}

MODELS = "select model_name, model_digest, gold_version, metrics, decided_at from ops.models order by decided_at desc"


def _stream(settings: Settings, args: Namespace) -> Any:
    ingest = job("ingest")
    kind = kind_of(settings.topic(args.topic))
    # Operations are few: a JVM would take longer to start than they to be taken in.
    engine = args.engine or ("embedded" if kind is OPERATIONS else "spark")
    if args.once:
        return ingest.ingest(settings, args.max_records, engine, kind)
    pace_s = ingest.PACE_S if args.pace_s is None else args.pace_s
    return ingest.follow(settings, asked_to_stop(), args.max_records, engine, kind, pace_s=pace_s)


def _accept_loss(settings: Settings, args: Namespace) -> Any:
    return job("accept_loss").accept_loss(
        settings, args.topic, args.partition, args.from_offset, args.to_offset, reason=args.reason, accepted_by=args.by
    )


def _metrics(settings: Settings, args: Namespace) -> Any:
    if args.port is None:
        return job("metrics").measure(settings)
    return job("metrics").serve(settings, args.host, args.port, asked_to_stop())


def _show_metrics(measurement: Any, args: Namespace, out: TextIO) -> None:
    if args.json and measurement:
        show_report(measurement, args, out)
    elif measurement:
        out.write(measurement.text)


def _doctor(settings: Settings, args: Namespace) -> Any:
    if args.lake is not None:
        return job("doctor_lake").doctor_lake(settings, args.lake, deep=args.deep)
    if args.deep:
        raise UsageError(
            "There is nothing to look deep into",
            where="fieldstream doctor --deep",
            expected="--lake beside it",
            got="--deep alone",
            fix="Say what to look at: fieldstream doctor --lake --deep.",
        )
    return job("doctor").doctor(settings)


def _require_sound(findings: Any) -> None:
    if not isinstance(findings, list):
        job("doctor_lake").require_undamaged(findings)
        return
    unsound = [finding.name for finding in findings if not finding.ok]
    if unsound:
        raise UsageError(
            "This machine is not ready",
            where="the findings above",
            expected="every finding to be ok",
            got=", ".join(unsound),
            fix="Do what the last column says.",
        )


_MODEL = arg("model", nargs="?", default="irrigation", metavar="MODEL", help="which model (irrigation)")

_INTO = arg("--into", type=Path, default=Path("report.html"), metavar="FILE", help="the report (report.html)")

_INTAKE = (
    arg(
        "--topic",
        choices=tuple(kind.name for kind in KINDS),
        default=KINDS[0].name,
        help="what comes: what sensors say (the default), or what was done in the fields",
    ),
    arg(
        "--engine",
        choices=("spark", "embedded"),
        help="what cleans: Spark's workers (telemetry's default), or this process without a JVM (operations')",
    ),
    arg(
        "--max-records", type=positive, metavar="N", help="records of a batch, at most (spark 1000000, embedded 200000)"
    ),
)

COMMANDS = (
    Command(
        ("demo",),
        "Run the whole way once, on real data: broker, lake, gate, gold, model, scores, DAGs, report.",
        lambda settings, args: job("demo").demo(settings, args.into),
        ("fieldstream demo",),
        (_INTO,),
    ),
    Command(
        ("up",),
        "Start the local Kafka broker, on loopback.",
        lambda settings, _: job("stack").up(settings),
        ("fieldstream up",),
    ),
    Command(
        ("down",),
        "Stop the local Kafka broker; its data stay.",
        lambda settings, _: job("stack").down(settings),
        ("fieldstream down",),
    ),
    Command(
        ("status",),
        "Say whether the local broker runs, and where.",
        lambda settings, _: job("stack").status(settings),
        ("fieldstream status --json",),
    ),
    Command(
        ("doctor",),
        "Check this machine, or the lake: a fix for each finding, nothing is changed.",
        _doctor,
        ("fieldstream doctor", "fieldstream doctor --lake", "fieldstream doctor --lake silver.observations --deep"),
        (
            arg(
                "--lake",
                nargs="*",
                metavar="TABLE",
                help="check the lake instead: logs and files of these tables (all)",
            ),
            arg("--deep", action="store_true", help="with --lake: read every page of every data file too"),
        ),
        check=_require_sound,
    ),
    Command(
        ("send",),
        "Send a batch of the sample field's events to Kafka, as its gateway would.",
        lambda settings, args: job("send_sample").send_sample(settings, args.batch),
        ("fieldstream send first", "fieldstream send late", "fieldstream send operations"),
        (
            arg(
                "batch",
                choices=("first", "late", "operations"),
                help="first: the season; late: the block that came a week late; operations: what was done in the field",
            ),
        ),
    ),
    *REGISTRY_COMMANDS,
    Command(
        ("stream",),
        "Take events from Kafka into bronze and silver; until stopped, or once.",
        _stream,
        (
            "fieldstream stream --engine embedded --pace-s 5",
            "fieldstream stream --once --max-records 100000",
            "fieldstream stream --once --topic operations",
        ),
        (
            arg("--once", action="store_true", help="take what is there, then end"),
            arg(
                "--pace-s",
                type=seconds,
                metavar="S",
                help="seconds between two batches' starts, at least: more make fewer files, and rows seen later (0.1)",
            ),
            *_INTAKE,
        ),
    ),
    Command(
        ("accept-loss",),
        "Let the stream go on after records that Kafka no longer holds: on record, with a reason.",
        _accept_loss,
        (
            "fieldstream accept-loss --topic demo.telemetry --partition 1 --from 17114 --to 17200 "
            '--reason "retention was a day, the line was down for two"',
        ),
        (
            arg("--topic", required=True, metavar="T", help="the tenant's topic"),
            arg("--partition", type=whole, required=True, metavar="P", help="its partition"),
            arg("--from", dest="from_offset", type=whole, required=True, metavar="A", help="next offset of the lake"),
            arg("--to", dest="to_offset", type=whole, required=True, metavar="B", help="where Kafka goes on"),
            arg("--reason", required=True, metavar="TEXT", help="why the records may be missing"),
            arg("--by", metavar="NAME", help="who accepts it (the user who runs this)"),
        ),
    ),
    *QUARANTINE_COMMANDS,
    REPLAY,
    Command(
        ("flag",),
        "Judge new observations by their neighbours in time, by the sun and by the water of their field.",
        lambda settings, _: job("flag").flag(settings),
        ("fieldstream flag", "fieldstream flag --json"),
    ),
    *GATE_COMMANDS,
    Command(
        ("gold", "build"),
        "Build the field days that admitted data touch.",
        lambda settings, _: job("build_gold").build_gold(settings),
        ("fieldstream gold build",),
    ),
    Command(
        ("gold", "rebuild"),
        "Build gold from bronze alone in a lake of its own, and say whether it equals the gold that stands.",
        lambda settings, args: job("rebuild_gold").rebuild_gold(settings, args.into),
        ("fieldstream gold rebuild --into /tmp/rebuilt",),
        (arg("--into", type=Path, required=True, metavar="FOLDER", help="the other lake's home: new, or empty"),),
        check=lambda tables: job("rebuild_gold").require_equal(tables),
    ),
    Command(
        ("train",),
        "Train a model on gold through the cluster, and register it.",
        lambda settings, args: job("train").train(settings, args.model),
        ("fieldstream train irrigation",),
        (_MODEL,),
    ),
    Command(
        ("model", "ls"),
        "List the registered models, the newest first.",
        lambda settings, _: job("sql").sql(settings, MODELS),
        ("fieldstream model ls", "fieldstream model ls --json"),
        show=show_answer,
    ),
    Command(
        ("score",),
        "Score what moved in gold since the newest model last did; all of it with a new model.",
        lambda settings, args: job("score").score(settings, args.model),
        ("fieldstream score irrigation",),
        (_MODEL,),
    ),
    Command(
        ("dag", "run"),
        "Run a DAG of dags/ to its end with Airflow, here and now; nothing is retried.",
        lambda settings, args: job("run_dag").run_dag(settings, args.dag),
        ("fieldstream dag run intake",),
        (arg("dag", metavar="DAG", help="which DAG that asks nothing: intake, maintenance, retraining or scoring"),),
    ),
    DECODE,
    *TABLE_COMMANDS,
    *CHAOS_COMMANDS,
    Command(
        ("metrics",),
        "Measure freshness, lag, verdicts, flags, the gate, cost and sizes for Prometheus; print it, or serve it.",
        _metrics,
        ("fieldstream metrics", "fieldstream metrics --port 9464"),
        (
            arg("--port", type=positive, metavar="N", help="serve http://HOST:N/metrics until stopped"),
            arg("--host", default="127.0.0.1", metavar="HOST", help="address to serve at (127.0.0.1)"),
        ),
        show=_show_metrics,
    ),
    Command(
        ("report",),
        "Write the report: plots of the field, the forecast and the data's quality.",
        lambda settings, args: job("report").report(settings, args.into),
        ("fieldstream report --into report.html",),
        (_INTO,),
    ),
    Command(
        ("picture",),
        "Draw soil moisture, rain and evapotranspiration of the first field as one PNG.",
        lambda settings, args: job("picture").picture(settings, args.into),
        ("fieldstream picture --into field.png",),
        (arg("--into", type=Path, default=Path("field.png"), metavar="FILE", help="the picture (field.png)"),),
    ),
)
