"""What a policy asks for is there, or nothing is recorded and the log says who tried."""

from __future__ import annotations

import asyncio
import time
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import msgspec
import pytest

import counterfoil
from counterfoil.errors import Conflict, InputError, Refused
from counterfoil.formats import json_text, statement
from counterfoil.formats.envelope import STATEMENT_PAYLOAD_TYPE
from counterfoil.formats.statement import Statement, sha256_subject
from counterfoil.ledger import Ledger
from counterfoil.ledger.checks import POLICY_FILE
from counterfoil.ports import Said, ToSeal
from tests.gated import (
    DATA,
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
from tests.ledgers import OWNER, envelope_by, key_of, parts_of, prove


def test_without_a_policy_everything_passes(ledger: Ledger) -> None:
    """A ledger that asks for nothing records models as ever."""
    assert ledger.get(ledger.record_statement("model", MODEL).index).kind == "model"


def test_a_model_without_its_check_is_refused_and_that_is_recorded(ledger: Ledger) -> None:
    """However it is recorded; the refusal names the model, what is missing, and can be proven."""
    policy(ledger, FAIR_MODEL)
    refused_by_gate(ledger, "check.missing")
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
    refused_by_gate(ledger, "check.failed")
    checked(ledger)
    ledger.record_statement("model", MODEL)


def test_only_the_right_check_counts(ledger: Ledger) -> None:
    """Of this artefact, by this suite, of this kind, by this organisation, not too old."""
    policy(ledger, FAIR_MODEL + f'suite = "{SUITE}"\nmax_age_days = 30\n')
    checked(ledger)
    checked(ledger, digest=DATA, suite=SUITE)
    checked(ledger, check="quality", suite=SUITE)
    refused_by_gate(ledger, "check.missing")
    checked(ledger, suite=SUITE, at_ms=1_500_000_000_000)
    refused_by_gate(ledger, "check.expired")
    checked(ledger, suite=SUITE)
    ledger.record_statement("model", MODEL)
    policy(ledger, FAIR_MODEL + 'issuer = "https://auditor.example"\n')
    refused_by_gate(ledger, "check.missing")


def test_data_can_be_asked_for(ledger: Ledger) -> None:
    """Every data set that a model was trained on has the check, and one must be named."""
    policy(
        ledger, '[[require]]\nfor = "model"\ncheck = "fairness"\nabout = "data"\nname = "cr*:3"\n'
    )
    refused_by_gate(ledger, "check.missing")
    checked(ledger, digest=DATA)
    ledger.record_statement("model", MODEL)
    refused_by_gate(ledger, "check.missing", trained_on=[{"digest": DATA}, {"digest": SUITE}])
    refused_by_gate(ledger, "check.missing", trained_on=[])
    ledger.record_statement("model", {**MODEL, "name": "other", "trained_on": []})


def test_decisions_are_held_to_it_by_purpose(ledger: Ledger) -> None:
    """A revoked model decides no longer; other purposes are not asked; a loop floods no log."""
    policy(ledger, FAIR_DECISION)
    ledger.record_statement("model", MODEL)
    refused_by_gate(ledger, "check.missing", "decision")
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


# Asked before something is done ----------------------------------------------------------------


@pytest.mark.parametrize("guest", [False, True])
def test_a_decision_is_refused_before_it_is_made(ledger: Ledger, guest: bool) -> None:
    """The block does not begin, here and in another process; the refusal is recorded once."""
    policy(ledger, FAIR_DECISION)
    model = ledger.record_statement("model", MODEL).index
    size, acted = ledger.size, False
    with counterfoil.open(ledger.layout.folder) if guest else nullcontext(ledger) as own:
        for _ in range(2):
            with pytest.raises(Refused) as caught, own.decision(model, {}, purpose="loan") as d:
                acted, d.outcome = True, "pay"
            assert (caught.value.code, acted) == ("check.missing", False)
        assert [ledger.get(at).kind for at in range(size, ledger.size)] == ["refusal"]
        with own.decision(model, {}, purpose="ads", wait=True) as d:
            d.outcome = "pay"
        checked(own)
        with own.decision(model, {}, purpose="loan", wait=True) as d:
            d.outcome = "pay"
        assert ledger.get(d.recorded.result() if d.recorded else 0).kind == "decision"


def test_an_async_decision_is_refused_before_it_is_made(ledger: Ledger) -> None:
    """As others are; what is known to pass waits for nothing."""
    policy(ledger, FAIR_DECISION)
    model = ledger.record_statement("model", MODEL).index

    async def decide(purpose: str) -> str:
        async with ledger.decision(model, {}, purpose=purpose, wait=True) as d:
            d.outcome = "pay"
        return d.outcome

    with pytest.raises(Refused):
        asyncio.run(decide("loan"))
    assert asyncio.run(decide("ads")) == "pay"
    checked(ledger)
    assert asyncio.run(decide("loan")) == "pay"


def test_a_guest_remembers_for_a_second_what_passed(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then it asks again; what was revoked meanwhile is refused where it is recorded."""
    policy(ledger, FAIR_DECISION)
    checked(ledger)
    with counterfoil.open(ledger.layout.folder) as guest:
        assert not guest.ask_gate("decision", DECISION, wait=False)
        assert guest.ask_gate("decision", DECISION)
        checked(ledger, passed=False)
        assert guest.ask_gate("decision", DECISION, wait=False)
        with pytest.raises(Refused):
            guest.record_statement("decision", DECISION)
        later = time.monotonic() + 1.1
        monkeypatch.setattr("counterfoil.ledger.forward_client.time.monotonic", lambda: later)
        with pytest.raises(Refused):
            guest.ask_gate("decision", DECISION)


def test_what_is_asked_is_checked(ledger: Ledger) -> None:
    """Where there is a policy, fields of no decision are refused; other kinds always pass."""
    assert ledger.ask_gate("decision", {})
    policy(ledger, FAIR_DECISION)
    assert ledger.ask_gate("check", {})
    gate: Any = parts_of(ledger).writer.gate
    gate._looked = 0.0  # as a second later
    with pytest.raises(InputError) as caught:
        ledger.ask_gate("decision", {})
    assert caught.value.code == "predicate.malformed"


@pytest.mark.parametrize("many", [False, True])
def test_what_is_recorded_already_is_answered(ledger: Ledger, many: bool) -> None:
    """Sent again after its check failed it gets its first place; what is new is refused."""

    def record(*numbers: int) -> list[int]:
        if many:
            said = [Said("decision", DECISION)] * len(numbers)
            done = ledger.record_statements(said, source="s", first=numbers[0])
            return list(done.result().indices)
        last = numbers[-1]
        return [ledger.record_statement("decision", DECISION, source="s", number=last).index]

    policy(ledger, FAIR_DECISION)
    checked(ledger)
    first = record(0)
    checked(ledger, passed=False)
    size = ledger.size
    assert (record(0), ledger.size) == (first, size)
    with pytest.raises(Refused):
        record(0, 1)
    assert [ledger.get(at).kind for at in range(size, ledger.size)] == ["refusal"]
    with pytest.raises(Conflict):
        ledger.record_statement("decision", {**DECISION, "outcome": "no"}, source="s", number=0)
    checked(ledger)
    assert record(0, 1)[-1] > size


def test_sealed_decisions_are_answered_too(
    ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With what was sealed first, and nothing is sealed twice."""
    monkeypatch.setenv("COUNTERFOIL_STATE", str(tmp_path / "state"))
    policy(ledger, FAIR_DECISION)
    checked(ledger)
    seal = {"sealed": ToSeal("C-1", "decision", {"inputs/age": 40})}
    said = [Said("decision", DECISION, (), seal)]
    first = ledger.record_statements(said, source="s", first=0).result()
    checked(ledger, passed=False)
    assert ledger.record_statements(said, source="s", first=0).result().indices == first.indices
    one = ledger.record_statement("decision", DECISION, seal=seal, source="s", number=0)
    assert (one.index, one.duplicate) == (first.indices[0], True)
    with pytest.raises(Refused):
        ledger.record_statements(said, source="s", first=1).result()


def test_what_somebody_else_signed_is_held_to_it(ledger: Ledger) -> None:
    """An envelope of another key is asked for checks as well, unless it is there already."""
    ledger.key_admin.add("partner", "producer")
    partner = key_of(ledger.layout.folder, "partner")

    def envelope(number: int) -> bytes:
        said = {**DECISION, "issuer": OWNER, "source": "theirs", "number": number}
        uri = "https://counterfoil.dev/decision/v1"
        raw = msgspec.Raw(json_text.format(said))
        payload = statement.format(Statement((sha256_subject("x", b"x"),), uri, raw))
        return envelope_by(payload, STATEMENT_PAYLOAD_TYPE, partner)

    policy(ledger, FAIR_DECISION)
    size = ledger.size
    with pytest.raises(Refused) as caught:
        ledger.append(envelope(0))
    assert caught.value.code == "check.missing"
    assert [ledger.get(at).kind for at in range(size, ledger.size)] == ["refusal"]
    checked(ledger)
    first = ledger.append(envelope(0))
    checked(ledger, passed=False)
    assert ledger.append(envelope(0)).index == first.index
    with pytest.raises(Refused):
        ledger.append(envelope(1))
