"""From census rows to an erased person: every decision accounted for, at full figures.

The data set adult_income has 32,561 people. A model that treats women and men unequally is refused
by the ledger's policy; a fairer one decides over 5,000 of them, each under their own key.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import counterfoil
from counterfoil.errors import Refused
from counterfoil.formats import receipt as receipts
from counterfoil.ledger import Ledger
from counterfoil.ledger.checks import CheckResult
from counterfoil.ledger.datasets import RecordedDataset, verify_membership
from counterfoil.ledger.models import RecordedModel
from counterfoil.ledger.people import Personal
from counterfoil.provenance.checks import Fairness, Suite, choose_thresholds
from counterfoil.provenance.statements.parts import decimal_text
from tests.journeys import census

DECISIONS = 5000
LIMIT = 0.1
SUITE = Suite(
    name="adult",
    label="income",
    positive=census.OUTCOMES[1],
    fairness=Fairness(sensitive=("sex",), demographic_parity_difference=LIMIT),
)
GAP = "demographic_parity_difference/sex"
POLICY = '[[require]]\nfor = "model"\ncheck = "fairness"\n'
PERSON, NAME = "applicant-004711", "Wilhelmina Okonjo-Thistlethwaite"


@dataclass
class Story:
    """What happened in the bank, for the tests to look at."""

    folder: Path
    parts: census.Split
    data: dict[str, RecordedDataset] = field(default_factory=dict)
    checks: dict[str, CheckResult] = field(default_factory=dict)
    accuracy: dict[str, float] = field(default_factory=dict)
    refused: Refused | None = None
    model: RecordedModel | None = None
    threshold: float = 0.5
    decisions: list[int] = field(default_factory=list)
    application: int = 0


@pytest.fixture(autouse=True, scope="module")
def _state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep its memories apart: each of their files is read here, and nobody else's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COUNTERFOIL_STATE", str(tmp_path_factory.mktemp("state")))
        yield


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory, _state: None) -> Story:
    """Live through it once, up to the decisions."""
    rows = census.read()
    folder = tmp_path_factory.mktemp("census") / "bank"
    told = Story(folder, census.split(rows, seed=4))
    with counterfoil.open(folder, create=True, organisation="https://bank.example") as ledger:
        (folder / "checks.toml").write_text(POLICY)
        record_data(ledger, told, rows)
        record_models(ledger, told)
        decide(ledger, told)
    return told


def record_data(ledger: Ledger, told: Story, rows: pd.DataFrame) -> None:
    """Record the data set, its three parts, and how they came about."""
    room = ledger.datasets
    whole = room.record(rows, "adult", personal=True, licence="CC-BY-4.0", accountable="Ada Byron")
    told.data["adult"] = whole
    for name in ("training", "validation", "test"):
        part = getattr(told.parts, name)
        told.data[name] = room.record(part, f"adult-{name}", personal=True, derived_from=[whole])
    parts = [told.data[name] for name in ("training", "validation", "test")]
    room.transformation("split", [whole], parts, parameters={"seed": "4", "shares": "60/20/20"})


def record_models(ledger: Ledger, told: Story) -> None:
    """Train a model as everybody does, and one that is fairer; the policy judges both."""
    parts, test = told.parts, told.parts.test
    wrong = census.trained(parts.training, census.FEATURES)
    file = told.folder.parent / "income-1.txt"
    wrong.save_model(file)
    checked = check(ledger, told, "before", file, wrong.predict(test[census.FEATURES]))
    with pytest.raises(Refused) as caught:
        ledger.models.record(file, "income", version="1", trained_on=[told.data["training"]])
    told.refused = caught.value

    weight = census.reweighed(parts.training)
    fair = census.trained(parts.training, census.WITHOUT_SEX, weight)
    held_out = parts.validation
    chosen = choose_thresholds(
        held_out.income == census.OUTCOMES[1],
        fair.predict(held_out[census.WITHOUT_SEX]),
        held_out.sex,
        gap_at_most=0.8 * LIMIT,  # room for the next sample
    )
    (told.threshold,) = set(chosen.by_group.values())
    file = told.folder.parent / "income-2.txt"
    fair.save_model(file)
    checked = check(ledger, told, "after", file, fair.predict(test[census.WITHOUT_SEX]))
    told.model = ledger.models.record(
        file,
        "income",
        version="2",
        outcomes=census.OUTCOMES,
        trained_on=[told.data["training"]],
        checks=[checked],
        metrics={"accuracy": told.accuracy["after"]},
        parameters={"threshold": told.threshold},
        accountable="Ada Byron",
    )
    ledger.models.evaluate(told.model, told.data["test"], {"accuracy": told.accuracy["after"]})


def check(ledger: Ledger, told: Story, when: str, file: Path, score: Any) -> CheckResult:
    """Check a model's file for fairness on the test rows, and record what was found."""
    scored = told.parts.test.assign(score=score)
    told.accuracy[when] = float(
        ((score >= told.threshold) == (scored.income == census.OUTCOMES[1])).mean()
    )
    told.checks[when] = ledger.checks.run(
        "fairness",
        scored,
        suite=SUITE,
        about=ledger.checks.reference_of(file),
        on=told.data["test"].reference,
        score="score",
        threshold=told.threshold,
    )
    return told.checks[when]


def decide(ledger: Ledger, told: Story) -> None:
    """Decide over 5,000 people; the last of them applied with their name."""
    applied = ledger.record({"applicant": {"name": NAME}}, personal={
        "applicant.name": Personal(PERSON, "contact")
    })  # fmt: skip
    told.application = applied.index
    rows = told.parts.test[census.WITHOUT_SEX].head(DECISIONS).to_dict("records")
    handles = []
    for number, inputs in enumerate(rows):
        last = number == DECISIONS - 1
        person = PERSON if last else f"applicant-{100_000 + number}"
        with ledger.decision(
            "income:2",
            inputs,
            person=person,
            purpose="credit",
            threshold=told.threshold,
            explain="always" if last else "never",
        ) as d:
            if last:
                d.based_on(applied.index)
        assert d.recorded is not None
        handles.append(d.recorded)
    told.decisions = [handle.result() for handle in handles]


def test_a_model_with_a_parity_gap_is_refused_and_a_fairer_one_recorded(
    story: Story, record_property: Callable[[str, object], None]
) -> None:
    """The gap by sex is about 0.18, as published; mended, for less than 2 % of the accuracy.

    The refusal is in the log, and no model of version 1 is.
    """
    before, after = story.checks["before"], story.checks["after"]
    gaps = [one.report.item(GAP).value for one in (before, after)]
    record_property("gap", gaps)
    record_property("accuracy", story.accuracy)
    assert gaps[0] == pytest.approx(0.18, abs=0.02)
    assert gaps[1] is not None
    assert gaps[1] < LIMIT
    assert not before.passed
    assert after.passed
    assert story.accuracy["before"] == pytest.approx(0.87, abs=0.01)
    assert 0 < story.accuracy["before"] - story.accuracy["after"] < 0.02
    assert story.refused is not None
    assert story.refused.code == "check.failed"
    with counterfoil.open(story.folder, read_only=True) as ledger:
        (refusal,) = ledger.search("kind=refusal").hits
        assert refusal.content["code"] == "check.failed"
        assert [one.title for one in ledger.models.ls()] == ["income:2"]


def test_a_decision_is_traced_to_the_data_and_a_row_of_it_is_proven(story: Story) -> None:
    """Decision, model, check, training data, source data: all on one trace, each with a receipt.

    Who holds the policy and nothing else sees that a row was in the training set of that model.
    """
    with counterfoil.open(story.folder, read_only=True) as ledger:
        page = ledger.decisions.ls(limit=1)
        assert page.outcomes.keys() == set(census.OUTCOMES)
        assert sum(page.outcomes.values()) == DECISIONS
        (newest,) = page.hits
        assert newest.decision.inputs is None
        assert newest.decision.sealed is not None
        trace = ledger.trace(story.decisions[-1], down=False)
        assert trace.complete
        seen = {node.index for node in trace.recorded()}
        assert story.model is not None
        expected = [story.data[name].index for name in ("adult", "training", "test")]
        expected += [story.model.index, story.checks["after"].index, story.application]
        assert seen >= set(expected)
        for index in expected:
            counterfoil.verify(ledger.receipt(index), ledger.policy)
        source = story.data["adult"].dataset.fingerprint
        assert source is not None
        assert source.rows == 32_561
        row, training = 12_345, story.parts.training
        proof = ledger.datasets.prove_row("adult-training", row, training, model="income:2")
        policy = ledger.policy
    proven = verify_membership(proof, policy)
    assert proven.model is not None
    assert proven.model.digest == story.model.digest
    assert proven.values["age"] == training.age[row]
    assert proven.values["occupation"] == training.occupation[row]


def test_replayed_explained_then_erased_and_the_receipt_still_holds(story: Story) -> None:
    """Before the erasure score and reasons are computed again; after it no byte of them is left."""
    index = story.decisions[-1]
    with counterfoil.open(story.folder) as ledger:
        again = ledger.decisions.replay(index, actor="auditor")
        assert (again.verdict, again.outcome_follows) == ("identical", True)
        why = ledger.decisions.explain(index, actor="auditor")
        assert (why.verdict, why.sealed, why.exact) == ("identical", True, True)
        opened = ledger.people.open(index, actor="auditor", purpose="audit")["sealed"]
        plain = [PERSON, NAME, *shares_of(opened)]
        assert len(plain) > 8
        receipt = receipts.format(ledger.receipt(index))
        policy = ledger.policy

        erased = ledger.people.erase(PERSON)
        assert erased.groups == 2
        gone = ledger.decisions.replay(index, actor="auditor")
        assert (gone.verdict, gone.why) == ("impossible", "erased")
        assert ledger.decisions.explain(index, actor="auditor").why == "erased"
        assert ledger.get(story.application).content == {"applicant": {}}
        with pytest.raises(Refused, match="erased"):
            ledger.people.open(story.application, actor="auditor", purpose="audit")
        another = ledger.decisions.replay(story.decisions[0], actor="auditor")
        assert another.verdict == "identical"
        counterfoil.verify(ledger.receipt(index), policy)
    assert counterfoil.verify(receipt, policy).index == index

    folders = [story.folder, Path(os.environ["COUNTERFOIL_STATE"])]
    assert again.recorded is not None
    score = decimal_text(again.recorded)
    assert found_in(folders, [score])  # what stands openly is found, so the search can see
    assert found_in(folders, plain) == []


def shares_of(opened: dict[str, object]) -> list[str]:
    """Give the figures of an explanation that nobody else's has: long decimal texts."""
    explanation = opened["explanation"]
    assert isinstance(explanation, dict)
    texts = [str(text) for text in explanation["contributions"].values()]
    return [text for text in texts if len(text) > 14]


def found_in(folders: list[Path], texts: list[str]) -> list[tuple[str, str]]:
    """List the files that hold a text, as it is or inside Base64, as envelopes do: (file, text)."""
    forms = {text: forms_of(text.encode()) for text in texts}
    found = []
    for path in (path for folder in folders for path in folder.rglob("*") if path.is_file()):
        data = path.read_bytes()
        found += [(path.name, text) for text in texts if any(one in data for one in forms[text])]
    return found


def forms_of(text: bytes) -> list[bytes]:
    """Write bytes as themselves, in hexadecimal, and in Base64 at each of its three offsets."""
    packed = [base64.b64encode(b"\0" * at + text)[4 * (at > 0) : -4] for at in range(3)]
    return [text, text.hex().encode(), *packed]
