"""A decision made in a block: what it takes, what it refuses, and what is left when it fails."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

import counterfoil
from counterfoil.errors import InputError, NotFound, Refused, Unavailable
from counterfoil.ledger import Ledger
from counterfoil.ledger.decisions import Decision
from counterfoil.provenance.statements.parts import Accountable, Reference
from tests.ledgers import prove, set_setting
from tests.statements import refused

Said = Callable[[Decision], dict[str, Any]]
INPUTS = {"income": 31.5, "debt": 12.25, "city": "Ghent"}


def test_two_lines_record_a_decision(ledger: Ledger, own: int, said: Said) -> None:
    """Score, threshold and outcome, model, inputs, and who answers stand in a proven statement."""
    with ledger.decision("credit", INPUTS, purpose="credit", threshold=0.5) as d:
        d.score = 0.75
    found = said(d)
    assert d.recorded is not None
    assert prove(ledger, d.recorded.result()).statement is not None
    model = ledger.get(own)
    assert found["model"] == {"leaf": model.leaf, "digest": "ab" * 32, "name": "credit:1"}
    assert (found["score"], found["threshold"], found["outcome"]) == ("0.75", "0.5", "hold")
    assert found["alternatives"] == ["grant", "hold"]
    assert (found["inputs"], found["purpose"]) == (INPUTS, "credit")
    assert found["accountable"] == {"name": "Ada Lovelace", "role": "credit officer"}
    assert found["latency_us"] >= 0
    assert ledger.search(f"subject.sha256={'ab' * 32} kind=decision").total == 1


@pytest.mark.parametrize("named", ["credit:1", "AB" * 32, "leaf", "index", "reference"])
def test_a_model_is_named_in_any_way(ledger: Ledger, own: int, said: Said, named: str) -> None:
    """By name and version, digest, leaf, index, or a reference, it is the same model."""
    leaf = ledger.get(own).leaf
    model: Any = {"leaf": leaf, "index": own, "reference": Reference(leaf)}.get(named, named)
    with ledger.decision(model, {}) as d:
        d.outcome = "grant"
    assert said(d)["model"]["leaf"] == leaf


def test_a_model_that_is_none(ledger: Ledger, own: int) -> None:
    """An unknown name, another kind of entry, and what is no name are told apart."""
    with refused("model.unknown", NotFound):
        ledger.decision("fraud", {})
    with refused("model.other-statement"):
        ledger.decision(0, {})
    for model in (1.5, [], True, object()):
        with refused("decision.model"):
            ledger.decision(model, {})


def test_personal_inputs_are_sealed(ledger: Ledger, own: int, said: Said) -> None:
    """No input of a person stands in the log, nor a score that is to be sealed."""
    with ledger.decision("credit", INPUTS, person="C-1", seal_score=True) as d:
        d.score, d.outcome = 0.123456789, "grant"
    assert d.recorded is not None
    index = d.recorded.result()
    found = said(d)
    assert found["sealed"]["names"] == ["score", *(f"inputs/{name}" for name in INPUTS)]
    raw = ledger.entry(index)
    assert "inputs" not in found
    assert "score" not in found
    assert not any(text in raw for text in (b"31.5", b"Ghent", b"0.1234", b"C-1"))
    opened = ledger.people.open(index, actor="auditor", purpose="audit")["sealed"]
    assert opened["inputs/city"] == "Ghent"
    assert opened["score"] == "0.123456789"
    assert len(raw) < 3000


def test_inputs_that_are_not_kept(ledger: Ledger, own: int, said: Said) -> None:
    """Only a salted digest stands in the log; the salt is the caller's, or sealed."""
    with ledger.decision("credit", INPUTS, keep_inputs=False) as d:
        d.outcome = "grant"
    found = said(d)
    assert d.inputs_salt is not None
    assert len(d.inputs_salt) == 16
    assert "inputs" not in found
    assert len(found["inputs_digest"]) == 64
    with ledger.decision("credit", INPUTS, keep_inputs=False, person="C-1") as d:
        d.outcome = "grant"
    assert said(d)["sealed"]["names"] == ["inputs_salt"]


def test_what_a_decision_rests_on(ledger: Ledger, own: int, said: Said) -> None:
    """Entries by index, leaf hash or reference, a note, and another person who answers."""
    leaf = ledger.get(0).leaf
    with ledger.decision("credit", {}, accountable=("Grace", "head"), note="second look") as d:
        d.based_on(0, leaf, Reference(digest="cd" * 32, role="alert"))
        d.outcome = "hold"
    found = said(d)
    assert found["based_on"] == [
        {"leaf": leaf},
        {"leaf": leaf},
        {"digest": "cd" * 32, "role": "alert"},
    ]
    assert (found["accountable"], found["note"]) == (
        {"name": "Grace", "role": "head"},
        "second look",
    )


def test_a_block_that_fails(ledger: Ledger, own: int, said: Said) -> None:
    """Before an outcome was set nothing is recorded, after it the decision is; both say so."""
    size = ledger.size
    with pytest.raises(ValueError, match="no rates") as caught, ledger.decision("credit", {}) as d:
        d.score = 0.5
        raise ValueError("no rates")
    assert "No decision was recorded" in caught.value.__notes__[0]
    assert d.recorded is None
    with pytest.raises(ValueError, match="secret") as caught, ledger.decision("credit", {}) as d:
        d.outcome = "hold"
        raise ValueError("secret")
    assert "was recorded" in caught.value.__notes__[0]
    assert said(d)["note"] == "The block ended with ValueError after the outcome was set."
    with pytest.raises(ValueError, match="x") as caught, ledger.decision("credit", {}) as d:
        d.outcome, d.threshold = "hold", float("nan")
        raise ValueError("x")
    assert "No decision was recorded: expected a finite" in caught.value.__notes__[0]
    ledger.decisions.flush()
    assert ledger.size == size + 2  # one decision and its batch signature


@pytest.mark.parametrize("score", [float("nan"), float("inf"), "0.5", None])
def test_a_score_that_is_no_number(ledger: Ledger, own: int, score: Any) -> None:
    """NaN and infinity are named, and nothing is recorded, nor half of it."""
    size = ledger.size
    with refused("decision.score"), ledger.decision("credit", {}, threshold=0.5) as d:
        d.score = score
    ledger.decisions.flush()
    assert (ledger.size, d.recorded) == (size, None)


@pytest.mark.parametrize("name", ["outcom", "treshold", "based", "_anything"])
def test_a_misspelt_field_is_refused(ledger: Ledger, own: int, name: str) -> None:
    """It would be kept, and the model's own outcome recorded in its place."""
    with (
        pytest.raises(AttributeError, match=name),
        ledger.decision(own, {"a": 1}, threshold=0.5) as decision,
    ):
        setattr(decision, name, "refuse")
    assert decision.recorded is None


def test_a_decision_without_an_outcome(ledger: Ledger, own: int) -> None:
    """An outcome is set, or follows from a threshold between two; else it is an error."""
    with refused("decision.no-outcome"), ledger.decision("credit", {}) as d:
        d.score = 0.5
    other = Reference(digest="cd" * 32)  # its outcomes are not known here
    with refused("decision.no-outcome"), ledger.decision(other, {}, threshold=0.5) as d:
        d.score = 0.5
    with ledger.decision(other, {}, threshold=0.5, outcomes=("no", "yes")) as d:
        d.score = 0.5
    assert d.outcome == "yes"


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"person": ""}, "person.id"),
        ({"person": 7}, "person.id"),
        ({"person": "C-\ud800"}, "person.id"),
        ({"person": "C" * 1025}, "person.id"),
        ({"person": "handle:00"}, "person.id"),
        ({"explain": "sometimes"}, "decision.explain"),
        ({"threshold": "high"}, "decision.score"),
        ({"outcomes": ("one",)}, "decision.outcomes"),
        ({"outcomes": "ab"}, "decision.outcomes"),
        ({"accountable": 7}, "decision.accountable"),
        ({"accountable": {"nom": "Ada"}}, "decision.accountable"),
        ({"accountable": ""}, "decision.accountable"),
        ({"purpose": ""}, "decision.purpose"),
        ({"seal_score": True}, "decision.seal-score"),
    ],
)
def test_options_are_checked_at_once(ledger: Ledger, own: int, options: Any, code: str) -> None:
    """What is wrong is told where the decision begins, not later in the background."""
    with refused(code):
        ledger.decision("credit", {}, **options)


def test_outcomes_and_notes_are_checked(ledger: Ledger, own: int) -> None:
    """An outcome is a short text, and a note a text of bounded length."""
    for outcome in ("", "x" * 256, "a\nb", 5):
        with refused("decision.outcome"), ledger.decision("credit", {}) as d:
            d.outcome = outcome  # type: ignore[assignment]  # that is the test
    with refused("decision.note"), ledger.decision("credit", {}) as d:
        d.outcome, d.note = "hold", "x" * 8193


def test_who_answers_in_each_form(ledger: Ledger, own: int, said: Said) -> None:
    """A name, a pair, a mapping and the type itself say the same."""
    for given in ("Ada", ["Ada", None], {"name": "Ada"}, Accountable("Ada")):
        with ledger.decision("credit", {}, accountable=given) as d:
            d.outcome = "hold"
        assert said(d)["accountable"] == {"name": "Ada"}


def test_waiting_for_durability(ledger: Ledger, own: int) -> None:
    """With wait=True the decision is in the log when the block has ended."""
    with ledger.decision("credit", {}, wait=True) as d:
        d.outcome = "hold"
    assert d.recorded is not None
    assert d.recorded.done()


def test_many_tasks_of_one_event_loop(ledger: Ledger, own: int) -> None:
    """`async with` works in any number of tasks, waiting or not; each decision is recorded once."""

    async def decide(number: int) -> Decision:
        async with ledger.decision("credit", {"n": number}, wait=number % 10 == 0) as d:
            await asyncio.sleep(0)
            d.outcome = "hold"
        return d

    async def all_of_them() -> list[Decision]:
        return await asyncio.gather(*map(decide, range(100)))

    made = asyncio.run(all_of_them())
    indices = [d.recorded.result() for d in made if d.recorded is not None]
    assert [ledger.get(index).content["inputs"]["n"] for index in indices] == list(range(100))


def test_an_async_block_that_fails(ledger: Ledger, own: int) -> None:
    """It says that nothing was recorded, as a block does that is not async."""

    async def decide() -> None:
        async with ledger.decision("credit", {}):
            raise ValueError("no rates")

    with pytest.raises(ValueError, match="no rates") as caught:
        asyncio.run(decide())
    assert "No decision was recorded" in caught.value.__notes__[0]


def test_a_fork_cannot_decide_for_its_parent(ledger: Ledger, own: int) -> None:
    """A child process is refused at once, hangs nowhere, and records nothing of its parent's."""
    with ledger.decision("credit", {}) as d:
        d.outcome = "hold"
    read, write = os.pipe()
    pid = os.fork()
    if not pid:
        code = "none"
        try:
            with ledger.decision("credit", {}) as d:
                d.outcome = "hold"
        except Refused as err:
            code = err.code
        ledger.close()
        os.write(write, code.encode())
        os._exit(0)
    os.waitpid(pid, 0)
    assert os.read(read, 100) == b"ledger.forked"
    os.close(read)
    os.close(write)
    assert d.recorded is not None
    assert d.recorded.result() >= 0


def test_a_closed_ledger_takes_no_decision(ledger: Ledger, own: int) -> None:
    """What was made while it was open is recorded by closing it; afterwards it is an error."""
    with ledger.decision("credit", {}) as d:
        d.outcome = "hold"
    late = ledger.decision("credit", {})
    ledger.close()
    assert d.recorded is not None
    assert d.recorded.done()
    with refused("decision.closed", Unavailable), late:
        late.outcome = "hold"
    with refused("decision.closed", Unavailable):
        ledger.decision("another", {})


def test_inputs_are_checked_where_the_decision_begins(ledger: Ledger, own: int) -> None:
    """70,000 bytes of input are a clear error in the caller's thread, and record nothing."""
    with pytest.raises(InputError, match="the largest is 'essay'") as caught:
        ledger.decision("credit", {"age": 39, "essay": "x" * 70_000}, person="C-1")
    assert caught.value.code == "decision.inputs-size"


def test_the_settings_say_who_answers(folder: Path) -> None:
    """Where neither the decision nor the model's statement names anybody."""
    set_setting(folder, "accountable", '"Grace Hopper"')
    with counterfoil.open(folder) as ledger:
        with ledger.decision(Reference(digest="cd" * 32), {}, wait=True) as d:
            d.outcome = "hold"
        assert d.recorded is not None
        found = ledger.get(d.recorded.result()).content
    assert found["accountable"] == {"name": "Grace Hopper"}


@pytest.mark.parametrize("guest", [False, True])
def test_erasing_takes_along_what_is_still_queued(ledger: Ledger, own: int, guest: bool) -> None:
    """Who is erased right after a decision is erased from it, too; nothing comes back later."""
    with counterfoil.open(ledger.layout.folder) if guest else nullcontext(ledger) as mine:
        for number in range(40):
            with mine.decision("credit", {"n": number}, person="C-1") as d:
                d.outcome = "hold"
        assert len(mine.people.export("C-1", actor="dpo").records) == 40
        with mine.decision("credit", INPUTS, person="C-1") as d:
            d.outcome = "hold"
        mine.people.erase("C-1")
        assert d.recorded is not None
        assert d.recorded.done()
        with refused("person.erased", Refused):
            mine.people.open(d.recorded.result(), actor="a", purpose="p")
        assert mine.people.listing() == []
