"""Payments in the escrow: the desk is set up, terms are agreed on, payers sign, the clock settles.

What a desk is stands in `apps.finance.held`. This module refuses to hold a payer's key.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from counterfoil.act import Actor
from counterfoil.act.actions import NOBODY
from counterfoil.act.escrow_contract import Standing
from counterfoil.apps.finance.held.desk import Desk
from counterfoil.apps.finance.held.escrowing import Agreed, require_agreed
from counterfoil.apps.finance.held.policy import POLICY_TEXT
from counterfoil.apps.finance.held.setting_up import DeskLimits, SetUp, set_up
from counterfoil.errors import InputError
from counterfoil.ops.contracts import OnChain, OwnToken, own_token_of
from counterfoil.ops.files import read_input
from counterfoil.ops.place import LedgerFolder, open_for_writing
from counterfoil.ops.records import find_entry
from counterfoil.ports import Channel, Param

__all__ = ["Paid", "ToSign", "Token", "agree", "bring", "desk", "settle"]

_POLICY_MAX_BYTES: Final = 1 << 16

Token = Annotated[
    str | None, Param("The token that payments are made in; else the ledger's own.", "0x")
]
"""The parameter that names a token."""

_Payment = Annotated[str, Param("The payment, by its id in your own systems.", "PAYMENT")]
_Account = Annotated[str, Param("An account on the chain.", "0x")]


@dataclass(frozen=True, slots=True)
class ToSign:
    """Terms that were agreed on. document: what the payer signs (EIP-712, ERC-3009)."""

    agreed: Agreed
    document: dict[str, Any]

    def to_json(self) -> dict[str, Any]:
        """Turn it into what the command line and the API print."""
        return {**self.agreed.to_json(), "document": self.document}


@dataclass(frozen=True, slots=True)
class Paid:
    """Where a payment stands in the escrow. state: in its words. left: of its amount."""

    payment: str
    state: str
    left: str


def desk(
    maker: Annotated[
        str, Param("Digest of the model or rules whose decisions may hold payments.", "DIGEST")
    ],
    *,
    evidence: Annotated[str, Param("The statement that it rests on.", "INDEX|LEAF")],
    per_payment: Annotated[str, Param("Most that one verdict may move, smallest unit.", "N")],
    per_day: Annotated[str, Param("Most that a key may move in a day, smallest unit.", "N")],
    maker_kind: Annotated[Literal["model", "rule"], Param("What decides to hold.")] = "model",
    policy: Annotated[
        Path | None,
        Param("Policy of the people who decide; else the one shipped.", "FILE", holds="file"),
    ] = None,
    own_token: OwnToken = None,
    chain: OnChain = None,
    ledger: LedgerFolder = None,
    channel: Channel,
) -> SetUp:
    """Put escrow, gate and registry on a chain, make the desk's keys, and approve them.

    What stands is found: it may be asked for again. Raises InputError with code case.amount,
    held.policy, act.maker; and as `contract deploy` and `act approve`.
    """
    limits = DeskLimits(payment=_amount(per_payment), day=_amount(per_day))
    if limits.payment > limits.day:
        raise InputError(
            "case.amount",
            f"expected no more a payment than a day, found {limits.payment} and {limits.day}",
            hint="A verdict of more than a day's limit could never pass.",
        )
    text = POLICY_TEXT
    if policy is not None:
        text = read_input(policy, channel, _POLICY_MAX_BYTES).decode("utf-8", "replace")
    with open_for_writing(ledger) as opened, Actor(opened, chain=chain) as actor:
        return set_up(
            actor,
            maker,
            find_entry(opened, evidence),
            limits,
            maker_kind=maker_kind,
            policy=text,
            token=own_token_of(own_token),
        )


def agree(
    payment: _Payment,
    *,
    payer: _Account,
    payee: _Account,
    amount: Annotated[str, Param("In the token's smallest unit.", "N")],
    arbiter: Annotated[str, Param("Account that rules on appeal; else none does.", "0x")] = NOBODY,
    window: Annotated[int, Param("Time for an appeal, seconds.", "SECONDS")] = 0,
    due: Annotated[
        int, Param("From then on it is the payee's unless held; 0 is never.", "SECONDS")
    ] = 0,
    deadline: Annotated[
        int, Param("From then on what nobody decided is the payer's.", "SECONDS")
    ] = 604_800,
    token: Token = None,
    chain: OnChain = None,
    ledger: LedgerFolder = None,
) -> ToSign:
    """Record the terms of a payment that goes through the escrow, and give what its payer signs.

    Raises InputError with code case.amount, act.terms or held.payment, Conflict with code
    held.terms, NotFound with code act.not-deployed.
    """
    with open_for_writing(ledger) as opened, Actor(opened, chain=chain) as actor:
        place = Desk(actor, token)
        agreed = place.escrow.agree(
            payment,
            payer=payer,
            payee=payee,
            amount=_amount(amount),
            arbiter=arbiter,
            window_s=window,
            due_after_s=due,
            deadline_after_s=deadline,
        )
        return ToSign(agreed, place.escrow.document(agreed))


def bring(
    payment: _Payment,
    signature: Annotated[str, Param("The payer's: r, s and v, 65 bytes.", "0x")],
    *,
    token: Token = None,
    chain: OnChain = None,
    ledger: LedgerFolder = None,
) -> Paid:
    """Bring a payment into the escrow by its payer's signature.

    Raises InputError with code case.signature, NotFound with code held.unknown, Refused as the
    contract does.
    """
    try:
        data = bytes.fromhex(signature.removeprefix("0x"))
    except ValueError:
        data = b""
    if len(data) != 65:
        raise InputError(
            "case.signature",
            f"expected a signature of 65 bytes in hexadecimal, found {signature[:40]!a}",
            hint="Sign the document that `counterfoil case agree` gave (eth_signTypedData_v4).",
        )
    with open_for_writing(ledger) as opened, Actor(opened, chain=chain) as actor:
        place, agreed = Desk(actor, token), require_agreed(opened, payment)
        place.escrow.bring(agreed, data)
        return _paid(payment, place.escrow.standing(agreed))


def settle(
    payment: _Payment,
    *,
    token: Token = None,
    chain: OnChain = None,
    ledger: LedgerFolder = None,
) -> Paid:
    """Do what the clock has decided about a payment in the escrow; anybody may.

    Raises NotFound with code held.unknown, Refused as the contract does.
    """
    with open_for_writing(ledger) as opened, Actor(opened, chain=chain) as actor:
        place, agreed = Desk(actor, token), require_agreed(opened, payment)
        return _paid(payment, place.escrow.settle(agreed))


def _amount(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) == 0:
        raise InputError(
            "case.amount",
            f"expected a whole number above 0, found {text[:40]!a}",
            hint="Give it in the token's smallest unit: 12.50 euro with two decimals are 1250.",
        )
    return int(text)


def _paid(payment: str, standing: Standing) -> Paid:
    return Paid(payment, standing.state.value, str(standing.left))
