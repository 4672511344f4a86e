"""Statements of the core, of other predicates, and those that somebody else signed."""

from __future__ import annotations

import time
from typing import Any

import pytest

from counterfoil.errors import Conflict, InputError, VerificationError
from counterfoil.formats.predicates import CORE
from counterfoil.formats.statement import Subject, sha256_subject
from counterfoil.ledger import Ledger
from tests.ledgers import CORE_STATEMENTS, OWNER, parts_of, prove
from tests.statements import refused

OTHER = "https://other.example/decision/v1"


@pytest.mark.parametrize("kind", sorted(CORE_STATEMENTS))
def test_core_statements(ledger: Ledger, kind: str) -> None:
    """Each statement of the core is recorded by its name, is proven, and is recorded once."""
    recorded = ledger.record_statement(kind, CORE_STATEMENTS[kind], source="s", number=0)
    verified = prove(ledger, recorded.index)
    assert type(verified.predicate) is CORE[f"https://counterfoil.dev/{kind}/v1"]
    assert verified.signed_at_ms is not None
    assert ledger.get(recorded.index).kind == kind
    again = ledger.record_statement(
        f"https://counterfoil.dev/{kind}/v1", CORE_STATEMENTS[kind], source="s", number=0
    )
    assert (again.index, again.duplicate) == (recorded.index, True)


def test_core_statements_said_twice(ledger: Ledger) -> None:
    """A core statement sent again gets its first receipt; another under its number is refused."""
    fields = CORE_STATEMENTS["mandate"]
    first = ledger.record_statement("mandate", fields, source="s", number=4)
    again = ledger.record_statement("mandate", fields, source="s", number=4)
    assert (again.index, again.duplicate) == (first.index, True)
    with refused("record.number-taken", Conflict):
        ledger.record_statement("mandate", {**fields, "until_ms": 3}, source="s", number=4)


def test_other_predicates(ledger: Ledger) -> None:
    """A predicate of somebody else is recorded under its URI, numbered and proven like ours."""
    fields = {"score_ppm": 5, "why": ["a", {"b": None}], "at_ms": 7}
    recorded = ledger.record_statement(OTHER, fields, source="s", number=2)
    view = ledger.get(recorded.index)
    assert (view.kind, view.issuer, view.number) == (OTHER, OWNER, 2)
    assert view.content == {**fields, "issuer": OWNER, "source": "s", "number": 2}
    verified = prove(ledger, recorded.index)
    assert verified.predicate is None
    assert verified.statement is not None
    assert ledger.record_statement(OTHER, fields, source="s", number=2).duplicate
    assert ledger.record_statement(OTHER, {"a": 1}).number == 0


def test_other_predicates_said_later(ledger: Ledger) -> None:
    """The time that the ledger adds is no part of what a statement says."""
    first = ledger.record_statement(OTHER, {"a": 1}, source="s", number=0)
    clock, recorded_ms = parts_of(ledger).log.clock, ledger.get(first.index).content["at_ms"]
    while clock.now_ms() <= recorded_ms:
        time.sleep(0.001)
    assert ledger.record_statement(OTHER, {"a": 1}, source="s", number=0).index == first.index


def test_subjects(ledger: Ledger) -> None:
    """Subjects are what the statement is about; without any, its own fields are."""
    subjects = [Subject(digest={"sha256": "ab" * 32}, name="model"), Subject(digest={"x": "cd"})]
    recorded = ledger.record_statement(OTHER, {"a": 1}, subjects=subjects)
    found = prove(ledger, recorded.index).statement
    assert found is not None
    assert found.subject == tuple(subjects)
    alone = prove(ledger, ledger.record_statement(OTHER, {"a": 1}).index).statement
    assert alone is not None
    assert alone.subject == (sha256_subject(OTHER, b'{"a":1}'),)


def test_conditions(ledger: Ledger) -> None:
    """Any statement of the core can be conditional."""
    fields: dict[str, Any] = {**CORE_STATEMENTS["organisation"], "expect": {"org": [None, "in"]}}
    ledger.record_statement("organisation", fields)
    assert ledger.counter("org") == "in"
    with refused("log.expect", Conflict):
        ledger.record_statement("organisation", fields)
    assert ledger.record_statement("organisation", CORE_STATEMENTS["organisation"]).number == 1


@pytest.mark.parametrize(
    ("kind", "fields", "code"),
    [
        ("record", {"content": {}}, "statement.kind"),
        ("https://counterfoil.dev/block/v1", {}, "statement.kind"),
        ("key", {}, "statement.kind"),
        ("decree", {}, "statement.kind"),
        ("decision", {}, "predicate.malformed"),
        ("decision", {"model": {"digest": "00" * 32}, "outcome": float("nan")}, "json.number"),
        ("decision", {"model": {}, "outcome": "pay"}, "predicate.malformed"),
        ("", {}, "statement.kind"),
        (5, {}, "statement.kind"),
        ("organisation", "text", "statement.fields"),
        ("organisation", {"issuer": OWNER}, "statement.fields"),
        (OTHER, {"source": "x"}, "statement.fields"),
        (OTHER, {"number": 1}, "statement.fields"),
        ("organisation", {}, "predicate.malformed"),
        ("organisation", {"organisation": "x", "name": "y"}, "predicate.malformed"),
        ("organisation", {"organisation": "urn:x", "name": "y", "z": 1}, "predicate.malformed"),
        ("organisation", {"organisation": "urn:x", "name": "\ud800"}, "json.surrogate"),
        ("policy", {"members": [], "policy": "nonsense"}, "policy.line"),
        (OTHER, {"a": float("nan")}, "json.number"),
        (OTHER, {"a": b"bytes"}, "json.type"),
        (OTHER, {1: 2}, "json.type"),
        (OTHER, {"a": "x" * 70_000}, "entry.size"),
        ("x:" + "y" * 600, {}, "statement.malformed"),
        ("x:\ud800", {}, "statement.malformed"),
    ],
    ids=map(str, range(24)),
)
def test_bad_statements_record_nothing(
    untouched: Ledger, kind: str, fields: dict[str, Any], code: str
) -> None:
    """A kind or field that is wrong is refused before anything is signed."""
    with pytest.raises(InputError) as caught:
        untouched.record_statement(kind, fields)
    assert caught.value.code.split(".")[0] == code.split(".")[0], caught.value
    assert untouched.size == 3


@pytest.mark.parametrize(
    "subjects",
    [
        [Subject(digest={})],
        [Subject(digest={"a": "b"}), Subject(digest={"a": "b"})],
        [Subject(digest={"a": "\ud800"})],
        [Subject(digest={"sha256": "AB" * 32})],
        [Subject(digest={"sha256": "ab" * 31})],
        [{"digest": {"sha256": "ab" * 32}}],
        [Subject(digest="ab")],  # type: ignore[arg-type]  # what people try
    ],
    ids=["no digest", "one name", "surrogate", "upper case", "short", "a dict", "a text"],
)
def test_bad_subjects_record_nothing(untouched: Ledger, subjects: list[Subject]) -> None:
    """Subjects without a digest, with one that nobody finds, or with one name for two."""
    for kind, fields in ((OTHER, {"a": 1}), ("policy", CORE_STATEMENTS["policy"])):
        with refused("statement.malformed"):
            untouched.record_statement(kind, fields, subjects=subjects)


def test_claims_that_do_not_hold_record_nothing(untouched: Ledger) -> None:
    """A party whose keys did not agree, or an accusation without proof, is not recorded."""
    party = CORE_STATEMENTS["party"]
    with refused("claim.binding", VerificationError):
        untouched.record_statement("party", {**party, "party": "urn:party:2"})
    accusation = CORE_STATEMENTS["equivocation"]
    with refused("claim.equivocation", VerificationError):
        untouched.record_statement("equivocation", {**accusation, "second": accusation["first"]})
