"""A payment in an escrow is held by a model's decision, and released or returned by a person's."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import counterfoil
from counterfoil.act import Actor
from counterfoil.act.escrow_contract import PaymentState
from counterfoil.apps.finance.held.cases import Case, find_case, list_cases
from counterfoil.apps.finance.held.desk import Desk, decide_case
from counterfoil.apps.finance.held.escrowing import Agreed
from counterfoil.apps.finance.held.file import gather
from counterfoil.apps.finance.held.page import case_page
from counterfoil.apps.finance.held.setting_up import DeskLimits, set_up
from counterfoil.chain import Account, account_of
from counterfoil.errors import Conflict, InputError, NotFound, Refused
from counterfoil.ledger import Ledger
from counterfoil.ports import ToSeal
from counterfoil.provenance.statements.parts import Accountable
from tests.acting import acting_folder
from tests.log_rig import raises_code
from tests.tokens import mint

MODEL = "ab" * 32
ANALYST = Accountable(name="Ada Example", role="analyst")
TOKEN = {"name_": "Test euro", "symbol_": "TEUR", "decimals_": "2"}
PAYER = account_of(bytes(31) + b"\x07")
PAYEE = account_of(bytes(31) + b"\x08")
LIMITS = DeskLimits(payment=100_000, day=150_000)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Ledger, Actor, Desk]]:
    """Set a desk up once, with a payer that has money."""
    folder = acting_folder(tmp_path_factory.mktemp("desk"))
    with counterfoil.open(folder) as ledger, Actor(ledger) as actor:
        evidence = ledger.record({"evaluated": "well"}).index
        set_up(actor, MODEL, evidence, LIMITS, token=TOKEN)
        desk = Desk(actor)
        mint(actor, desk.escrow.token, PAYER.address, 1_000_000)
        yield ledger, actor, desk


def held_payment(ledger: Ledger, payment: str, **more: object) -> int:
    """Record a model's decision to hold a payment."""
    fields = {
        "model": {"digest": MODEL},
        "outcome": "hold",
        "score": "0.93",
        "based_on": [{"digest": "cd" * 32, "role": "payment", "name": payment}],
        **more,
    }
    return ledger.record_statement("decision", fields).index


def paid_in(desk: Desk, payment: str, amount: int = 2_500, payer: Account = PAYER) -> Agreed:
    """Bring a payment into the escrow."""
    agreed = desk.escrow.agree(
        payment, payer=payer.address, payee=PAYEE.address, amount=amount, due_after_s=3_600
    )
    assert desk.escrow.pay_in(agreed, payer).state is PaymentState.OPEN
    return agreed


def case_of(ledger: Ledger, number: int) -> Case:
    return find_case(ledger, number)


@pytest.mark.parametrize(("outcome", "winner"), [("release", PAYEE), ("return", PAYER)])
def test_held_and_decided(place: tuple[Ledger, Actor, Desk], outcome: str, winner: Account) -> None:
    """What a model held goes where a person says, once, and the log tells who said so and why."""
    ledger, _, desk = place
    payment = f"p-{outcome}"
    agreed = paid_in(desk, payment)
    number = held_payment(ledger, payment)
    before = desk.escrow.credit(winner.address)
    assert desk.hold(number).phase == "done"
    assert desk.escrow.standing(agreed).state is PaymentState.HELD
    assert case_of(ledger, number).state == "open"
    done = desk.decide(number, outcome, why="the cardholder was called", by=ANALYST)
    assert done.acted is not None
    assert done.acted.phase == "done"
    assert desk.escrow.standing(agreed).state is PaymentState.SETTLED
    assert desk.escrow.credit(winner.address) - before == 2_500
    case = case_of(ledger, number)
    assert case.state == outcome
    (said,) = (one.said for one in case.people)
    assert (said["accountable"]["name"], said["note"]) == (
        "Ada Example", "the cardholder was called",
    )  # fmt: skip
    size = ledger.size
    again = desk.decide(number, outcome, why="the cardholder was called", by=ANALYST)
    assert (again.acted, again.recorded.index) == (done.acted, done.recorded.index)
    assert ledger.size == size
    kinds = {node.kind for node in ledger.trace(done.recorded.index).nodes.values()}
    assert {"decision", "verdict", "action"} <= kinds


def test_a_second_opinion_changes_nothing(place: tuple[Ledger, Actor, Desk]) -> None:
    """A case that was decided stays decided, whoever says otherwise."""
    ledger, _, _ = place
    number = held_payment(ledger, "p-twice")
    decide_case(ledger, number, "release", why="known to us", by=ANALYST)
    with raises_code("held.decided", Conflict):
        decide_case(ledger, number, "return", why="not so sure", by=ANALYST)
    assert [one.said["outcome"] for one in case_of(ledger, number).people] == ["release"]


def test_above_the_limit_nothing_moves(place: tuple[Ledger, Actor, Desk]) -> None:
    """A payment above what governance allows one verdict is neither held nor paid by it."""
    ledger, _, desk = place
    agreed = paid_in(desk, "p-large", 100_001)
    number = held_payment(ledger, "p-large")
    with pytest.raises(Refused) as held:
        desk.hold(number)
    with pytest.raises(Refused) as released:
        desk.decide(number, "release", why="the cardholder was called", by=ANALYST)
    assert held.value.code == released.value.code == "gate.cap"
    standing = desk.escrow.standing(agreed)
    assert (standing.state, standing.left) == (PaymentState.OPEN, 100_001)


def test_another_model_holds_nothing(place: tuple[Ledger, Actor, Desk]) -> None:
    """A decision by a model that nobody approved passes no gate."""
    ledger, _, desk = place
    agreed = paid_in(desk, "p-model")
    number = held_payment(ledger, "p-model", model={"digest": "ef" * 32})
    with pytest.raises(Refused) as held:
        desk.hold(number)
    assert held.value.code == "gate.maker"
    assert desk.escrow.standing(agreed).state is PaymentState.OPEN


def test_terms_stand(place: tuple[Ledger, Actor, Desk]) -> None:
    """The terms of a payment are agreed once; others for the same payment are refused."""
    _, _, desk = place
    first = desk.escrow.agree("p-terms", payer=PAYER.address, payee=PAYEE.address, amount=5)
    same = desk.escrow.agree("p-terms", payer=PAYER.address, payee=PAYEE.address, amount=5)
    assert first == same
    with raises_code("held.terms", Conflict):
        desk.escrow.agree("p-terms", payer=PAYER.address, payee=PAYEE.address, amount=6)
    with raises_code("held.payer", InputError):
        desk.escrow.pay_in(first, PAYEE)


def test_bad_input(place: tuple[Ledger, Actor, Desk]) -> None:
    """What is no case, no outcome, no reason or in no escrow is refused by name."""
    ledger, _, desk = place
    number = held_payment(ledger, "p-nowhere")
    passed = ledger.record_statement("decision", {"model": {"digest": MODEL}, "outcome": "pass"})
    with raises_code("held.no-escrow", NotFound):
        desk.hold(number)
    with raises_code("held.case", InputError):
        find_case(ledger, passed.index)
    with raises_code("decision.kind", InputError):
        find_case(ledger, 0)
    with raises_code("held.outcome", InputError):
        desk.decide(number, "burn", why="the cardholder was called", by=ANALYST)
    with raises_code("held.why", InputError):
        desk.decide(number, "release", why="OK", by=ANALYST)
    with raises_code("held.payment", InputError):
        desk.escrow.agree("a\nb", payer=PAYER.address, payee=PAYEE.address, amount=5)


def test_cases_are_listed(place: tuple[Ledger, Actor, Desk]) -> None:
    """The newest case comes first, and each state can be asked for."""
    ledger, _, _ = place
    first = held_payment(ledger, "p-list-1")
    second = held_payment(ledger, "p-list-2")
    decide_case(ledger, second, "return", why="the card was stolen", by=ANALYST)
    numbers = [case.number for case in list_cases(ledger)]
    assert numbers[:2] == [second, first]
    assert numbers == sorted(numbers, reverse=True)
    opened = [case.number for case in list_cases(ledger, state="open")]
    assert first in opened
    assert second not in opened
    assert [case.number for case in list_cases(ledger, limit=1, before=second)] == [first]


def test_a_file_tells_all_that_is_known(place: tuple[Ledger, Actor, Desk]) -> None:
    """The file of a case has its reasons, its money, its history and what else was decided."""
    ledger, _, desk = place
    paid_in(desk, "p-file")
    rules = held_payment(ledger, "p-file", outcome="flag", note="structuring")
    explanation = {
        "method": "shap", "unit": "log-odds", "contributions": {"amount": "1.5", "hour": "-0.25"},
    }  # fmt: skip
    inputs = {"amount": 25, "hour": "<b>3</b>"}
    number = held_payment(ledger, "p-file", explanation=explanation, inputs=inputs)
    desk.hold(number)
    ledger.publish()
    file = gather(ledger, number, desk=desk)
    told = file.to_json()
    assert told["contributions"] == {"amount": "1.5", "hour": "-0.25"}
    assert told["standing"] == {"state": "held", "left": "2500"}
    assert told["falls_to"]["account"] == PAYER.address
    assert [one["what"].split(":")[0] for one in told["history"]] == [
        "terms agreed", "decided to hold", "payment.hold",
    ]  # fmt: skip
    assert [one["index"] for one in told["about"]] == [rules]
    assert {one["payment"] for one in told["same_payer"]} >= {"p-terms"}
    assert (file.amount, file.left) == ("25.00 TEUR", "25.00 TEUR")
    page = case_page(ledger, file).decode()
    assert "25.00 TEUR" in page
    assert "0.93 (held from unknown)" in page
    assert f"<h1>Case {number}</h1>" in page
    assert "structuring" in page
    assert "&lt;b&gt;3&lt;/b&gt;" in page
    assert "<b>3</b>" not in page
    assert f"counterfoil case decide {number} release" in page
    assert page.count("<iframe") == 1


def test_sealed_reasons_are_opened_for_who_is_named(place: tuple[Ledger, Actor, Desk]) -> None:
    """Personal inputs are shown to nobody who is not named, and looking at them is recorded."""
    ledger, _, _ = place
    sealed = {"inputs/amount": 25, "explanation": {"base": "0", "contributions": {"amount": "2"}}}
    fields = {
        "model": {"digest": MODEL},
        "outcome": "hold",
        "explanation": {"method": "shap"},
        "based_on": [{"digest": "cd" * 32, "role": "payment", "name": "p-sealed"}],
    }
    seal = {"sealed": ToSeal("card-7", "decision", sealed)}
    number = ledger.record_statement("decision", fields, seal=seal).index
    closed = gather(ledger, number)
    assert (closed.sealed, closed.inputs, closed.contributions) == (True, {}, {})
    size = ledger.size
    opened = gather(ledger, number, actor="Ada Example")
    assert (opened.opened, opened.inputs, opened.contributions) == (
        True, {"amount": 25}, {"amount": "2"},
    )  # fmt: skip
    assert [ledger.get(index).kind for index in range(size, ledger.size)] == ["opening"]
    ledger.people.erase("card-7")
    erased = gather(ledger, number, actor="Ada Example")
    assert (erased.inputs, erased.contributions) == ({}, {})


def test_what_is_held_is_not_held_again(place: tuple[Ledger, Actor, Desk]) -> None:
    """A second decision to hold the same payment is refused by the escrow, in its word."""
    ledger, _, desk = place
    agreed = paid_in(desk, "p-again", 100)
    desk.hold(held_payment(ledger, "p-again"))
    with raises_code("act.consumer", Refused):
        desk.hold(held_payment(ledger, "p-again"))
    assert desk.escrow.standing(agreed).state is PaymentState.HELD
