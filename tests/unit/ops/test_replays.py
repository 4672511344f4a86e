"""Replays and explanations by the commands that every shell offers."""

from __future__ import annotations

from pathlib import Path

import pytest

from counterfoil.ledger import open_ledger
from counterfoil.ops import decisions, replays
from counterfoil.ports import Channel
from counterfoil.provenance.statements.parts import decimal_text
from tests.deciding import APPLICANT, OUTCOMES, lightgbm_bytes
from tests.statements import refused

INPUTS = '{"income": 31.5, "debt": 12.25, "age": 39}'


@pytest.fixture
def credit(shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a ledger with a recorded model."""
    monkeypatch.setenv("COUNTERFOIL_STATE", str(tmp_path / "state"))
    with open_ledger(shop, accept_new_witness=True) as ledger:
        ledger.models.record(lightgbm_bytes(), "credit", outcomes=OUTCOMES)
    return shop


def size_of(folder: Path) -> int:
    with open_ledger(folder, read_only=True) as ledger:
        return ledger.size


def test_a_decision_is_computed_and_explained_again(credit: Path, channel: Channel) -> None:
    """The model scores, explains, and does both again; sealed inputs are opened on record."""
    done = decisions.add(
        INPUTS,
        model="credit",
        threshold="0.3",
        person="C-1",
        explain=True,
        ledger=credit,
        channel=channel,
    )
    replayed = replays.replay(str(done.index), actor="auditor", ledger=credit)
    assert (replayed.replay.verdict, replayed.exit_status) == ("identical", 0)
    assert replayed.replay.recorded == done.score
    explained = replays.explain(done.leaf, ledger=credit)
    assert (explained.explanations.verdict, explained.exit_status) == ("identical", 0)
    assert set(explained.to_json()["contributions"]) == set(APPLICANT)
    with open_ledger(credit, read_only=True) as ledger:
        opened = ledger.search("kind=opening", newest_first=False).hits
    assert [one.content["purpose"] for one in opened] == ["replay", "explain"]
    assert opened[0].content["actor"] == "auditor"


def test_what_differs_ends_with_a_status(credit: Path, channel: Channel) -> None:
    """A score that the recorded model does not give is reported, and stops a script."""
    done = decisions.add(
        INPUTS, model="credit", score="0.9", outcome="hold", ledger=credit, channel=channel
    )
    size = size_of(credit)
    replayed = replays.replay(str(done.index), ledger=credit, tolerance="1e-9")
    assert (replayed.to_json()["verdict"], replayed.exit_status) == ("different", 1)
    assert size_of(credit) == size  # nothing sealed, nothing written


@pytest.mark.parametrize("text", ["-1", "1", "nan", "much"])
def test_a_tolerance_is_a_small_number(credit: Path, text: str) -> None:
    """Anything else would call every score the same."""
    with refused("replay.tolerance"):
        replays.replay("3", tolerance=text, ledger=credit)


def test_an_outcome_that_does_not_follow_ends_with_a_status(credit: Path) -> None:
    """The score is the model's, and what was made of it is not what score and threshold say."""
    with open_ledger(credit) as ledger:
        scorer = ledger.models.load("credit")
        reference = ledger.models.get("credit").reference
        score = scorer.score(APPLICANT)
        made = ledger.record_statement(
            "decision",
            {
                "model": {"leaf": reference.leaf, "digest": reference.digest},
                "inputs": APPLICANT,
                "score": decimal_text(score),
                "score_of": scorer.target,
                "threshold": "0.5",
                "alternatives": list(OUTCOMES),
                "outcome": OUTCOMES[score < 0.5],
            },
        )
    replayed = replays.replay(str(made.index), ledger=credit)
    assert (replayed.replay.verdict, replayed.replay.outcome_follows) == ("identical", False)
    assert replayed.exit_status == 1
