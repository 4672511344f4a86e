"""Look at the ledger that an app's demo left: nothing is taken from what the demo said.

Of many entries some are looked at, spread evenly, the first and the last among them. This module
refuses to repair anything, and leaves in the ledger only that sealed data was opened.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from counterfoil.errors import CounterfoilError, InputError, VerificationError
from counterfoil.formats import entry as entries
from counterfoil.formats import json_text
from counterfoil.formats import policy as policies
from counterfoil.formats import receipt as receipts
from counterfoil.formats.entry import StatementEntry
from counterfoil.formats.policy import Policy
from counterfoil.formats.receipt import Receipt
from counterfoil.ledger import Ledger, open_ledger
from counterfoil.ledger.audit import audit
from counterfoil.ledger.decisions import FoundDecision
from counterfoil.ledger.predicate_types import parse_registered
from counterfoil.ports import App, PredicateType, load_target
from counterfoil.proofs.verify import verify_receipt
from counterfoil.testing.checks import check

__all__ = ["Looked", "look"]

_SOME: Final = 24
_ACTOR: Final = "conformance"
_GOOD: Final = ("identical", "within-tolerance")
_TEXT_LEAST: Final = 5  # characters of a text that would be found by chance otherwise
_DIGITS_LEAST: Final = 8

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Looked:
    """What was looked at. decisions, actions: in the ledger; of the others, how many were tried."""

    entries: int
    decisions: int
    actions: int
    receipts: int
    explained: int
    replayed: int
    sealed: int


def look(app: App, folder: Path, kinds: Mapping[str, PredicateType]) -> Looked:
    """Check a demo's ledger; see `assert_conforms`. kinds: the app's predicates, by URI."""
    report = audit(folder)
    check("the ledger is sound", (), tuple(str(one) for one in report.findings[:5]))
    policy = policies.parse((folder / "policy.txt").read_bytes())
    with open_ledger(folder) as ledger:
        ledger.publish()
        size = ledger.size
        decisions = list(_decisions(ledger))
        check("the demo decides something", True, bool(decisions))
        by_kind = _check_kinds(ledger, size, kinds)
        places = sorted({one.index for one in _some(decisions)} | by_kind)
        for index in places:
            _check_receipt(ledger.receipt(index), policy)
        explained = _check_explained(app, ledger, decisions)
        replayed = _check_replays(app, ledger, decisions)
        sealed = _check_personal(app, ledger, size)
        actions = len(ledger.search("kind=action", limit=1000).hits)
    return Looked(size, len(decisions), actions, len(places), explained, replayed, sealed)


def _check_kinds(ledger: Ledger, size: int, kinds: Mapping[str, PredicateType]) -> set[int]:
    """Check that each kind of the app's records is used, and reads as what it is."""
    first: dict[str, int] = {}
    for index, data in enumerate(ledger.entries(0, size)):
        parsed = entries.parse(data)
        if isinstance(parsed, StatementEntry) and parsed.statement.predicate_type in kinds:
            first.setdefault(parsed.statement.predicate_type, index)
            kind = kinds[parsed.statement.predicate_type].predicate
            check(f"entry {index}", True, isinstance(parse_registered(parsed.statement), kind))
    check("kinds that the demo records", sorted(kinds), sorted(first))
    return set(first.values())


def _check_receipt(receipt: Receipt, policy: Policy) -> None:
    """Check that a receipt verifies from its bytes alone, and that a changed one does not."""
    data = receipts.format(receipt)
    try:
        verify_receipt(data, policy)
    except CounterfoilError as err:
        index = receipt.record.index
        raise AssertionError(f"expected the receipt of entry {index} to verify: {err}") from err
    entry = bytearray(receipt.record.entry)
    entry[len(entry) // 2] ^= 1
    record = msgspec.structs.replace(receipt.record, entry=bytes(entry))
    try:
        verify_receipt(msgspec.structs.replace(receipt, record=record), policy)
    except (VerificationError, InputError):
        return
    raise AssertionError(f"expected a changed entry {receipt.record.index} to be refused")


def _check_explained(app: App, ledger: Ledger, decisions: Sequence[FoundDecision]) -> int:
    """Check that decisions say why, who answers, and that the reasons can be computed again."""
    wanted = []
    for found in decisions:
        said = found.decision
        if said.by == "person":
            check(f"decision {found.index} of a person says why", True, bool(said.note))
            check(f"decision {found.index} of a person names them", True, bool(said.accountable))
            continue
        if not app.explained or said.outcome in app.explained:
            wanted.append(found)
            told = said.explanation is not None or bool(said.note)
            check(f"decision {found.index} ({said.outcome}) says why", True, told)
    check("decisions that are explained", True, bool(wanted))
    scored = [one for one in wanted if one.decision.explanation is not None]
    for found in _some(scored):
        again = ledger.decisions.explain(found.index, actor=_ACTOR)
        if again.verdict == "impossible" and app.replay:
            load_target(app.replay)(ledger, found.index)
            continue
        check(f"the explanation of decision {found.index}", True, again.verdict in _GOOD)
    return len(wanted)


def _check_replays(app: App, ledger: Ledger, decisions: Sequence[FoundDecision]) -> int:
    """Check that decisions give the same result when they are computed again."""
    made = [found for found in decisions if found.decision.by == "model"]
    some = _some(made)
    for found in some:
        again = ledger.decisions.replay(found.index, actor=_ACTOR)
        if again.verdict == "impossible" and app.replay:
            load_target(app.replay)(ledger, found.index)
            continue
        check(
            f"decision {found.index} again ({again.why or again.verdict})",
            True,
            again.verdict in _GOOD,
        )
        check(f"the outcome of {found.index} follows", True, again.outcome_follows is not False)
    check("decisions that are computed again", True, bool(some))
    return len(some)


def _check_personal(app: App, ledger: Ledger, size: int) -> int:
    """Check that no personal field stands open, and that what is sealed is nowhere in the log."""
    names = set(app.personal)
    texts: list[bytes] = []
    sealed: list[int] = []
    for index, data in enumerate(ledger.entries(0, size)):
        parsed = entries.parse(data)
        if not isinstance(parsed, StatementEntry):
            continue
        text = bytes(parsed.statement.predicate)
        texts.append(text)
        said = json_text.parse(text)
        open_names = sorted(names & set(_keys(said)))
        check(f"personal fields that stand open in entry {index}", [], open_names)
        if b'"ciphertext"' in text:
            sealed.append(index)
    if not names:
        return len(sealed)
    check("personal data is sealed", True, bool(sealed))
    for index in _some(sealed):
        opened = ledger.people.open(index, actor=_ACTOR, purpose="conformance")
        for value in _values(opened):
            found = any(value in text for text in texts)
            check(
                f"{value[:3].decode('utf-8', 'replace')}... of entry {index} in the log",
                False,
                found,
            )
    return len(sealed)


def _decisions(ledger: Ledger) -> Iterator[FoundDecision]:
    after = None
    while True:
        page = ledger.decisions.ls(limit=1000, after=after)
        yield from page.hits
        after = page.next
        if after is None:
            return


def _keys(value: Any) -> Iterator[str]:
    """List the names of all fields, at any depth."""
    if isinstance(value, dict):
        yield from value
        for one in value.values():
            yield from _keys(one)
    elif isinstance(value, list):
        for one in value:
            yield from _keys(one)


def _values(value: Any) -> Iterator[bytes]:
    """List what was opened as it would stand in JSON: texts and numbers too long for chance."""
    if isinstance(value, dict):
        for one in value.values():
            yield from _values(one)
    elif isinstance(value, (list, tuple)):
        for one in value:
            yield from _values(one)
    elif isinstance(value, str) and len(value) >= _TEXT_LEAST:
        yield json_text.format(value)[1:-1]
    elif (
        isinstance(value, (int, float)) and len(number := json_text.format(value)) >= _DIGITS_LEAST
    ):
        yield number


def _some(things: Sequence[T]) -> list[T]:
    """Take some of many, spread evenly, the first and the last among them."""
    if len(things) <= _SOME:
        return list(things)
    return [things[round(at * (len(things) - 1) / (_SOME - 1))] for at in range(_SOME)]
