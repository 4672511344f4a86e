"""Apply one rule to one payment, and say of every condition whether it held.

All conditions are evaluated, so that the trail says which held and which did not. A condition
without a value does not let a payment pass: its rule is undecided, and the payment is held. This
module refuses to know other payments: what windows hold is given.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

from counterfoil.apps.finance.rules.expressions import Condition, compile_condition
from counterfoil.apps.finance.rules.reading import schema_of
from counterfoil.apps.finance.rules.ruleset import PASS, Outcome, Rule, zone
from counterfoil.errors import InputError
from counterfoil.extras import need

__all__ = ["EPOCH", "Applied", "ReadyRule", "Result", "evaluate_rule"]

Result = Literal["met", "not met", "undecided"]

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
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


class ReadyRule:
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
                local = (EPOCH + timedelta(milliseconds=facts["at_ms"])).astimezone(self.place)
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
    return ReadyRule(rule).apply(facts, windows)
