"""The form of the DAG `backfill`, and the command that its answers make."""

from airflow.sdk import Param

_OPTIONAL = {
    "offsets": "Only records at these offsets: topic:partition:from-to, the last among them.",
    "from": "Only what devices said at this time or later: a day, or a time with its offset from UTC.",
    "to": "Only what devices said before this time.",
    "device": "Only records of this device.",
    "contract": "Only what was judged by the contracts of this digest, or by any 'older' than today's.",
}

FORM = {
    **{name: Param("", type="string", description=text) for name, text in _OPTIONAL.items()},
    "dry_run": Param(True, type="boolean", description="Count what would change, and write nothing."),
    "reason": Param("", type="string", minLength=1, description="Why. Goes on record, in ops.replays."),
}
"""Nobody can begin without a reason; whoever forgets the rest rehearses."""

REPLAY = (
    "replay",
    # A word that renders to nothing is left out.
    *(f"{{{{ '--{name}=' ~ params['{name}'] if params['{name}'] }}}}" for name in _OPTIONAL),
    "{{ '--dry-run' if params['dry_run'] }}",
    "{{ '--reason=' ~ params['reason'] }}",
    "{{ '--by=airflow ' ~ run_id }}",
)
