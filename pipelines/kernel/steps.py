"""The kernel's SQL steps, with the parts that the contracts decide filled in."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from string import Template

from pipelines.contracts.formats import Format, Rule, formats
from pipelines.contracts.topics import OPERATIONS, TELEMETRY, TopicKind
from pipelines.kernel.signatures import Kind
from pipelines.kernel.sql import identifier, literal

# A number that was written with its unit behind it: 30.11 °C.
_NUMBER, _UNIT = r"[-+]?[0-9]*\.?[0-9]+(?:[eE][-+]?[0-9]+)?", r"[^0-9\s.,+-].*"
_AMOUNT = rf"regexp_extract(word, '^\s*({_NUMBER})\s*({_UNIT})$', ['number', 'unit'])"

_HEADER = (
    "CASE WHEN len(headers) > 0 THEN try(decode(list_filter(headers, lambda h: lower(h.key) = name)[1].value)) END"
)


@dataclass(frozen=True)
class Steps:
    """The compiled steps; plain data, so that it can travel to workers."""

    session: str
    """What a session holds before its first batch."""
    headerless_session: str
    """The same where no record has headers: all that would look for one is gone before it is planned."""
    texts: str
    """Sees whether each text is JSON before it is read."""
    hopeful_texts: str
    """Takes the hot format's texts for JSON; reading one that is none fails, and `texts` is the way then."""
    messages: dict[str | None, str]
    """By format in the order of their codes, None for what none could read: a query, the same columns from each."""
    readings: dict[str, str]
    """By format, where its messages name their values themselves."""
    names: str
    models: str
    kinds: str
    duplicate_keys: str
    payloads: str
    undecoded: str
    undecodable: str
    words: str
    understood: str
    general: str
    general_values: str
    found_reasons: str
    ambiguous: str
    faults: str
    are_exceptions: str
    exceptions: str
    events: str
    operations: str
    """What the messages say was done, of a topic of operations, of which nothing else is read; empty for telemetry."""
    operations_faults: str


@cache
def steps(kind: TopicKind = TELEMETRY) -> Steps:
    """Compile the steps for a kind of topic from the contracts.

    Raises:
        ContractError: A contract is wrong.
    """
    known = formats(kind.name)
    tried = list(known.values())
    names = ", ".join(map(literal, (*known, "unknown")))
    exceptional = _filled("6_exceptional")
    recognition = {"recognition": _recognition(tried), "hot_format": literal(tried[0].name)}
    return Steps(
        session=_filled("0_session", formats=names, header=_HEADER),
        headerless_session=_filled("0_session", formats=names, header="NULL::VARCHAR"),
        texts=_filled("1_texts", is_hot="false", **recognition),
        hopeful_texts=_filled("1_texts", is_hot=_is_hot(tried[0]), **recognition),
        messages={
            **{
                name: _filled("2_messages", **_of_format(name, known), scope=_scope(kind), shape=_shape(name, name))
                for name in known
            },
            None: _filled("2_messages_unread", is_of_format="format_code IS NULL"),
        },
        readings={
            name: _filled(
                "3_readings", **_of_format(name, known), shape=_shape(name, f"{name}.readings"), amount=_AMOUNT
            )
            for name in known
            if _sql(f"formats/{name}.readings").is_file()
        },
        names=_filled("4_names"),
        models=_filled("4_models"),
        kinds=_filled("4_kinds"),
        duplicate_keys=_filled("4_duplicate_keys"),
        payloads=_filled("4_payloads", amount=_AMOUNT),
        undecoded=_filled("4_undecoded"),
        undecodable=_filled("4_undecodable"),
        words=_filled("4_words"),
        understood=_filled("4_understood"),
        general=_filled("4_general"),
        general_values=_filled("4_general_values"),
        found_reasons=_filled("4_found_reasons"),
        ambiguous=_filled("4_ambiguous"),
        faults=_filled("6_faults"),
        are_exceptions=f"SELECT EXISTS({exceptional})",
        exceptions=_filled("6_exceptions", exceptional=exceptional),
        events=_filled("5_events"),
        operations=_filled("3_operations") if kind is OPERATIONS else "",
        operations_faults=_filled("3_operations_faults"),
    )


def hot_values(kinds: Sequence[Kind]) -> str:
    """Write how the hot path reads the payloads of these kinds: each parses its own keys and no others."""
    # Whatever order they were met in, the step is the same, and is planned once.
    kinds = sorted(kinds, key=lambda kind: kind.signature)
    cases = "\n".join(f"WHEN {kind.signature} THEN {_value_list(kind)}" for kind in kinds)
    return _filled("4_hot", cases=cases, signatures=", ".join(str(kind.signature) for kind in kinds))


def _value_list(kind: Kind) -> str:
    shape = "{" + ",".join(f'{_json_name(key)}:"DOUBLE"' for key in kind.keys) + "}"
    members = ", ".join(f"m.{identifier(key)}" for key in kind.keys)
    return f"list_transform([from_json(payload, {literal(shape)})], lambda m: [{members}])[1]"


def _recognition(tried: Sequence[Format]) -> str:
    return "\n        ".join(
        f"WHEN {' OR '.join(map(_condition, each.recognised_by))} THEN {literal(each.name)}" for each in tried
    )


def _condition(rule: Rule) -> str:
    tests = [f"contains(content, {literal(text)})" for text in rule.contains]
    tests += [f"json_exists(content, {literal(path)})" for path in rule.holds]
    tests += [f"regexp_matches(place, {literal(rule.place)})"] if rule.place else []
    return f"({' AND '.join(tests)})"


def _is_hot(tried_first: Format) -> str:
    """Write how to know, from a glance at a text, that it is most likely a whole message of this format."""
    (rule,) = tried_first.recognised_by
    contained = [f"contains(text, {literal(text)})" for text in rule.contains]
    return " AND ".join(["ends_with(text, '}')", *contained])


def _of_format(name: str, known: Iterable[str]) -> dict[str, str]:
    # The sum keeps DuckDB from handing the test to Arrow, which would copy the texts.
    return {"format": literal(name), "is_of_format": f"format_code + 0 = {list(known).index(name)}"}


def _scope(kind: TopicKind) -> str:
    """Write what keeps a device's counter on one topic from that on another."""
    return "" if kind is TELEMETRY else f"{literal(kind.name)}, "


def _shape(name: str, step: str) -> str:
    """Return a format's own step; what its two steps have in common stands in a third file."""
    common = _sql(f"formats/{name}.common")
    return _filled(f"formats/{step}", common=common.read_text(encoding="utf-8") if common.is_file() else "")


def _filled(step: str, **parts: str) -> str:
    return Template(_sql(step).read_text(encoding="utf-8")).safe_substitute(parts)


def _sql(step: str) -> Traversable:
    return files("pipelines.kernel").joinpath(f"{step}.sql")


def _json_name(name: str) -> str:
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
