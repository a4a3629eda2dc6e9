"""Judge records of bronze anew and make silver what a fresh run over the same bytes would have given."""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from pipelines.errors import UsageError
from pipelines.jobs.audit import current_user
from pipelines.jobs.maintain import lock_file
from pipelines.lake.maintenance import alone
from pipelines.lake.tables import Lake
from pipelines.quarantine.level import level
from pipelines.replay.run import Order, rehearse
from pipelines.replay.run import replay as judge_anew
from pipelines.replay.scope import Scope
from pipelines.settings import Settings
from pipelines.soundness.damage import require_sound

TOUCHED = (
    "bronze.events", "silver.observations", "silver.operations", "ops.redrives", "ops.replays", "reference.devices",
)  # fmt: skip


@dataclass(frozen=True)
class ReplayReport:
    """What the chosen records are by today's contracts, and whether that has been made so."""

    applied: bool
    changed: bool
    """Whether anything was written."""
    records_read: int
    verdicts_changed: int
    newly_quarantined: int
    observations_unchanged: int
    observations_changed: int
    observations_new: int
    observations_gone: int
    slices_changed: int = 0
    resumed_after: str | None = None
    """The record up to which a killed replay of the same records had come."""


def replay(
    settings: Settings,
    scope: Scope,
    *,
    reason: str | None = None,
    replayed_by: str | None = None,
    dry_run: bool = False,
) -> ReplayReport:
    """Replay the chosen records, beside whatever streams; with `dry_run`, only say what that would come to.

    Raises:
        UsageError: There is no lake, or no reason is given.
        ServiceUnreachable: Another replay is under way.
        WriterConflict: A redrive was recorded meanwhile; the slices before stand.
        LakeDamaged: A table is not as it was written.
    """
    lake, now = Lake(settings.lake).existing(), datetime.now(UTC)
    require_sound(lake, TOUCHED)
    if dry_run:
        counts = rehearse(lake, scope, tenant_id=settings.tenant, decided_at=now)
        return ReplayReport(applied=False, changed=False, **asdict(counts))
    if not (reason and reason.strip()):
        raise UsageError(
            "A replay is not begun without a reason",
            where="--reason",
            expected="why the records are judged anew, for ops.replays",
            got="nothing",
            fix="Say it with --reason, or see with --dry-run what a replay would come to.",
        )
    level(lake, tenant_id=settings.tenant)
    by = replayed_by or current_user()
    order = Order(scope, reason, by, now)
    with alone(lock_file(settings, "replay"), "replay"):
        done = judge_anew(lake, order, tenant_id=settings.tenant, maintenance_lock=lock_file(settings))
    return ReplayReport(
        applied=True,
        changed=done.slices_changed > 0,
        **asdict(done.counts),
        slices_changed=done.slices_changed,
        resumed_after=done.resumed_after,
    )
