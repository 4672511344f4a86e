"""Bring a payment into an escrow: agree on its terms, take the payer's signature, ask the chain.

The terms are recorded first. From then on the payment has one id on the contract, so that a crash
between any two steps is mended by doing them again. Which payments go through an escrow is the
caller's to say: a chain is slower than a stream, so they are the few that somebody may have to
stop. This module refuses to hold a payer's key: it is given, signs once, and is let go of.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import msgspec

from counterfoil.act.actions import NOBODY, PaymentTerms, authorization_of
from counterfoil.act.deploying import address_of_contract
from counterfoil.act.escrow_contract import EscrowContract, PaymentState, Standing
from counterfoil.act.token_contract import TokenContract
from counterfoil.apps.finance.held.records import SOURCE, EscrowedPayment
from counterfoil.chain import transact
from counterfoil.contracts import load_artifact
from counterfoil.errors import Conflict, InputError, NotFound
from counterfoil.formats.statement import Subject
from counterfoil.ports import ChainCall

if TYPE_CHECKING:
    from counterfoil.act.actor import Actor
    from counterfoil.chain import Account
    from counterfoil.ledger import Ledger, RecordView
    from counterfoil.provenance.statements.parts import Reference

__all__ = ["Agreed", "EscrowDesk", "find_agreed", "require_agreed"]

_DAY_S: Final = 86_400
_SOURCE_MAX: Final = 255


@dataclass(frozen=True, slots=True)
class Agreed:
    """Terms that stand in a ledger. index, leaf: of their statement."""

    index: int
    leaf: str
    said: EscrowedPayment

    def to_json(self) -> dict[str, Any]:
        """Turn it into what the command line and the API print."""
        return {"index": self.index, "leaf": self.leaf, **msgspec.to_builtins(self.said)}


class EscrowDesk:
    """The escrow on an actor's chain, and the payments in it.

    actor: acts for the ledger. token: what payments are made in; else the ledger's own token.
    Raises NotFound with code act.not-deployed.
    """

    def __init__(self, actor: Actor, token: str | None = None) -> None:
        self.actor = actor
        self.token = token or address_of_contract(actor.ledger, actor.chain, "token")
        where = address_of_contract(actor.ledger, actor.chain, "escrow")
        self.contract = EscrowContract(actor.chain, where, load_artifact("escrow").abi)

    def agree(
        self,
        payment: str,
        *,
        payer: str,
        payee: str,
        amount: int,
        due_after_s: int = 0,
        deadline_after_s: int = 7 * _DAY_S,
        window_s: int = 0,
        arbiter: str = NOBODY,
        entry: Reference | None = None,
    ) -> Agreed:
        """Record the terms of a payment, once; asked again, the first terms are given.

        payment: its id in your own systems. payer, payee, arbiter: accounts. amount: in the
        token's smallest unit. due_after_s, deadline_after_s: from now on, see `PaymentTerms`; due 0
        is never. entry: the statement that records the payment.
        Raises InputError with code act.terms or held.payment; Conflict with code held.terms where
        it was agreed for another payer, payee or amount.
        """
        source = _source(payment)
        known = find_agreed(self.actor.ledger, payment)
        if known is not None:
            return _require_same(known, payer, payee, amount)
        now_s = self.actor.now_ms() // 1000
        terms = PaymentTerms(
            payer=payer,
            payee=payee,
            token=self.token,
            amount=amount,
            deadline_s=now_s + deadline_after_s,
            salt=secrets.token_bytes(32),
            arbiter=arbiter,
            window_s=window_s,
            due_s=now_s + due_after_s if due_after_s else 0,
        )
        payment_id = self.contract.payment_id(terms).hex()
        fields: dict[str, Any] = {
            "payment": payment,
            "chain_id": self.actor.chain.chain_id,
            "escrow": self.contract.address,
            "payment_id": payment_id,
            "payer": terms.payer,
            "payee": terms.payee,
            "token": terms.token,
            "amount": str(terms.amount),
            "arbiter": terms.arbiter,
            "window_s": terms.window_s,
            "due_s": terms.due_s,
            "deadline_s": terms.deadline_s,
            "salt": terms.salt.hex(),
        }
        if entry is not None:
            fields["entry"] = msgspec.to_builtins(entry)
        subject = Subject(digest={"sha256": payment_id}, name="payment")
        done = self.actor.ledger.record_statement(
            "escrowed-payment", fields, subjects=[subject], source=source, number=0
        )
        return _of(self.actor.ledger.get(done.index))

    def pay_in(self, agreed: Agreed, payer: Account) -> Standing:
        """Have the payer sign, bring the money into the escrow, and tell where it stands.

        payer: whose account the terms name; it signs an ERC-3009 authorization, needs no coins,
        and the ledger's own account brings it. Paid in already, nothing is done.
        Raises InputError with code held.payer, and what a chain raises.
        """
        terms = agreed.said.terms
        if payer.address != terms.payer:
            raise InputError(
                "held.payer",
                f"expected the key of the payer {terms.payer}, found that of {payer.address}",
                hint="The account that the terms name has to sign.",
            )
        standing = self.standing(agreed)
        if standing.state is not PaymentState.NONE:
            return standing
        self.bring(agreed, payer.sign_typed_data(self.document(agreed)))
        return self.standing(agreed)

    def document(self, agreed: Agreed) -> dict[str, Any]:
        """Give the EIP-712 document that the payer signs, as wallets take it."""
        return authorization_of(
            agreed.said.terms,
            self.actor.chain.chain_id,
            self.contract.address,
            TokenContract(self.actor.chain, agreed.said.token).domain(),
        )

    def bring(self, agreed: Agreed, signature: bytes) -> None:
        """Bring what a payer signed elsewhere: 65 bytes over `authorization_of`'s document."""
        terms = agreed.said.terms
        call = self.contract.deposit_with_authorization(terms, 0, terms.deadline_s, signature)
        self._send(call)

    def standing(self, agreed: Agreed) -> Standing:
        """Ask the contract where a payment stands."""
        return self.contract.standing(agreed.said.terms)

    def settle(self, agreed: Agreed) -> Standing:
        """Do what the clock has decided, and tell where it stands then. Raises as the contract."""
        self._send(self.contract.settle(agreed.said.terms))
        return self.standing(agreed)

    def credit(self, account: str) -> int:
        """Tell what an account may take out, in the token's smallest unit."""
        return self.contract.credit(self.token, account)

    def _send(self, call: ChainCall) -> None:
        transact(self.actor.chain, self.actor.account("actor"), call)


def find_agreed(ledger: Ledger, payment: str) -> Agreed | None:
    """Find the terms of a payment; None where it goes through no escrow."""
    escaped = _source(payment).replace("\\", "\\\\").replace('"', '\\"')
    hits = ledger.search(f'kind=escrowed-payment source="{escaped}"', limit=1).hits
    return _of(hits[0]) if hits else None


def require_agreed(ledger: Ledger, payment: str) -> Agreed:
    """Find the terms of a payment. Raises NotFound with code held.unknown."""
    found = find_agreed(ledger, payment)
    if found is None:
        raise NotFound(
            "held.unknown",
            f"expected a payment that goes through the escrow, found none with id {payment[:80]!a}",
            hint="`counterfoil case ls` lists what is held.",
        )
    return found


def _require_same(known: Agreed, payer: str, payee: str, amount: int) -> Agreed:
    said = known.said
    if (said.payer.lower(), said.payee.lower(), int(said.amount)) != (
        payer.lower(),
        payee.lower(),
        amount,
    ):
        raise Conflict(
            "held.terms",
            f"expected the terms of payment {said.payment!a} as they were agreed, found another "
            "payer, payee or amount",
            hint=f"Entry {known.index} has them; another payment needs another id.",
        )
    return known


def _source(payment: str) -> str:
    """Name the series of a payment's terms. Raises InputError with code held.payment."""
    source = f"{SOURCE}{payment}"
    if not payment or not payment.isprintable() or len(source.encode()) > _SOURCE_MAX:
        raise InputError(
            "held.payment",
            f"expected the id of a payment, 1 to {_SOURCE_MAX - len(SOURCE)} printable characters, "
            f"found {payment[:80]!a}",
            hint="Give the id by which your own systems know it.",
        )
    return source


def _of(view: RecordView) -> Agreed:
    return Agreed(view.index, view.leaf, msgspec.convert(view.content, EscrowedPayment))
