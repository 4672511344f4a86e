"""A decision is computed again from what was recorded: the same bits, or said how they differ."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from counterfoil.errors import NotFound, Refused
from counterfoil.ledger import Ledger
from counterfoil.ledger.decisions import Decision, Decisions
from counterfoil.provenance.models import Scorer, open_artefact, open_scorer
from tests.deciding import APPLICANT, FEATURES, OUTCOMES, lightgbm_bytes, onnx_bytes
from tests.statements import refused

Record = Callable[..., int]


@pytest.fixture
def record(ledger: Ledger) -> Record:
    """Give what records a model with its bytes."""

    def model(data: bytes, name: str = "credit", *, keep: bool = True) -> int:
        return ledger.models.record(
            data, name, version="1", features=FEATURES, outcomes=OUTCOMES, keep=keep
        ).index

    return model


def scorer_of(data: bytes) -> Scorer:
    return open_scorer(open_artefact(data), features=FEATURES, outcomes=OUTCOMES)


def decide(ledger: Ledger, model: Any = "credit", **options: Any) -> int:
    with ledger.decision(model, APPLICANT, threshold=0.3, wait=True, **options) as d:
        _ = d.score
    return index_of(d)


def index_of(d: Decision) -> int:
    assert d.recorded is not None
    return d.recorded.result()


def changed_leaves(data: bytes) -> Iterator[bytes]:
    """Change the first decimal of each leaf of the first tree, one at a time."""
    start = data.index(b"leaf_value=")
    for dot in re.finditer(rb"\.", data[start : data.index(b"\n", start)]):
        at = start + dot.end()
        yield data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


@pytest.mark.parametrize("data", [onnx_bytes, lightgbm_bytes], ids=["onnx", "lightgbm"])
@pytest.mark.parametrize("person", [None, "C-1"], ids=["open", "sealed"])
def test_the_same_build_gives_the_same_bits(
    ledger: Ledger, record: Record, data: Callable[[], bytes], person: str | None
) -> None:
    """From the ledger's own files and inputs; that they were opened stands in the log."""
    record(data())
    index = decide(ledger, person=person)
    again = ledger.decisions.replay(index, actor="auditor")
    assert (again.verdict, again.difference, again.same_build) == ("identical", 0.0, True)
    assert again.recomputed == scorer_of(data()).score(APPLICANT)
    assert again.outcome_follows
    assert again.exact == (data is onnx_bytes)
    opened = ledger.search("kind=opening").hits
    assert [one.content["purpose"] for one in opened] == ["replay"] * (person is not None)
    assert again.to_json()["verdict"] == "identical"


def test_numbers_of_numpy_and_missing_values_replay(ledger: Ledger, record: Record) -> None:
    """What was scored is what was recorded: a float32 is not rounded, NaN is missing again."""
    import numpy as np

    record(lightgbm_bytes())
    inputs = {"income": np.float32(31.7), "debt": float("nan"), "age": np.int64(39)}
    with ledger.decision("credit:1", inputs, threshold=0.5, wait=True) as d:
        pass
    assert ledger.decisions.replay(index_of(d), actor="a").verdict == "identical"


def test_a_score_of_another_model_is_different(ledger: Ledger, record: Record) -> None:
    """A byte of the model was changed before it scored: the recorded one does not agree."""
    honest = lightgbm_bytes()
    record(honest)
    other = next(  # the first byte of the leaves that this applicant's score depends on
        changed
        for changed in changed_leaves(honest)
        if scorer_of(changed).score(APPLICANT) != scorer_of(honest).score(APPLICANT)
    )
    with ledger.decision("credit", APPLICANT, threshold=0.5, wait=True) as d:
        d.score = scorer_of(other).score(APPLICANT)
    again = ledger.decisions.replay(index_of(d), actor="auditor")
    assert again.verdict == "different"
    assert again.difference is not None
    assert again.difference > 1e-4
    assert again.same_build is None


def test_a_bit_is_enough_for_onnx(ledger: Ledger, record: Record) -> None:
    """On the same build nothing but the same bits will do; elsewhere there is a tolerance."""
    record(onnx_bytes())
    d = ledger.decision("credit", APPLICANT, threshold=0.5, wait=True)
    with d:
        d._score = math.nextafter(d.score, 1)
    again = ledger.decisions.replay(index_of(d), actor="auditor", tolerance=0.1)
    assert (again.verdict, again.exact, again.tolerance) == ("different", True, 0.0)
    with ledger.decision("credit", APPLICANT, threshold=0.5, wait=True) as d:
        d.score = math.nextafter(scorer_of(onnx_bytes()).score(APPLICANT), 1)
    again = ledger.decisions.replay(index_of(d), actor="auditor")
    assert (again.verdict, again.exact) == ("within-tolerance", False)


def test_a_model_whose_file_was_changed_is_refused(ledger: Ledger, record: Record) -> None:
    """One byte of the kept file is enough; a file that is gone, or was never kept, is missing."""
    index = record(onnx_bytes())
    made = decide(ledger)
    digest = ledger.get(index).content["kept"]["sha256"]
    path = ledger.layout.payloads / digest[:2] / digest
    data = path.read_bytes()
    fresh = Decisions(ledger)  # has loaded nothing yet
    path.write_bytes(data[:100] + bytes([data[100] ^ 1]) + data[101:])
    with refused("replay.model-damaged", Refused):
        fresh.replay(made, actor="auditor")
    path.unlink()
    gone = fresh.replay(made, actor="auditor")
    assert (gone.verdict, gone.why) == ("impossible", "model-not-kept")
    record(lightgbm_bytes(), "other", keep=False)
    with ledger.decision("other", APPLICANT, wait=True) as d:
        d.score, d.outcome = 0.5, "hold"
    never = ledger.decisions.replay(index_of(d), actor="auditor")
    assert (never.verdict, never.why) == ("impossible", "model-not-kept")
    assert "not kept" in never.missing
    with refused("model.not-kept", NotFound), ledger.decision("other", APPLICANT) as d:
        _ = d.score


def test_erased_inputs_cannot_be_replayed(ledger: Ledger, record: Record) -> None:
    """After the person was erased, the decision stands, and a replay says why it cannot be."""
    record(onnx_bytes())
    index = decide(ledger, person="C-1", explain="always")
    ledger.people.erase("C-1")
    again = ledger.decisions.replay(index, actor="auditor")
    assert (again.verdict, again.why) == ("impossible", "erased")
    assert ledger.decisions.explain(index, actor="auditor").why == "erased"
    assert ledger.verify(ledger.receipt(index)).index == index


def test_inputs_that_the_caller_kept(ledger: Ledger, record: Record) -> None:
    """They are checked against the salted digest first; other inputs or salts are refused."""
    record(onnx_bytes())
    d = ledger.decision("credit", APPLICANT, threshold=0.5, keep_inputs=False, wait=True)
    with d:
        pass
    replay = ledger.decisions.replay
    index, salt = index_of(d), d.inputs_salt
    assert replay(index, actor="a").why == "inputs-not-kept"
    assert replay(index, actor="a", inputs=APPLICANT, salt=salt).verdict == "identical"
    with refused("replay.salt"):
        replay(index, actor="a", inputs=APPLICANT)
    for inputs, other in ((APPLICANT | {"age": 40}, salt), (APPLICANT, b"0" * 16)):
        with refused("replay.inputs", Refused):
            replay(index, actor="a", inputs=inputs, salt=other)
    index = decide(ledger, keep_inputs=False, person="C-1")
    assert replay(index, actor="a", inputs=APPLICANT).verdict == "identical"


def test_a_persons_decision_has_no_score(ledger: Ledger, record: Record) -> None:
    """There is nothing to compute again, and the answer says so."""
    record(onnx_bytes())
    mine = ledger.decisions.override(decide(ledger), "grant", why="x", accountable="Ada")
    assert ledger.decisions.replay(mine.index, actor="a").why == "no-score"


@pytest.mark.parametrize("person", [None, "C-1"], ids=["open", "sealed"])
def test_an_explanation_is_compared(ledger: Ledger, record: Record, person: str | None) -> None:
    """Recomputed shares equal the recorded ones; sealed, no share stands in the log."""
    record(lightgbm_bytes())
    with ledger.decision("credit", APPLICANT, threshold=0.3, person=person, wait=True) as d:
        shares = d.explanation.contributions
    index = index_of(d)
    found = ledger.decisions.explain(index, actor="auditor")
    assert (found.verdict, found.method, found.differences) == ("identical", "tree-shap", ())
    assert found.contributions == shares
    assert list(found.contributions or {}) == sorted(shares, key=lambda name: -abs(shares[name]))
    assert math.isclose((found.base or 0) + sum(shares.values()), found.total or 0)
    said = ledger.get(index).content["explanation"]
    assert ("contributions" in said, found.sealed) == (person is None, person is not None)
    assert said["exact"] is True


def test_an_explanation_that_differs(ledger: Ledger, record: Record) -> None:
    """Shares of other inputs are told apart, the largest first; none to compare with is said."""
    record(lightgbm_bytes())
    with ledger.decision("credit", APPLICANT, threshold=0.3, wait=True) as d:
        d.explanation = scorer_of(lightgbm_bytes()).explain({**APPLICANT, "debt": 39.0})
    found = ledger.decisions.explain(index_of(d), actor="auditor")
    assert (found.verdict, found.differences[0].name) == ("different", "debt")
    assert ledger.decisions.explain(decide(ledger), actor="a").verdict == "not-recorded"


def test_what_is_explained_is_a_matter_of_policy(ledger: Ledger, record: Record) -> None:
    """All, none, or by outcome; asked for, it is explained anyhow; a model that cannot is told."""
    record(lightgbm_bytes())

    def said(**options: Any) -> bool:
        return "explanation" in ledger.get(decide(ledger, **options)).content

    assert [said(explain="always"), said(explain="always"), said()] == [True, True, False]
    assert said(explain=lambda outcome: outcome == "grant")
    assert not said(explain=lambda outcome: outcome == "hold")
    record(onnx_bytes(), "unkept", keep=False)
    size = ledger.size
    with (
        refused("model.not-kept", NotFound),
        ledger.decision("unkept", APPLICANT, explain="always") as d,
    ):
        d.outcome = "hold"
    assert ledger.size == size


def test_a_loaded_model_scores_at_once(ledger: Ledger, record: Record) -> None:
    """Given a scorer, score and outcome are there without being asked for, with the runtime."""
    record(onnx_bytes())
    scorer = scorer_of(onnx_bytes())
    with ledger.decision(scorer, APPLICANT, threshold=0.3, wait=True) as d:
        pass
    found = ledger.get(index_of(d)).content
    assert (float(found["score"]), found["outcome"]) == (scorer.score(APPLICANT), "hold")
    assert found["runtime"]["library"] == "onnxruntime"
    assert len(ledger.entry(index_of(d))) < 2000


def test_the_score_of_another_outcome(ledger: Ledger, record: Record) -> None:
    """A model loaded for one outcome is replayed for that one; a recorded model names itself."""
    ledger.decisions.replay(decide(ledger, ledger.models.get(record(onnx_bytes()))), actor="a")
    grants = ledger.models.load("credit:1", target="grant")
    with ledger.decision(grants, APPLICANT, threshold=0.5, wait=True) as d:
        pass
    assert (d.outcome, d.score) == ("grant", grants.score(APPLICANT))
    again = ledger.decisions.replay(index_of(d), actor="a")
    assert (again.verdict, again.outcome_follows) == ("identical", True)
