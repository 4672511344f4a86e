"""Apply rules to a stream of payments, one after another, and leave a trail of each application.

Of every rule the version is applied that is in force at the payment's own time. This module refuses
to know a clock or a ledger: the same payments in the same order give the same trails, bit for bit.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any, Final

from counterfoil.apps.finance.payments import Payment
from counterfoil.apps.finance.rules.application import EPOCH, Applied, ReadyRule
from counterfoil.apps.finance.rules.ruleset import OUTCOMES, PASS, Outcome, RuleSet
from counterfoil.apps.finance.rules.windows import Series

__all__ = ["Engine", "Trail"]

_FORGET_EACH: Final = 100_000


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
            ReadyRule(rule)
            for rule in rules.rules
            if jurisdictions is None or rule.jurisdiction in ("any", *jurisdictions)
        ]
        self._series: dict[tuple[str, str, str, str], Series] = {}
        self._keeps = self._spans()
        self._seen_since = 0

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

    def _forget(self, now_ms: int) -> None:
        """Drop the series of accounts that no window can see any more, from time to time."""
        self._seen_since += 1
        if self._seen_since < _FORGET_EACH:
            return
        self._seen_since = 0
        for key in [
            key for key, one in self._series.items()
            if not one.times or one.times[-1] < now_ms - 2 * one.keep_ms
        ]:  # fmt: skip
            del self._series[key]

    def _count(self, payment: Payment, facts: dict[str, Any]) -> None:
        """Let a payment count in each kind of series, once."""
        self._forget(payment.at_ms)
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
        self, payment: Payment, facts: dict[str, Any], ready: ReadyRule, name: str
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


def field_of(facts: Mapping[str, Any], path: str) -> str:
    """Give the text at a path such as `debtor.account`."""
    end, _, name = path.partition(".")
    return str(facts[end][name])


def _midnight(at_ms: int, place: tzinfo) -> int:
    """Tell when the day of a moment began at a place, Unix ms."""
    local = (EPOCH + timedelta(milliseconds=at_ms)).astimezone(place)
    began = datetime(local.year, local.month, local.day, tzinfo=place)
    return round(began.timestamp() * 1000)
