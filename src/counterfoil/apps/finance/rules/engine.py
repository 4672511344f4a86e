"""Apply rules to a stream of payments, one after another, and leave a trail of each application.

Of every rule the version is applied that is in force at the payment's own time. All its conditions
are evaluated, so that the trail says which held and which did not. A condition without a value does
not let a payment pass: its rule is undecided, and the payment is held. This module refuses to know
a clock or a ledger: the same payments in the same order give the same trails, bit for bit.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, Final, Literal

from counterfoil.apps.finance.payments import Payment
from counterfoil.apps.finance.rules.expressions import Condition, compile_condition
from counterfoil.apps.finance.rules.reading import schema_of
from counterfoil.apps.finance.rules.ruleset import OUTCOMES, PASS, Outcome, Rule, RuleSet, zone
from counterfoil.apps.finance.rules.windows import Series
from counterfoil.errors import InputError
from counterfoil.extras import need

__all__ = ["Applied", "Engine", "Result", "Trail", "evaluate_rule"]

Result = Literal["met", "not met", "undecided"]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FIELDS: Final = (
    "id", "at_ms", "amount_minor", "currency", "debtor", "creditor", "method", "purpose",
    "hour", "weekday",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Applied:
    """One application of one version of a rule.

    rule: which. conditions: name -> whether it held; None where it has no value. windows: what
    they held. result: `met` where all conditions hold. trouble: why it is undecided.
    """

    rule: Rule
    conditions: Mapping[str, bool | None]
    windows: Mapping[str, Mapping[str, int]]
    result: Result
    trouble: str = ""

    @property
    def outcome(self) -> Outcome:
        """What this rule makes of the payment; one that is undecided holds it."""
        if self.result == "met":
            return self.rule.outcome
        return "hold" if self.result == "undecided" else PASS

    def to_json(self) -> dict[str, Any]:
        """Turn it into what the command line prints and decisions record."""
        said: dict[str, Any] = {
            "rule": self.rule.id,
            "version": self.rule.version,
            "digest": self.rule.digest,
            "result": self.result,
            "outcome": self.outcome,
            "severity": self.rule.severity,
            "conditions": dict(self.conditions),
            "windows": {name: dict(one) for name, one in self.windows.items()},
        }
        if self.result == "met":
            said["reason"] = self.rule.reason
        if self.trouble:
            said["trouble"] = self.trouble
        return said


@dataclass(frozen=True, slots=True)
class Trail:
    """What all rules said of a payment.

    outcome: the gravest of all. applied: every rule in force, in the order of the file.
    """

    payment: Payment
    outcome: Outcome
    applied: tuple[Applied, ...]

    @property
    def reasons(self) -> tuple[Applied, ...]:
        """Those that did not let it pass, the gravest first."""
        found = [one for one in self.applied if one.outcome != PASS]
        return tuple(sorted(found, key=lambda one: -OUTCOMES.index(one.outcome)))

    def to_json(self) -> dict[str, Any]:
        """Turn it into what the command line and the API print."""
        return {
            "id": self.payment.id,
            "at_ms": self.payment.at_ms,
            "amount_minor": self.payment.amount_minor,
            "currency": self.payment.currency,
            "outcome": self.outcome,
            "reasons": [one.rule.reason for one in self.reasons],
            "applied": [one.to_json() for one in self.applied],
        }


class Engine:
    """Rules and the windows that they look at. Not safe for threads.

    rules: what to apply. jurisdictions: only the rules of these, and those of any; None for all.
    """

    def __init__(self, rules: RuleSet, jurisdictions: Collection[str] | None = None) -> None:
        self.rules = rules
        self._ready = [
            _Ready(rule)
            for rule in rules.rules
            if jurisdictions is None or rule.jurisdiction in ("any", *jurisdictions)
        ]
        self._series: dict[tuple[str, str, str, str], Series] = {}
        self._keeps = self._spans()

    def apply(self, payment: Payment) -> Trail:
        """Apply every rule in force, and let the payment count in the windows.

        Raises InputError with code rules.value where a window's filter has no value.
        """
        facts = payment.facts()
        self._count(payment, facts)
        applied = []
        for ready in self._ready:
            if ready.rule.in_force(payment.at_ms):
                windows = {
                    name: self._look(payment, facts, ready, name) for name in ready.rule.windows
                }
                applied.append(ready.apply(facts, windows))
        gravest = max((OUTCOMES.index(one.outcome) for one in applied), default=0)
        return Trail(payment, OUTCOMES[gravest], tuple(applied))

    def remember(self, payment: Payment) -> None:
        """Let a payment count in the windows, and say nothing of it."""
        self._count(payment, payment.facts())

    def _spans(self) -> dict[str, int]:
        """Tell for each kind of series how long some window looks back; a day may have 25 hours."""
        found: dict[str, int] = {}
        for ready in self._ready:
            for name, window in ready.rule.windows.items():
                length = window.over.ms + (3 * 3_600_000 if window.over.day else 0)
                kind = ready.kinds[name]
                found[kind] = max(found.get(kind, 0), length)
        return found

    def _count(self, payment: Payment, facts: dict[str, Any]) -> None:
        """Let a payment count in each kind of series, once."""
        seen: set[str] = set()
        for ready in self._ready:
            for name, window in ready.rule.windows.items():
                kind = ready.kinds[name]
                if kind in seen:
                    continue
                seen.add(kind)
                key = field_of(facts, window.as_)
                if key and ready.counts(name, facts):
                    series = self._series_of(kind, window.as_, key, payment.currency)
                    end = "creditor" if window.as_.startswith("debtor") else "debtor"
                    other = facts[end]["account"] or facts[end]["name"]
                    series.add(payment.at_ms, payment.amount_minor, other)

    def _look(
        self, payment: Payment, facts: dict[str, Any], ready: _Ready, name: str
    ) -> dict[str, int]:
        window = ready.rule.windows[name]
        key = field_of(facts, window.of)
        series = self._series_of(ready.kinds[name], window.as_, key, payment.currency)
        after = payment.at_ms - window.over.ms
        if window.over.day:
            after = _midnight(payment.at_ms, ready.place) - 1
        return series.look(after, payment.at_ms, window.over.ms + window.over.day).facts()

    def _series_of(self, kind: str, as_: str, key: str, currency: str) -> Series:
        found = self._series.get((kind, as_, key, currency))
        if found is None:
            found = Series(self._keeps[kind])
            if key:
                self._series[kind, as_, key, currency] = found
        return found


class _Ready:
    """A rule whose expressions are compiled."""

    def __init__(self, rule: Rule) -> None:
        cel = need("cel", "finance")
        self.rule = rule
        self.place = zone(rule.time_zone)
        schema = schema_of(rule)
        alone = {name: schema[name] for name in ("payment", "params")}
        self._when = {name: compile_condition(text, schema) for name, text in rule.when.items()}
        self._where: dict[str, Condition] = {}
        self.kinds: dict[str, str] = {}
        for name, window in rule.windows.items():
            # One filter with one set of parameters is one kind of series, whichever rule asks.
            self.kinds[name] = window.as_
            if window.where:
                self._where[name] = compile_condition(window.where, alone)
                self.kinds[name] = f"{window.as_} {rule.digest} {window.where}"
        conditions = (*self._when.values(), *self._where.values())
        self._paths = _paths(conditions)
        self._context = cel.Context({"params": dict(rule.params), "window": {}})

    def counts(self, window: str, facts: Mapping[str, Any]) -> bool:
        """Tell whether a payment counts in a window."""
        where = self._where.get(window)
        if where is None:
            return True
        self._context.add_variable("payment", self._seen(facts))
        return where(self._context)

    def apply(self, facts: Mapping[str, Any], windows: Mapping[str, Mapping[str, int]]) -> Applied:
        """Evaluate all conditions."""
        self._context.add_variable("payment", self._seen(facts))
        if windows:
            self._context.add_variable("window", windows)
        held: dict[str, bool | None] = {}
        trouble = ""
        for name, condition in self._when.items():
            try:
                held[name] = condition(self._context)
            except InputError as err:
                held[name] = None
                trouble = trouble or err.message
        result: Result = "met"
        if any(value is False for value in held.values()):  # one that does not hold settles it
            result = "not met"
        elif trouble:
            result = "undecided"
        return Applied(self.rule, held, windows, result, trouble)

    def _seen(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Take what the expressions name of a payment: turning all of it into CEL costs most."""
        seen: dict[str, Any] = {}
        for name, inner in self._paths.items():
            if name in ("hour", "weekday"):
                local = (_EPOCH + timedelta(milliseconds=facts["at_ms"])).astimezone(self.place)
                seen[name] = local.hour if name == "hour" else local.isoweekday()
            elif inner:
                whole = facts[name]
                seen[name] = {one: whole[one] for one in inner}
            else:
                seen[name] = facts[name]
        return seen


def _paths(conditions: Iterable[Condition]) -> dict[str, tuple[str, ...]]:
    """Sort what is named of a payment: field -> fields inside of it, none for all."""
    found: dict[str, set[str] | None] = {}
    for path in {path for condition in conditions for path in condition.paths}:
        root, *rest = path.split(".")
        if root != "payment":
            continue
        for name in rest[:1] or _FIELDS:
            inner = found.setdefault(name, set())
            if len(rest) > 1 and inner is not None:
                inner.add(rest[1])
            elif len(rest) < 2:
                found[name] = None
    return {name: tuple(sorted(inner or ())) for name, inner in found.items()}


def evaluate_rule(
    rule: Rule, facts: Mapping[str, Any], windows: Mapping[str, Mapping[str, int]]
) -> Applied:
    """Apply one rule to what was recorded of a payment and its windows, to compute it again."""
    return _Ready(rule).apply(facts, windows)


def field_of(facts: Mapping[str, Any], path: str) -> str:
    """Give the text at a path such as `debtor.account`."""
    end, _, name = path.partition(".")
    return str(facts[end][name])


def _midnight(at_ms: int, place: tzinfo) -> int:
    """Tell when the day of a moment began at a place, Unix ms."""
    local = (_EPOCH + timedelta(milliseconds=at_ms)).astimezone(place)
    began = datetime(local.year, local.month, local.day, tzinfo=place)
    return round(began.timestamp() * 1000)
