"""What a policy asks for is there, or nothing is recorded and the log says who tried."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import pytest

import counterfoil
from counterfoil.errors import InputError, Refused
from counterfoil.ledger import Ledger
from counterfoil.ledger.checks import POLICY_FILE
from counterfoil.ports import Said
from tests.ledgers import parts_of, prove

DIGEST = sha256(b"model").hexdigest()
DATA = sha256(b"data").hexdigest()
SUITE = sha256(b"suite").hexdigest()
MODEL: dict[str, Any] = {
    "name": "credit",
    "version": "3",
    "format": "onnx",
    "digest": DIGEST,
    "size": 5,
    "trained_on": [{"digest": DATA}],
}
DECISION: dict[str, Any] = {"model": {"digest": DIGEST}, "outcome": "pay", "purpose": "loan"}


def policy(ledger: Ledger, text: str) -> None:
    (ledger.layout.folder / POLICY_FILE).write_text(text, encoding="utf-8")


def checked(ledger: Ledger, *, passed: bool = True, digest: str = DIGEST, **more: Any) -> int:
    fields: Mapping[str, Any] = {
        "check": "fairness",
        "about": {"digest": digest},
        "passed": passed,
        "items": [{"name": "gap", "passed": passed}],
        **more,
    }
    return ledger.record_statement("check", fields).index


def refused(ledger: Ledger, code: str, kind: str = "model", **more: Any) -> None:
    size = ledger.size
    with pytest.raises(Refused) as caught:
        ledger.record_statement(kind, {**(MODEL if kind == "model" else DECISION), **more})
    assert caught.value.code == code
    assert [ledger.get(at).kind for at in range(size, ledger.size)] == ["refusal"]


FAIR_MODEL = '[[require]]\nfor = "model"\ncheck = "fairness"\n'
FAIR_DECISION = '[[require]]\nfor = "decision"\ncheck = "fairness"\npurpose = "loan*"\n'


def test_without_a_policy_everything_passes(ledger: Ledger) -> None:
    """A ledger that asks for nothing records models as ever."""
    assert ledger.get(ledger.record_statement("model", MODEL).index).kind == "model"


def test_a_model_without_its_check_is_refused_and_that_is_recorded(ledger: Ledger) -> None:
    """However it is recorded; the refusal names the model, what is missing, and can be proven."""
    policy(ledger, FAIR_MODEL)
    refused(ledger, "check.missing")
    said = ledger.get(ledger.size - 1)
    assert said.content["about"] == {"digest": DIGEST, "name": "credit"}
    assert said.content["missing"] == ["fairness of the model"]
    assert prove(ledger, said.index).index == said.index
    with pytest.raises(Refused):
        ledger.record_statements([Said("model", MODEL)]).result()
    checked(ledger)
    assert ledger.get(ledger.record_statement("model", MODEL).index).kind == "model"


def test_the_newest_check_counts(ledger: Ledger) -> None:
    """A failed check revokes an older one that passed, and a newer one mends it."""
    policy(ledger, FAIR_MODEL)
    checked(ledger)
    ledger.record_statement("model", MODEL)
    checked(ledger, passed=False)
    refused(ledger, "check.failed")
    checked(ledger)
    ledger.record_statement("model", MODEL)


def test_only_the_right_check_counts(ledger: Ledger) -> None:
    """Of this artefact, by this suite, of this kind, by this organisation, not too old."""
    policy(ledger, FAIR_MODEL + f'suite = "{SUITE}"\nmax_age_days = 30\n')
    checked(ledger)
    checked(ledger, digest=DATA, suite=SUITE)
    checked(ledger, check="quality", suite=SUITE)
    refused(ledger, "check.missing")
    checked(ledger, suite=SUITE, at_ms=1_500_000_000_000)
    refused(ledger, "check.expired")
    checked(ledger, suite=SUITE)
    ledger.record_statement("model", MODEL)
    policy(ledger, FAIR_MODEL + 'issuer = "https://auditor.example"\n')
    refused(ledger, "check.missing")


def test_data_can_be_asked_for(ledger: Ledger) -> None:
    """Every data set that a model was trained on has the check, and one must be named."""
    policy(
        ledger, '[[require]]\nfor = "model"\ncheck = "fairness"\nabout = "data"\nname = "cr*:3"\n'
    )
    refused(ledger, "check.missing")
    checked(ledger, digest=DATA)
    ledger.record_statement("model", MODEL)
    refused(ledger, "check.missing", trained_on=[{"digest": DATA}, {"digest": SUITE}])
    refused(ledger, "check.missing", trained_on=[])
    ledger.record_statement("model", {**MODEL, "name": "other", "trained_on": []})


def test_decisions_are_held_to_it_by_purpose(ledger: Ledger) -> None:
    """A revoked model decides no longer; other purposes are not asked; a loop floods no log."""
    policy(ledger, FAIR_DECISION)
    ledger.record_statement("model", MODEL)
    refused(ledger, "check.missing", "decision")
    size = ledger.size
    with pytest.raises(Refused):
        ledger.record_statements([Said("decision", DECISION)] * 3).result()
    assert ledger.size == size  # told a moment ago
    ledger.record_statement("decision", {**DECISION, "purpose": "ads"})
    checked(ledger)
    ledger.record_statements([Said("decision", DECISION)] * 3).result()
    checked(ledger, passed=False)
    with pytest.raises(Refused) as caught:
        ledger.record_statement("decision", DECISION)
    assert caught.value.code == "check.failed"


def test_a_verdict_is_kept_until_something_changes(ledger: Ledger) -> None:
    """Decisions do not search the log each; a check, or the policy's file, ends what was kept."""
    policy(ledger, FAIR_DECISION)
    checked(ledger)
    gate: Any = parts_of(ledger).writer.gate
    gate._settled = 0.0  # as ten seconds later
    ledger.record_statement("decision", DECISION)
    assert len(gate._passed) == 1
    kept, gate._verdicts = gate._verdicts, None  # nobody is asked now
    ledger.record_statement("decision", DECISION)
    gate._verdicts = kept
    checked(ledger, passed=False)
    with pytest.raises(Refused):
        ledger.record_statement("decision", DECISION)


def test_another_process_is_held_to_it_too(ledger: Ledger) -> None:
    """The owner asks, so who writes through it gets the same refusal, by its code."""
    policy(ledger, FAIR_MODEL)
    with counterfoil.open(ledger.layout.folder) as other:
        with pytest.raises(Refused) as caught:
            other.record_statement("model", MODEL)
        assert caught.value.code == "check.missing"
        checked(other)
        other.record_statement("model", MODEL)


def test_a_policy_that_cannot_be_read_lets_nothing_pass(ledger: Ledger) -> None:
    """A misspelt setting is an error, not a policy that asks for nothing."""
    policy(ledger, FAIR_MODEL + "max_age = 3\n")
    size = ledger.size
    with pytest.raises(InputError) as caught:
        ledger.record_statement("model", MODEL)
    assert (caught.value.code, ledger.size) == ("check.policy", size)
    path = ledger.layout.folder / POLICY_FILE
    path.replace(path.with_suffix(".old"))
    ledger.record_statement("model", MODEL)
