"""Ways around the gate: each ends at it."""

from __future__ import annotations

from typing import Any

import pytest

from counterfoil.errors import Refused
from counterfoil.ledger import Ledger
from counterfoil.ports import Said
from tests.gated import (
    DECISION,
    DIGEST,
    FAIR_DECISION,
    FAIR_MODEL,
    MODEL,
    SUITE,
    checked,
    policy,
    refused_by_gate,
)
from tests.ledgers import parts_of


def test_a_leaf_of_one_model_does_not_vouch_for_the_digest_of_another(ledger: Ledger) -> None:
    """A decision that names a model by two names is held to the artefact's."""
    policy(ledger, FAIR_DECISION)
    checked(ledger)
    good = ledger.get(ledger.record_statement("model", MODEL).index).leaf
    ledger.record_statement("decision", {**DECISION, "model": {"leaf": good, "digest": DIGEST}})
    refused_by_gate(ledger, "check.missing", "decision", model={"leaf": good, "digest": SUITE})
    checked(ledger, passed=False, digest=SUITE)
    with pytest.raises(Refused):
        ledger.record_statement("decision", {**DECISION, "model": {"leaf": good, "digest": SUITE}})


def test_a_check_that_contradicts_itself_has_failed(ledger: Ledger) -> None:
    """That it passed, beside an item that did not, lets nothing pass; the figure is named."""
    policy(ledger, FAIR_MODEL)
    item = {
        "name": "gap/sex",
        "passed": False,
        "measured": {"name": "gap", "value": "0.18"},
        "at_most": "0.1",
    }
    checked(ledger, items=[item])
    with pytest.raises(Refused, match=r"gap/sex is 0\.18, at most 0\.1 asked") as caught:
        ledger.record_statement("model", MODEL)
    assert caught.value.code == "check.failed"


@pytest.mark.parametrize("many", [False, True])
def test_the_word_of_a_revoked_key_opens_nothing(ledger: Ledger, many: bool) -> None:
    """What a thief's key said to have passed counts no more, also where a verdict was kept."""
    policy(ledger, FAIR_DECISION)
    thief = parts_of(ledger).writer.producer.key.keyid
    stolen = ledger.size
    said = Said("check", {"check": "fairness", "about": {"digest": DIGEST}, "passed": True,
                          "items": [{"name": "gap", "passed": True}]})  # fmt: skip
    ledger.record_statements([said] * (3 if many else 1)).result()
    gate: Any = parts_of(ledger).writer.gate
    gate._settled = 0.0
    ledger.record_statement("decision", DECISION)
    assert gate._passed
    ledger.key_admin.rotate(by_recovery=True)
    ledger.key_admin.revoke(thief, from_index=stolen)
    refused_by_gate(ledger, "check.missing", "decision")
    checked(ledger)
    ledger.record_statement("decision", DECISION)


def test_a_model_decides_by_the_threshold_that_was_checked(ledger: Ledger) -> None:
    """Another one is refused, however it is written; without one, or unchecked, nothing is held."""
    policy(ledger, FAIR_DECISION)
    checked(ledger, threshold="0.5")
    scored = {**DECISION, "score": "0.6", "alternatives": ["pay", "hold"], "outcome": "hold"}
    ledger.record_statement("decision", {**scored, "threshold": "0.50"})
    refused_by_gate(ledger, "check.other-threshold", "decision", threshold="0.7")
    ledger.record_statement("decision", DECISION)
    checked(ledger)
    ledger.record_statement("decision", {**scored, "threshold": "0.7"})


def test_a_person_overrides_what_a_failed_model_decided(ledger: Ledger) -> None:
    """What it did wrong can be put right; only of a decision that is there, by somebody named."""
    policy(ledger, FAIR_DECISION)
    checked(ledger)
    model = ledger.record_statement("model", MODEL).index
    with ledger.decision(model, {}, purpose="loan", wait=True) as d:
        d.outcome = "hold"
    assert d.recorded is not None
    assert d.recorded is not None
    made = d.recorded.result()
    checked(ledger, passed=False)
    done = ledger.decisions.override(made, "pay", why="unfair", accountable="Ada Byron")
    assert ledger.get(done.index).content["by"] == "person"
    own = {"by": "person", "accountable": {"name": "Ada Byron"}}
    refused_by_gate(ledger, "check.failed", "decision", **own)
    with pytest.raises(Refused):
        ledger.record_statement("decision", {**DECISION, **own, "supersedes": SUITE})
    with pytest.raises(Refused):
        leaf = ledger.get(made).leaf
        ledger.record_statement("decision", {**DECISION, "by": "person", "supersedes": leaf})
