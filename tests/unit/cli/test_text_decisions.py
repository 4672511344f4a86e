"""Decisions, replays and explanations as people read them."""

from __future__ import annotations

import io

from counterfoil.cli.paint import Paint
from counterfoil.cli.text import decisions, replays
from counterfoil.ledger import Recorded, RecordView
from counterfoil.ledger.decisions import DecisionPage, Explanations, FoundDecision, Replay
from counterfoil.ops.decisions import Decided
from counterfoil.ops.replays import Explained, Replayed
from counterfoil.provenance.decisions import Difference
from counterfoil.provenance.statements.decisions import Runtime

PLAIN = Paint(io.StringIO())
SAID = {
    "issuer": "https://org.example",
    "source": "s",
    "number": 0,
    "model": {"leaf": "ab" * 32, "name": "credit:1"},
    "outcome": "hold",
    "score": "0.75",
    "threshold": "0.5",
    "inputs": {"age": 39},
    "accountable": {"name": "Ada", "role": "officer"},
    "runtime": {"library": "onnxruntime", "version": "1.32"},
    "latency_us": 40,
    "note": "n",
}
ACTION = RecordView(
    9, "cd" * 32, "action", None, None, None, None, (), {"action": "freeze", "target": "a/7"}
)


def test_a_decision_is_shown_whole() -> None:
    """Outcome, model, score, who answers, what it was computed by, and what followed."""
    found = FoundDecision(7, "ef" * 32, 0, SAID, (ACTION,), 12)
    text = "\n".join(decisions.get(found, PLAIN))
    assert text.startswith("decision 7: hold\n")
    for line in (
        "model      credit:1",
        "answers    Ada, officer",
        'inputs     {"age": 39}',
        "computed   onnxruntime 1.32",
        "latency    40 µs",
        "action 9  freeze to a/7",
    ):
        assert line in text
    assert text.endswith("replaced by decision 12")
    sealed = {
        "person": "0" * 32,
        "data_class": "decision",
        "names": ["inputs/age"],
        "root": "ab" * 32,
        "ciphertext": "ab" * 32,
    }
    person = {**SAID, "by": "person", "sealed": sealed}
    assert "a person" in "\n".join(decisions.get(FoundDecision(7, "ef" * 32, 0, person), PLAIN))


def test_decisions_are_listed_with_counts() -> None:
    """One a line, then how many of each outcome, and how to go on."""
    one = FoundDecision(7, "ef" * 32, 0, SAID)
    other = FoundDecision(8, "ef" * 32, 0, {**SAID, "outcome": "grant"})
    page = DecisionPage((one, other), 1234, {"hold": 1233, "grant": 1}, 7, "index behind")
    assert list(decisions.listing(page, PLAIN)) == [
        "       7  1970-01-01 00:00:00 UTC    0.7500  hold   credit:1",
        "       8  1970-01-01 00:00:00 UTC    0.7500  grant  credit:1",
        "1,234 in all: 1,233 hold, 1 grant",
        "more with --after 7",
        "index behind",
    ]
    assert list(decisions.listing(DecisionPage((), 0, {}, None, ""), PLAIN)) == ["no decision"]


def test_what_was_recorded_says_where_it_stands() -> None:
    """A decision, an action and an override each name their entry."""
    assert next(decisions.add(Decided(7, "ab" * 32, "hold", 0.5), PLAIN)) == (
        "hold: recorded as entry 7"
    )
    done = Recorded(8, "ab" * 32, "s", 1)
    assert next(decisions.act(done, PLAIN)) == "recorded as entry 8"
    assert next(decisions.override(done, PLAIN)) == "recorded as entry 8"


def test_a_replay_says_how_the_two_compare() -> None:
    """The same, different by how much, or what is missing; with a status for scripts."""
    runtime = Runtime("onnxruntime", "1.32", "Linux x86_64")
    same = Replay(7, "identical", "hold", 0.75, 0.75, 0.0, 0.0, True, True, runtime, runtime, True)
    text = "\n".join(replays.replay(Replayed(same), PLAIN))
    assert text.startswith("decision 7: identical to the bit\n")
    assert "now by       onnxruntime 1.32 Linux x86_64 (the same build)" in text
    assert "follows from score and threshold" in text
    other = Replay(7, "different", "hold", 0.75, 0.5, 0.25, 1e-6, False, None, None, runtime)
    text = "\n".join(replays.replay(Replayed(other), PLAIN))
    assert "difference   0.25" in text
    assert "1e-06 of the larger of 1 and it" in text
    gone = Replay(7, "impossible", "hold", why="erased", missing="the inputs")
    assert list(replays.replay(Replayed(gone), PLAIN)) == [
        "decision 7: cannot be computed again",
        "  missing: the inputs [erased]",
    ]
    assert [Replayed(one).exit_status for one in (same, other, gone)] == [0, 1, 3]


def test_an_explanation_is_drawn() -> None:
    """Bars of what each input added, the largest first, and where it differs from the recorded."""
    found = Explanations(
        7,
        "different",
        "tree-shap",
        "log-odds",
        True,
        -0.5,
        0.75,
        1.0,
        {"debt": 2.0, "income": -0.5, "age": 0.0},
        {"debt": 12.25, "income": 31.5, "age": 39},
        (Difference("debt", 1.0, 2.0),),
        1e-6,
        True,
    )
    lines = list(replays.explain(Explained(found), PLAIN))
    assert lines[0] == "decision 7: differs from the recorded explanation"
    assert "  method  tree-shap" in lines
    assert f"  debt      +2.0000  {'+' * 24}  12.25" in lines
    assert f"  income    -0.5000  {'------'.ljust(24)}  31.5" in lines
    assert lines[-1] == "  debt: recorded 1.0, recomputed 2.0"
    gone = Explanations(7, "impossible", why="erased", missing="the inputs")
    assert list(replays.explain(Explained(gone), PLAIN))[1] == "  missing: the inputs [erased]"
    assert [Explained(one).exit_status for one in (found, gone)] == [1, 3]
