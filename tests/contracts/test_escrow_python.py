"""Python names and reads payments as the contract does, word for word."""

from __future__ import annotations

from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from counterfoil.act.actions import (
    NOBODY,
    Batch,
    PaymentTerms,
    authorization_of,
    hold,
    release,
    release_batch,
    return_,
)
from counterfoil.act.escrow_contract import EscrowContract, PaymentState
from counterfoil.act.settlement import make_settlement
from counterfoil.contracts import load_artifact
from counterfoil.ports import Chain, ChainCall
from tests.contracts.bank import ARBITER, OWNER, PAYEES, PAYERS, STRANGER, Bank
from tests.contracts.rig import Reverted, World

DAY = 86_400
PAYER, PAYEE = PAYERS[0].address, PAYEES[0].address

addresses = st.binary(min_size=20, max_size=20).map(lambda raw: "0x" + raw.hex())
times = st.integers(0, 2**64 - 1)
terms = st.builds(
    PaymentTerms,
    payer=addresses,
    payee=addresses,
    token=addresses,
    amount=st.integers(1, 2**128 - 1),
    arbiter=addresses,
    window_s=times,
    due_s=times,
    deadline_s=times,
    salt=st.binary(min_size=32, max_size=32),
)
amounts = st.integers(0, 2**256 - 1)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(told=terms, amount=amounts, left=amounts, until=times, chunks=times, root=st.binary())
def test_hashes(
    bank: Bank, told: PaymentTerms, amount: int, left: int, until: int, chunks: int, root: bytes
) -> None:
    """Whatever the terms, both compute the same id and the same hash of each action."""
    escrow, chain_id = bank.escrow, bank.world.chain_id
    assert escrow("payment_id", told.words) == told.payment_id(chain_id, escrow.address)
    batch = Batch(
        root=root[:32].ljust(32, b"r"), chunks=chunks, total=amount, left=left, until_s=until
    )
    for function, arguments, call in [
        ("hold_action", (told.words,), hold(escrow.address, told)),
        ("release_action", (told.words, amount, left), release(escrow.address, told, amount, left)),
        ("return_action", (told.words, amount, left), return_(escrow.address, told, amount, left)),
        ("batch_action", (told.words, batch.words), release_batch(escrow.address, told, batch)),
    ]:
        assert escrow(function, *arguments) == call.action_hash(chain_id)


class WorldChain:
    """The EVM in memory as a chain that can be read, and that takes calls."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.chain_id = world.chain_id

    def call(self, call: ChainCall, block: int | None = None) -> bytes:
        return self.send(call, STRANGER.address)

    def send(self, call: ChainCall, sender: str) -> bytes:
        """Carry a call out."""
        done = self.world.env.execute_code(to_address=call.to, sender=sender, data=call.data)
        if done.is_error:
            raise Reverted(done.output)
        return bytes(done.output)


@pytest.fixture
def chain(bank: Bank) -> WorldChain:
    return WorldChain(bank.world)


@pytest.fixture
def escrow(bank: Bank, chain: WorldChain) -> EscrowContract:
    abi = load_artifact("escrow").abi
    return EscrowContract(cast(Chain, chain), bank.escrow.address, abi)


def test_a_payment_from_outside(bank: Bank, chain: WorldChain, escrow: EscrowContract) -> None:
    """Each call that Python makes does what it says, and each state is read as it is."""
    told = bank.terms(arbiter=ARBITER.address, window_s=3600)
    assert escrow.standing(told).state is PaymentState.NONE
    assert escrow.standing(told).falls_to(told, told.deadline_s) is None
    bank.token("mint", PAYER, 100, sender=OWNER.address)
    domain = ("Test Euro", "1")
    said = authorization_of(told, chain.chain_id, escrow.address, domain)
    signed = bytes(PAYERS[0].sign_typed_data(full_message=said).signature)
    deposit = escrow.deposit_with_authorization(told, 0, told.deadline_s, signed)
    chain.send(deposit, STRANGER.address)
    assert escrow.payment_id(told) == bank.payment_id(told)
    assert escrow.standing(told).state is PaymentState.OPEN
    bank.hold(told)
    assert escrow.standing(told).state is PaymentState.HELD
    bank.release(told, 70, 30)
    waits = escrow.standing(told)
    assert (waits.state, waits.pending, waits.to_payee) == (PaymentState.PENDING, 70, True)
    assert waits.until_s == bank.world.now + 3600
    assert waits.falls_to(told, bank.world.now) is None
    chain.send(escrow.appeal(told), PAYER)
    assert escrow.standing(told).state is PaymentState.APPEALED
    chain.send(escrow.rule(told, 20), ARBITER.address)
    assert escrow.standing(told).falls_to(told, told.deadline_s) == PAYER
    bank.world.wait(DAY)
    chain.send(escrow.settle(told), STRANGER.address)
    assert escrow.standing(told).state is PaymentState.SETTLED
    assert (escrow.credit(told.token, PAYEE), escrow.credit(told.token, PAYER)) == (20, 80)
    chain.send(escrow.withdraw(told.token), PAYER)
    chain.send(escrow.withdraw_to(told.token, STRANGER.address, 5), PAYEE)
    bank.world.wait(30 * DAY)
    chain.send(escrow.push(told.token, PAYEE), STRANGER.address)
    balances = [bank.balance(who) for who in (PAYER, PAYEE, STRANGER.address)]
    assert balances == [80, 15, 5]


def test_whom_it_falls_to(bank: Bank, chain: WorldChain, escrow: EscrowContract) -> None:
    """Before the clock decides nobody gets it; then whom `settle` gives it to."""
    due = bank.terms(due_s=bank.world.now + 60)
    bank.fund(bank.token, PAYER, 100)
    chain.send(escrow.deposit(due), PAYER)
    standing = escrow.standing(due)
    assert standing.falls_to(due, due.due_s - 1) is None
    assert standing.falls_to(due, due.due_s) == standing.falls_to(due, due.deadline_s) == PAYEE
    bank.hold(due)
    held = escrow.standing(due)
    assert held.falls_to(due, due.due_s) is None
    assert held.falls_to(due, due.deadline_s) == PAYER
    other = bank.paid(salt=b"w" * 32)
    chain.send(escrow.waive(other), PAYEE)
    assert escrow.credit(other.token, PAYER) == 100


def test_a_batch_from_outside(bank: Bank, chain: WorldChain, escrow: EscrowContract) -> None:
    """Chunks are applied, claimed and closed by the calls that Python makes."""
    made = make_settlement(
        [(PAYEE, 5), (STRANGER.address, 6), (OWNER.address, 7)], rows_per_chunk=1
    )
    told = bank.paid(payee=NOBODY, amount=18)
    batch = made.batch(0, bank.world.now + DAY)
    assert escrow.batch_left(told, batch) == 0
    bank.release_batch(told, batch)
    assert escrow.batch_left(told, batch) == 18
    chain.send(escrow.apply_chunk(told, batch, made, made.index_of(PAYEE)), PAYER)
    index = made.index_of(STRANGER.address)
    chain.send(escrow.claim(told, batch, made, index), STRANGER.address)
    assert (escrow.credit(told.token, PAYEE), bank.balance(STRANGER.address)) == (5, 6)
    bank.world.wait(DAY)
    chain.send(escrow.close_batch(told, batch), STRANGER.address)
    assert escrow.credit(told.token, PAYER) == 7


def test_authorizations_name_the_payment() -> None:
    """What a payer signs names the token, the escrow and, as its nonce, all terms."""
    told = PaymentTerms(
        payer=PAYER,
        payee=PAYEE,
        token=OWNER.address,
        amount=5,
        deadline_s=100,
        salt=bytes(32),
    )
    said: dict[str, Any] = authorization_of(told, 7, STRANGER.address, ("Euro", "2"))
    assert said["domain"] == {
        "name": "Euro",
        "version": "2",
        "chainId": 7,
        "verifyingContract": OWNER.address,
    }
    assert said["message"]["validBefore"] == 100
    assert said["message"]["nonce"] == "0x" + told.payment_id(7, STRANGER.address).hex()
    other = authorization_of(told, 7, STRANGER.address, ("Euro", "2"), valid_before_s=9)
    assert other["message"]["validBefore"] == 9
