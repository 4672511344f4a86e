"""Learn what is normal for each account, and say how far a payment is from it, and why.

Four questions are asked of a payment, each answered by a probability under what is normal for its
account: how often is an amount at least as large, a gap at least as short, a payee as new, an
hour as rare? An account that is hardly known borrows from all accounts together (shrinkage). The
surprise of an answer p is -ln p, which is 1 on average where all is normal (the sum of such
surprises is Fisher's way to combine tests). A feature contributes its surprise, at most 8, less 1:

    score = 1 / (1 + exp(-(base + sum of contributions)))

which orders payments; it is no calibrated probability. No weight is fitted. What looks abnormal
teaches the model less: a payment is learned with weight 1 - score. Nothing is learned from labels.

This module refuses to learn what it has not scored, and to depend on anything but the events in
their order.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from math import erfc, exp, expm1, log, sqrt
from typing import Final

import msgspec

from counterfoil.errors import InputError
from counterfoil.learn.account import HOURS, Habits

__all__ = ["FEATURES", "BehaviourState", "Event", "NormalBehaviour", "Scored"]

FEATURES: Final = ("amount", "gap", "payee", "hour")
"""What contributes to a score, in the order in which it is told."""

_MODEL: Final = "payments-normal/1"
_BASE: Final = -4.6  # the logit of one in a hundred
_SURPRISE_MAX: Final = 8.0  # one feature alone never decides everything
_KEEP: Final = 0.98  # an account's last 50 payments or so
_KEEP_ALL: Final = 0.9999
_BORROWED: Final = 5.0  # payments that the population's habits are worth
_SPREAD_MIN: Final = 0.3  # of the logarithm of an amount
_GAP_MIN: Final = 1e-3  # hours
_NOTHING_KNOWN: Final = exp(-1)  # as surprising as usual
_HOUR_MS: Final = 3_600_000
_DAY_MS: Final = 24 * _HOUR_MS


@dataclass(frozen=True, slots=True)
class Event:
    """A payment, as the model sees it.

    account: who pays. at_ms: Unix ms; events come in its order. amount_minor: >= 1. payee: whom.
    """

    account: str
    at_ms: int
    amount_minor: int
    payee: str


@dataclass(frozen=True, slots=True)
class Scored:
    """How abnormal a payment is, and why.

    score: 0 to 1. base: the logit where all is as surprising as usual. contributions: feature ->
    what it added; base and contributions sum to the score's logit.
    """

    score: float
    base: float
    contributions: dict[str, float]

    @property
    def score_ppm(self) -> int:
        """The score in millionths."""
        return round(self.score * 1_000_000)


class BehaviourState(msgspec.Struct):
    """All that the model knows, as it is saved."""

    model: str
    seen: int
    everybody: Habits
    accounts: dict[str, Habits]

    @classmethod
    def new(cls) -> BehaviourState:
        """Know nothing yet."""
        return cls(_MODEL, 0, Habits(), {})


class NormalBehaviour:
    """A model of what is normal, which learns from each event after it scored it.

    state: what it knows already, which it changes as it learns; None for a new model.
    """

    def __init__(self, state: BehaviourState | None = None) -> None:
        self._state = BehaviourState.new() if state is None else state

    @property
    def seen(self) -> int:
        """How many events it learned from."""
        return self._state.seen

    def score(self, event: Event) -> Scored:
        """Say how abnormal an event is, by what was learned before it; learns nothing."""
        own = self._state.accounts.get(event.account) or Habits()
        answers = {
            "amount": self._larger(own, event),
            "gap": self._sooner(own, event),
            "payee": self._newer(own, event),
            "hour": self._rarer(own, event),
        }
        parts = {name: min(-log(chance), _SURPRISE_MAX) - 1 for name, chance in answers.items()}
        logit = _BASE + sum(parts.values())
        return Scored(1 / (1 + exp(-logit)), _BASE, parts)

    def learn(self, event: Event) -> Scored:
        """Score an event, then learn from it; gives the score from before."""
        scored = self.score(event)
        state = self._state
        own = state.accounts.setdefault(event.account, Habits())
        weight = 1 - scored.score
        for habits, keep in ((state.everybody, _KEEP_ALL), (own, _KEEP)):
            habits.amount.add(log(event.amount_minor), weight, keep)
            if own.last_ms:
                habits.gap.add((event.at_ms - own.last_ms) / _HOUR_MS, weight, keep)
            habits.new.add(float(event.payee not in own.places), weight, keep)
            habits.hours = [keep * share for share in habits.hours]
            habits.hours[_part_of_day(event.at_ms)] += weight
        own.visit(event.payee)
        own.last_ms = event.at_ms
        state.seen += 1
        return scored

    def to_bytes(self) -> bytes:
        """Write the model as JSON; `from_bytes` gives it back, bit for bit."""
        return msgspec.json.encode(self._state)

    def digest(self) -> str:
        """Name the model: the SHA-256 of `to_bytes`, 64 hexadecimal digits."""
        return hashlib.sha256(self.to_bytes()).hexdigest()

    @classmethod
    def from_bytes(cls, data: bytes) -> NormalBehaviour:
        """Read a model. Raises InputError with code learn.model."""
        try:
            state = msgspec.json.decode(data, type=BehaviourState)
        except (msgspec.MsgspecError, UnicodeDecodeError) as err:
            raise InputError(
                "learn.model",
                f"expected a saved model, but: {err}",
                hint="Bring it back from a copy, or learn anew from the log.",
            ) from err
        if state.model != _MODEL:
            raise InputError(
                "learn.model",
                f"expected a model of the kind {_MODEL}, found {state.model[:80]!a}",
                hint="Learn anew from the log.",
            )
        return cls(state)

    def _larger(self, own: Habits, event: Event) -> float:
        """Tell how often an amount is at least this large: a normal upper tail of logarithms."""
        everybody = self._state.everybody.amount
        if not everybody.weight:
            return _NOTHING_KNOWN
        centre = _shrunk(own.amount.weight, own.amount.mean, everybody.mean)
        spread = sqrt(_shrunk(own.amount.weight, own.amount.var, everybody.var))
        away = (log(event.amount_minor) - centre) / max(spread, _SPREAD_MIN)
        return _bounded(erfc(away / sqrt(2)) / 2)

    def _sooner(self, own: Habits, event: Event) -> float:
        """Tell how often a gap is at least this short: gaps are taken to be exponential."""
        everybody = self._state.everybody.gap
        if not own.last_ms or not everybody.weight:
            return _NOTHING_KNOWN
        mean = _shrunk(own.gap.weight, own.gap.mean, everybody.mean)
        gap = max((event.at_ms - own.last_ms) / _HOUR_MS, 0.0)
        return _bounded(-expm1(-gap / max(mean, _GAP_MIN)))

    def _newer(self, own: Habits, event: Event) -> float:
        """Tell how often a payee is as new as this one to the account."""
        if event.payee in own.places:
            return 1.0
        everybody = self._state.everybody.new
        if not everybody.weight:
            return _NOTHING_KNOWN
        return _bounded(_shrunk(own.new.weight, own.new.mean, everybody.mean))

    def _rarer(self, own: Habits, event: Event) -> float:
        """Tell how often the hour is one in which the account pays at most as often."""
        everybody = self._state.everybody.hours
        of_all = sum(everybody)
        if not of_all:
            return _NOTHING_KNOWN
        total = sum(own.hours) + _BORROWED
        shares = [
            (mine + _BORROWED * theirs / of_all) / total
            for mine, theirs in zip(own.hours, everybody, strict=True)
        ]
        now = shares[_part_of_day(event.at_ms)]
        return _bounded(sum(share for share in shares if share <= now))


def _shrunk(weight: float, own: float, everybody: float) -> float:
    return (weight * own + _BORROWED * everybody) / (weight + _BORROWED)


def _part_of_day(at_ms: int) -> int:
    return at_ms % _DAY_MS * HOURS // _DAY_MS


def _bounded(chance: float) -> float:
    return min(max(chance, exp(-_SURPRISE_MAX)), 1.0)
