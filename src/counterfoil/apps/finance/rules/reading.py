"""Read a set of rules from TOML, and say which rule is wrong, and in what.

Every expression is compiled here, so that what was read can be applied. This module refuses unknown
keys, floats, files that are too large, and names that are none.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final, cast

from counterfoil.apps.finance.payments import PARTY_FIELDS
from counterfoil.apps.finance.rules.expressions import Schema, compile_condition
from counterfoil.apps.finance.rules.ruleset import (
    OUTCOMES,
    PASS,
    Case,
    Outcome,
    Rule,
    RuleSet,
    Span,
    Window,
    check_versions,
    moment,
    zone,
)
from counterfoil.errors import InputError

__all__ = ["RULES_MAX_BYTES", "SEVERITIES", "read_rules", "schema_of"]

RULES_MAX_BYTES: Final = 1 << 20
"""Largest file of rules, bytes."""

SEVERITIES: Final = ("low", "medium", "high", "critical")

_RULES_MAX: Final = 64  # all of them stand in one statement
_LIST_MAX: Final = 1_000
_WINDOWS_MAX: Final = 8
_CONDITIONS_MAX: Final = 32
_PARAMS_MAX: Final = 64
_WHOLE_MAX: Final = (1 << 53) - 1
_CASES_MAX: Final = 64
_ID: Final = re.compile(r"[a-z][a-z0-9-]{0,63}")
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,31}")
_SPAN: Final = re.compile(r"([1-9][0-9]{0,3})([smhd])")
_UNITS: Final = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_SPAN_MAX_MS: Final = 400 * 86_400_000
_PARTY: Final[Schema] = dict.fromkeys(PARTY_FIELDS)
_PAYMENT: Final[Schema] = {
    **dict.fromkeys(("id", "at_ms", "amount_minor", "currency", "method", "purpose")),
    **dict.fromkeys(("hour", "weekday")),
    "debtor": _PARTY,
    "creditor": _PARTY,
}
_AGGREGATES: Final[Schema] = dict.fromkeys(("count", "sum", "parties", "age_ms"))
_KEYS: Final = frozenset(
    {f"{end}.{name}" for end in ("debtor", "creditor") for name in ("account", "name", "bank")}
)


def read_rules(data: bytes) -> RuleSet:
    """Read a set of rules.

    data: TOML in UTF-8 with `name`, `version` and `[[rule]]`s; see docs/guides/finance-rules.md.
    Raises InputError with code rules.file, rules.field, rules.expression, rules.limit, rules.zone
    or rules.versions.
    """
    if len(data) > RULES_MAX_BYTES:
        raise _file(f"at most {RULES_MAX_BYTES} bytes", f"{len(data)}")
    try:
        found = tomllib.loads(data.decode())
    except (ValueError, RecursionError) as err:
        raise _file("TOML in UTF-8", str(err)[:160]) from err
    fields = dict(found)
    name, version = _text(fields, "name", ""), _text(fields, "version", "")
    listed = fields.pop("rule", None)
    _none_left(fields, "the file")
    if not isinstance(listed, list) or not 1 <= len(listed) <= _RULES_MAX:
        raise _file(f"1 to {_RULES_MAX} [[rule]]s", "another number")
    rules = tuple(_rule(one, at) for at, one in enumerate(listed))
    check_versions(rules)
    return RuleSet(name, version, rules, data)


def schema_of(rule: Rule) -> Schema:
    """Tell what the conditions of a rule may name."""
    return {
        "payment": _PAYMENT,
        "window": dict.fromkeys(rule.windows, _AGGREGATES),
        "params": dict.fromkeys(rule.params),
    }


def _rule(given: Any, at: int) -> Rule:
    where = f"rule {at + 1}"
    fields = _table(given, where)
    if isinstance(fields.get("id"), str):
        where = f"rule {fields['id'][:64]!a}"
    time_zone = _text(fields, "time_zone", where, "UTC")
    zone(time_zone)
    start, end = fields.pop("effective_from", None), fields.pop("effective_until", None)
    for value in (start, end):
        if value is not None and not isinstance(value, date):
            raise _field(where, "a date, or a date and time, of effect", value)
    params = _params(fields.pop("params", {}), where)
    made = Rule(
        id=_matching(_ID, _text(fields, "id", where), where, "an id such as cash-structuring"),
        version=_text(fields, "version", where),
        title=_text(fields, "title", where),
        outcome=_outcome(_text(fields, "outcome", where), where),
        severity=_one_of(SEVERITIES, _text(fields, "severity", where), where, "a severity"),
        reason=_text(fields, "reason", where),
        jurisdiction=_text(fields, "jurisdiction", where, "any"),
        time_zone=time_zone,
        start_ms=moment(cast("date | datetime | None", start), time_zone),
        end_ms=moment(cast("date | datetime | None", end), time_zone, last=True),
        when=_when(fields.pop("when", None), where),
        windows=_windows(fields.pop("window", {}), where),
        params=params,
        sources=_texts(fields.pop("sources", []), where),
        cases=_cases(fields.pop("case", []), where),
    )
    _none_left(fields, where)
    if made.start_ms >= made.end_ms:
        raise _field(where, "an end of effect after its beginning", "none")
    for case in made.cases:
        _one_of((PASS, made.outcome), case.expect, where, "as a case's expect")
    _compile(made, where)
    return made


def _compile(rule: Rule, where: str) -> None:
    """Compile every expression once, and say in which rule one is wrong."""
    schema = schema_of(rule)
    alone = {name: schema[name] for name in ("payment", "params")}
    texts = [(text, schema) for text in rule.when.values()]
    texts += [(one.where, alone) for one in rule.windows.values() if one.where]
    for text, known in texts:
        try:
            compile_condition(text, known)
        except InputError as err:
            raise err.renewed(f"in {where}: {err.message}") from err


def _when(given: Any, where: str) -> dict[str, str]:
    if isinstance(given, str):
        given = {given[:80]: given}
    fields = _table(given, f"when of {where}")
    if not 1 <= len(fields) <= _CONDITIONS_MAX:
        raise _field(where, f"1 to {_CONDITIONS_MAX} conditions under when", len(fields))
    return {name: _text(fields, name, where, most=4_096) for name in list(fields)}


def _windows(given: Any, where: str) -> dict[str, Window]:
    named = _table(given, f"window of {where}")
    if len(named) > _WINDOWS_MAX:
        raise _field(where, f"at most {_WINDOWS_MAX} windows", len(named))
    found = {}
    for name, one in named.items():
        _matching(_NAME, name, where, "a window's name")
        fields = _table(one, f"window {name} of {where}")
        of = _one_of(sorted(_KEYS), _text(fields, "of", where), where, "a window's of")
        as_ = _one_of(sorted(_KEYS), _text(fields, "as", where, of), where, "a window's as")
        over = _span(_text(fields, "over", where), where)
        found[name] = Window(of, as_, over, _text(fields, "where", where, "", most=4_096))
        _none_left(fields, f"window {name} of {where}")
    return found


def _span(text: str, where: str) -> Span:
    if text == "day":
        return Span(86_400_000, day=True)
    match = _SPAN.fullmatch(text)
    length = int(match[1]) * _UNITS[match[2]] if match else 0
    if not 0 < length <= _SPAN_MAX_MS:
        raise _field(where, "a span such as 90s, 15m, 24h, 30d (at most 400d) or day", text)
    return Span(length)


def _params(given: Any, where: str) -> dict[str, Any]:
    named = _table(given, f"params of {where}")
    if len(named) > _PARAMS_MAX:
        raise _field(where, f"at most {_PARAMS_MAX} params", len(named))
    for name, value in named.items():
        _matching(_NAME, name, where, "a param's name")
        many = value.values() if isinstance(value, dict) else value
        each = list(many) if isinstance(value, (dict, list)) else [value]
        if len(each) > _LIST_MAX:
            raise _field(where, f"at most {_LIST_MAX} values as {name}", len(each))
        for one in each:
            whole = isinstance(one, int) and abs(one) <= _WHOLE_MAX
            if not (whole or isinstance(one, str)):
                raise _field(where, f"whole numbers, texts or truth values as {name}", one)
    return named


def _cases(given: Any, where: str) -> tuple[Case, ...]:
    if not isinstance(given, list) or len(given) > _CASES_MAX:
        raise _field(where, f"at most {_CASES_MAX} cases", "others")
    found = []
    for one in given:
        fields = _table(one, f"case of {where}")
        payments = fields.pop("payments", None)
        if not isinstance(payments, list) or not payments:
            raise _field(where, "payments in a case", "none")
        rows = tuple(_table(row, f"payment of {where}") for row in payments)
        found.append(Case(_text(fields, "name", where), _text(fields, "expect", where), rows))
        _none_left(fields, f"case of {where}")
    return tuple(found)


def _table(given: Any, where: str) -> dict[str, Any]:
    if isinstance(given, Mapping):
        return dict(given)
    raise _field(where, "a table", given)


def _text(
    fields: dict[str, Any], name: str, where: str, otherwise: str | None = None, most: int = 500
) -> str:
    found = fields.pop(name, otherwise)
    if isinstance(found, str) and len(found) <= most and (found.strip() or otherwise == ""):
        return found.strip()
    raise _field(where or "the file", f"text of 1 to {most} characters as {name}", found)


def _texts(given: Any, where: str) -> tuple[str, ...]:
    if isinstance(given, list) and all(isinstance(one, str) and len(one) < 500 for one in given):
        return tuple(given)
    raise _field(where, "texts as sources", given)


def _outcome(text: str, where: str) -> Outcome:
    return cast("Outcome", _one_of(OUTCOMES[1:], text, where, "an outcome"))


def _one_of(known: Sequence[str], text: str, where: str, what: str) -> str:
    if text in known:
        return text
    raise _field(where, f"{what} of {', '.join(known)}", text)


def _matching(pattern: re.Pattern[str], text: str, where: str, what: str) -> str:
    if pattern.fullmatch(text):
        return text
    raise _field(where, what, text)


def _none_left(fields: Mapping[str, Any], where: str) -> None:
    if fields:
        raise _field(where, "only what a rule file has", min(fields))


def _field(where: str, expected: str, found: object) -> InputError:
    return InputError(
        "rules.field",
        f"in {where}: expected {expected}, found {str(found)[:80]!a}",
        hint="docs/guides/finance-rules.md lists what a rule has.",
    )


def _file(expected: str, found: str) -> InputError:
    return InputError(
        "rules.file",
        f"expected a file of rules: {expected}, found {found}",
        hint="`counterfoil rules default` prints one to begin with.",
    )
