"""Kinds of statements that packages bring in: recorded as ours are, and refused when wrong."""

from __future__ import annotations

from importlib.metadata import EntryPoint, EntryPoints
from typing import Any

import pytest

from counterfoil.errors import Conflict, InputError
from counterfoil.formats.statement import Subject
from counterfoil.ledger import Ledger, predicate_types
from counterfoil.ledger.predicate_types import registered
from counterfoil.ports import Said
from tests.ledgers import prove
from tests.statements import refused

MODEL = {"digest": "ab" * 32}
PAID: dict[str, Any] = {"model": MODEL, "outcome": "pay", "score": "0.25", "latency_us": 7}


def test_a_registered_statement_is_recorded_and_proven(ledger: Ledger) -> None:
    """It is checked against its shape, shown by its short name, and its receipt verifies."""
    subjects = [Subject(digest={"sha256": "cd" * 32}, name="payment")]
    done = ledger.record_statement("decision", PAID, subjects=subjects)
    shown = ledger.get(done.index)
    assert (shown.kind, shown.content["score"]) == ("decision", "0.25")
    assert shown.at_ms is not None
    statement = prove(ledger, done.index).statement
    assert statement is not None
    assert statement.predicate_type == "https://counterfoil.dev/decision/v1"
    assert [one.name for one in statement.subject] == ["payment"]


def test_many_statements_stand_under_one_batch_signature(ledger: Ledger) -> None:
    """They get numbers in a row; each is proven by itself; one that is wrong records none."""
    size = ledger.size
    said = [Said("decision", {**PAID, "latency_us": n}) for n in range(5)]
    done = ledger.record_statements(said).result()
    assert done.indices == tuple(range(size, size + 5))
    assert ledger.size == size + 6
    assert [ledger.get(index).content["latency_us"] for index in done.indices] == list(range(5))
    assert all(prove(ledger, index).index == index for index in done.indices)
    with refused("predicate.malformed"):
        ledger.record_statements([said[0], Said("decision", {"outcome": "pay"})])
    with refused("statement.alone"):
        ledger.record_statements([Said("decision", {**PAID, "expect": {"a": (None, 1)}})])
    assert ledger.size == size + 6


def test_the_same_statements_again_get_their_first_place(ledger: Ledger) -> None:
    """A repeated source and number is answered, whatever its time; other content is refused."""
    said = [Said("decision", PAID), Said("decision", {**PAID, "outcome": "hold"})]
    first = ledger.record_statements(said, source="s", first=0).result()
    again = ledger.record_statements(said, source="s", first=0).result()
    assert (again.indices, again.new) == (first.indices, 0)
    with refused("record.number-taken", Conflict):
        ledger.record_statements(said[::-1], source="s", first=0).result()


SUBJECT = Subject(digest={"sha256": "cd" * 32}, name="payment")


@pytest.mark.parametrize(
    "subjects",
    [
        (SUBJECT, SUBJECT),
        (SUBJECT, Subject(digest={}, name="x")),
        (Subject({"a": 1}),),  # type: ignore[dict-item]
    ],
)
@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("decision", PAID),
        ("organisation", {"name": "A", "organisation": "https://a.example"}),
        ("https://other.example/x/v1", {}),
    ],
)
def test_wrong_subjects_are_refused_before_they_are_signed(
    ledger: Ledger, kind: str, fields: dict[str, Any], subjects: tuple[Subject, ...]
) -> None:
    """Names are unique and every subject has a digest, of whatever kind a statement is."""
    size = ledger.size
    with refused("statement.malformed"):
        ledger.record_statement(kind, fields, subjects=subjects)
    with refused("statement.malformed"):
        ledger.record_statements([Said(kind, fields, subjects)])
    assert ledger.size == size


@pytest.mark.parametrize("depth", [60, 61, 62, 63, 64, 65])
def test_what_is_signed_can_be_read(ledger: Ledger, depth: int) -> None:
    """However deep the fields are nested: what nobody could read is refused, and else it is read.

    The log's statement is around the fields, and takes two levels of what may be nested.
    """
    nested: Any = 1
    for _ in range(depth):
        nested = [nested]
    size = ledger.size
    try:
        done = ledger.record_statement("decision", {**PAID, "inputs": {"x": nested}})
    except InputError as err:
        assert err.code in ("json.depth", "predicate.malformed")
        assert ledger.size == size
    else:
        assert ledger.get(done.index).content["inputs"] == {"x": nested}


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("counterfoil.no_such_module:X", "No module"),
        ("counterfoil.units:ENTRY_MAX_BYTES", "no PredicateType"),
    ],
)
def test_a_wrong_plug_in_is_named(monkeypatch: pytest.MonkeyPatch, value: str, says: str) -> None:
    """An entry point that does not load, or is something else, is an error that names it."""
    point = EntryPoint("x", value, predicate_types.GROUP)
    monkeypatch.setattr(predicate_types, "entry_points", lambda group: EntryPoints([point]))
    registered.cache_clear()
    try:
        with pytest.raises(InputError, match=says) as caught:
            registered()
    finally:
        registered.cache_clear()
    assert caught.value.code == "predicate.entry-point"
    assert value in caught.value.message
