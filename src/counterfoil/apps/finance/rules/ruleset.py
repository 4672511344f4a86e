"""Rules as data: what each says, from when until when it is in force, and what it looks at.

A set of rules is the text of one file. Its digest is the *maker* that decisions name and that an
owner approves: another text is another maker. This module refuses versions of one rule that are in
force at the same moment, since nobody could say which one decided.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, tzinfo
from hashlib import sha256
from itertools import pairwise
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from counterfoil.errors import InputError
from counterfoil.formats.json_text import canonicalise

__all__ = [
    "OUTCOMES",
    "PASS",
    "Case",
    "Outcome",
    "Rule",
    "RuleSet",
    "Span",
    "Window",
    "check_versions",
    "moment",
    "zone",
]

Outcome = Literal["pass", "flag", "report", "hold", "refuse"]

OUTCOMES: Final[tuple[Outcome, ...]] = ("pass", "flag", "report", "hold", "refuse")
"""What may come of a payment, the mildest first. A rule that is met gives any but `pass`."""

PASS: Final = "pass"  # noqa: S105 - an outcome

_ALWAYS: Final = (0, (1 << 53) - 1)


@dataclass(frozen=True, slots=True)
class Span:
    """How far back a window looks.

    ms: so many milliseconds before the payment, itself included. day: since midnight in the rule's
    time zone, instead.
    """

    ms: int
    day: bool = False


@dataclass(frozen=True, slots=True)
class Window:
    """Payments that a rule looks at beside the one at hand.

    of: the field of this payment whose value is looked for, such as `debtor.account`. as_: the
    field of the earlier payments that must have it. over: how far back. where: which of them count,
    in CEL; empty for all. They are of this payment's currency, and it is among them where it
    fits itself.
    """

    of: str
    as_: str
    over: Span
    where: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """A test that stands with its rule: payments in order, and what becomes of the last one.

    expect: the outcome of the rule: its own, or `pass`. payments: plain JSON.
    """

    name: str
    expect: str
    payments: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Rule:
    """One version of a rule.

    start_ms, end_ms: from when on, and from when no longer it is in force, Unix ms. when: name ->
    expression; the rule is met where all are true. cases: its tests. digest: SHA-256 of all that
    decides, as canonical JSON (RFC 8785), in hexadecimal.
    """

    id: str
    version: str
    title: str
    outcome: Outcome
    severity: str
    reason: str
    jurisdiction: str
    time_zone: str
    start_ms: int
    end_ms: int
    when: Mapping[str, str]
    windows: Mapping[str, Window] = field(default_factory=dict)
    params: Mapping[str, Any] = field(default_factory=dict)
    sources: tuple[str, ...] = ()
    cases: tuple[Case, ...] = ()
    digest: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "digest", self._digest())

    @property
    def name(self) -> str:
        """Id and version as one text."""
        return f"{self.id}:{self.version}"

    def _digest(self) -> str:
        windows = {
            name: [one.of, one.as_, one.over.ms, one.over.day, one.where]
            for name, one in self.windows.items()
        }
        said = {
            "id": self.id,
            "version": self.version,
            "outcome": self.outcome,
            "jurisdiction": self.jurisdiction,
            "time_zone": self.time_zone,
            "start_ms": self.start_ms,
            "end_ms": self.end_ms,
            "when": dict(self.when),
            "windows": windows,
            "params": dict(self.params),
        }
        return sha256(canonicalise(said)).hexdigest()

    def in_force(self, at_ms: int) -> bool:
        """Tell whether this version is the law at a moment."""
        return self.start_ms <= at_ms < self.end_ms


@dataclass(frozen=True, slots=True)
class RuleSet:
    """The rules of one file.

    text: the file, byte for byte. name, version: of the set.
    """

    name: str
    version: str
    rules: tuple[Rule, ...]
    text: bytes

    @property
    def digest(self) -> str:
        """SHA-256 of the file, in hexadecimal: the maker that decisions name."""
        return sha256(self.text).hexdigest()

    @property
    def title(self) -> str:
        """Name and version as one text."""
        return f"{self.name}:{self.version}"


def zone(name: str) -> tzinfo:
    """Find a time zone. Raises InputError with code rules.zone."""
    if name in ("", "UTC"):
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as err:
        raise InputError(
            "rules.zone",
            f"expected a time zone of the IANA database, found {name[:60]!a}",
            hint="For example Europe/Berlin; some systems need the package tzdata.",
        ) from err


def moment(value: date | datetime | None, time_zone: str, *, last: bool = False) -> int:
    """Turn a date, or a date and time, into Unix ms: midnight in the time zone where it has none.

    None: without a beginning, or with `last` without an end.
    """
    if value is None:
        return _ALWAYS[last]
    if not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day)
    zoned = value if value.tzinfo is not None else value.replace(tzinfo=zone(time_zone))
    return max(0, round(zoned.timestamp() * 1000))


def check_versions(rules: Sequence[Rule]) -> None:
    """Check that no two versions of a rule are in force at once, and that none is there twice.

    Raises InputError with code rules.versions.
    """
    by_id: dict[str, list[Rule]] = {}
    for rule in rules:
        by_id.setdefault(rule.id, []).append(rule)
    for versions in by_id.values():
        if len({one.version for one in versions}) < len(versions):
            raise _twice(f"each version of {versions[0].id!a} once", "two of one name")
        for first, second in pairwise(sorted(versions, key=lambda one: one.start_ms)):
            if second.start_ms < first.end_ms:
                raise _twice(
                    f"one version of {first.id!a} in force at a time",
                    f"{first.version!a} and {second.version!a} at once",
                )


def _twice(expected: str, found: str) -> InputError:
    return InputError(
        "rules.versions",
        f"expected {expected}, found {found}",
        hint="End the older one with effective_until where the newer one begins.",
    )
