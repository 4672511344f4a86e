"""Rules and what they decided, on record: a text as a maker, and a decision for each payment.

A decision names the text by its digest, holds the payment and its windows as inputs, and every
condition with whether it held as its explanation; so it can be computed again from the log alone.
What is personal is sealed under the payer's account unless the caller says that nothing is. This
module refuses to record rules whose own tests fail.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import msgspec

from counterfoil.apps.finance.payments import Payment, payment_reference
from counterfoil.apps.finance.rules.application import Applied
from counterfoil.apps.finance.rules.cases import run_cases
from counterfoil.apps.finance.rules.engine import Trail
from counterfoil.apps.finance.rules.reading import read_rules
from counterfoil.apps.finance.rules.ruleset import PASS, RuleSet
from counterfoil.errors import NotFound, Refused, VerificationError
from counterfoil.formats.statement import Subject
from counterfoil.ports import Said, ToSeal
from counterfoil.provenance.decisions import schema_digest
from counterfoil.provenance.statements.parts import Reference
from counterfoil.provenance.statements.rules import Rule as RuleStatement

if TYPE_CHECKING:
    from counterfoil.ledger import Ledger, RecordView

__all__ = [
    "LANGUAGE",
    "RULES_ALONE",
    "RULE_ROLE",
    "RecordedRules",
    "contributions_of",
    "decision_said",
    "find_rules",
    "list_rules",
    "person_of",
    "record_rules",
]

LANGUAGE: Final = "CEL"

RULES_ALONE: Final = "payment.rules"
"""Purpose of a decision that nothing but rules had a say in."""

_PAGE: Final = 100
_TITLE_MAX: Final = 120
_NO_END: Final = (1 << 53) - 1
_DATA_CLASS: Final = "decision"

RULE_ROLE: Final = "rule"
"""Role of the rules in a decision that they made."""


@dataclass(frozen=True, slots=True)
class RecordedRules:
    """Rules that stand in a ledger. index, leaf: of their statement."""

    index: int
    leaf: str
    said: RuleStatement

    @property
    def reference(self) -> Reference:
        """Name them in another statement."""
        title = f"{self.said.name}:{self.said.version}"
        return Reference(leaf=self.leaf, digest=self.said.digest, role=RULE_ROLE, name=title[:255])

    def to_json(self) -> dict[str, Any]:
        """Turn it into what the command line and the API print."""
        return {"index": self.index, "leaf": self.leaf, "rules": msgspec.to_builtins(self.said)}


def record_rules(
    ledger: Ledger, rules: RuleSet, *, accountable: str | None = None
) -> RecordedRules:
    """Record a set of rules, once; the same text again gives its first place.

    Raises Refused with code rules.cases where one of its tests fails or a rule has none.
    """
    results = list(run_cases(rules))
    failed = [one for one in results if not one.passed]
    if failed:
        first = failed[0]
        raise Refused(
            "rules.cases",
            f"expected rules that pass their own tests, found {len(failed)} that fail, first "
            f"{first.rule} {first.case!a}: {first.note or first.found}",
            hint="`counterfoil rules test FILE` shows every one.",
        )
    known = _find(ledger, rules.digest)
    if known is not None:
        return known
    fields: dict[str, Any] = {
        "name": rules.name,
        "version": rules.version,
        "language": LANGUAGE,
        "digest": rules.digest,
        "size": len(rules.text),
        "kept": msgspec.to_builtins(ledger.keep(rules.text)),
        "rules": [_version(one) for one in rules.rules],
        "cases": len(results),
    }
    if accountable is not None:
        fields["accountable"] = {"name": accountable}
    subjects = [Subject(digest={"sha256": rules.digest}, name=rules.title[:255])]
    subjects += [Subject(digest={"sha256": one.digest}, name=one.name[:255]) for one in rules.rules]
    done = ledger.record_statement("rule", fields, subjects=subjects)
    return _of(ledger.get(done.index))


def find_rules(ledger: Ledger, digest: str) -> tuple[RecordedRules, RuleSet]:
    """Find recorded rules by their digest, and read them from beside the log.

    Raises NotFound with code rules.unknown, VerificationError with code rules.digest.
    """
    found = _find(ledger, digest)
    if found is None:
        raise NotFound(
            "rules.unknown",
            f"expected recorded rules, found none with digest {digest[:80]!a}",
            hint="`counterfoil rules add FILE` records them.",
        )
    rules = read_rules(ledger.kept(found.said.kept))
    if rules.digest != digest:
        raise VerificationError(
            "rules.digest",
            f"expected rules of digest {digest}, found {rules.digest}",
            hint="The text beside the log was changed: restore it from a copy.",
        )
    return found, rules


def list_rules(ledger: Ledger, limit: int) -> Iterator[RecordedRules]:
    """List recorded rules, the newest first."""
    after: int | None = None
    while limit > 0:
        page = ledger.search("kind=rule", limit=min(limit, _PAGE), after=after)
        yield from map(_of, page.hits)
        limit, after = limit - len(page.hits), page.next
        if after is None:
            return


def person_of(payment: Payment) -> str:
    """Tell under whose key a payment is sealed: the payer's account, else the name, else the id."""
    return payment.debtor.account or payment.debtor.name or f"payment:{payment.id}"


def decision_said(
    trail: Trail,
    rules: Reference,
    *,
    person: str | None,
    purpose: str = RULES_ALONE,
    outcome: str | None = None,
    based_on: Sequence[Reference] = (),
    note: str = "",
    at_ms: int | None = None,
    more: Mapping[str, Any] | None = None,
) -> Said:
    """Write what was decided on a payment as a decision's statement.

    rules: of the text. person: under whose key payment and windows are sealed; None leaves them
    open. outcome: where others had a say, too. based_on: what else it rests on. at_ms: when it was
    decided; else when it is recorded. more: further inputs.
    """
    facts: dict[str, Any] = {
        "payment": trail.payment.facts(),
        "windows": {
            one.rule.name: {name: dict(held) for name, held in one.windows.items()}
            for one in trail.applied
            if one.windows
        },
        **(more or {}),
    }
    held = {"base": "0", "contributions": contributions_of(trail.applied)}
    explained: dict[str, Any] = {"method": "conditions", "unit": "holds", "exact": True}
    fields: dict[str, Any] = {
        "model": msgspec.to_builtins(rules),
        "outcome": outcome or trail.outcome,
        "input_schema": schema_digest(facts),
        "purpose": purpose,
        "based_on": [
            msgspec.to_builtins(payment_reference(trail.payment.id)),
            *({"digest": one.rule.digest, "role": one.result, "name": one.rule.name[:255]}
              for one in trail.applied if one.outcome != PASS),
            *map(msgspec.to_builtins, based_on),
        ][:64],
        "note": note or " ".join(one.rule.reason for one in trail.reasons)[:8192],
    }  # fmt: skip
    seal: dict[str, ToSeal] = {}
    if at_ms is not None:
        fields["at_ms"] = at_ms
    if person is None:
        fields |= {"inputs": facts, "explanation": explained | held}
    else:
        sealed = {f"inputs/{name}": value for name, value in facts.items()}
        fields["explanation"] = explained
        seal["sealed"] = ToSeal(person, _DATA_CLASS, {**sealed, "explanation": held})
    subject = Subject(digest={"sha256": rules.digest or rules.leaf or ""}, name="rule")
    said = {name: value for name, value in fields.items() if value not in ("", [])}
    return Said("decision", said, (subject,), seal)


def contributions_of(applied: Sequence[Applied]) -> dict[str, str]:
    """Name every condition: `1` holds, `0` does not, `-1` has no value."""
    words = {True: "1", False: "0", None: "-1"}
    return {
        f"{one.rule.name}: {name}": words[held]
        for one in applied
        for name, held in one.conditions.items()
    }


def _version(rule: Any) -> dict[str, Any]:
    said: dict[str, Any] = {
        "id": rule.id,
        "version": rule.version,
        "digest": rule.digest,
        "outcome": rule.outcome,
        "severity": rule.severity,
        "jurisdiction": rule.jurisdiction,
        "title": rule.title[:_TITLE_MAX],
    }
    if rule.start_ms:
        said["from_ms"] = rule.start_ms
    if rule.end_ms < _NO_END:
        said["until_ms"] = rule.end_ms
    return said


def _find(ledger: Ledger, digest: str) -> RecordedRules | None:
    hits = ledger.search(f"kind=rule digest={digest}", limit=1).hits
    return _of(hits[0]) if hits else None


def _of(view: RecordView) -> RecordedRules:
    return RecordedRules(view.index, view.leaf, msgspec.convert(view.content, RuleStatement))
