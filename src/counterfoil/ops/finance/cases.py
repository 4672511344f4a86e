"""Cases of held payments: list them, look at one, decide it, and have the escrow do it.

What a case is stands in `apps.finance.held`. This module refuses to decide without a person.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from counterfoil.act import Acted, Actor
from counterfoil.act.actions import NOBODY
from counterfoil.act.escrow_contract import Standing
from counterfoil.apps.finance.held.cases import Case, list_cases
from counterfoil.apps.finance.held.desk import CaseDecided, Desk, decide_case
from counterfoil.apps.finance.held.escrowing import Agreed, require_agreed
from counterfoil.apps.finance.held.file import CaseFile, gather
from counterfoil.apps.finance.held.page import case_page
from counterfoil.apps.finance.held.policy import POLICY_TEXT
from counterfoil.apps.finance.held.setting_up import DeskLimits, SetUp, set_up
from counterfoil.errors import InputError
from counterfoil.ledger import Ledger
from counterfoil.ops.contracts import OnChain
from counterfoil.ops.documents import DocumentFile, DocumentOut, give_out
from counterfoil.ops.files import read_input
from counterfoil.ops.listing import Limit
from counterfoil.ops.place import LedgerFolder, open_for_reading, open_for_writing
from counterfoil.ops.records import find_entry
from counterfoil.ports import Channel, Document, Param
from counterfoil.provenance.statements.parts import Accountable

__all__ = [
    "Paid",
    "ToSign",
    "agree",
    "bring",
    "decide",
    "desk",
    "get",
    "hold",
    "listing",
    "page",
    "settle",
]

_POLICY_MAX_BYTES: Final = 1 << 16
_ALL: Final = 1 << 40

_Case = Annotated[str, Param("The case: index or leaf of the decision to hold.", "CASE")]
_Payment = Annotated[str, Param("The payment, by its id in your own systems.", "PAYMENT")]
_Account = Annotated[str, Param("An account on the chain.", "0x")]
_Token = Annotated[
    str | None, Param("The token that payments are made in; else the ledger's own.", "0x")
]
_Looks = Annotated[
    str | None,
    Param("Who looks: personal data is opened for them, and that is recorded.", "NAME"),
]
_OnChain = Annotated[bool, Param("Ask the chain where the payment stands.")]
_Wait = Annotated[int, Param("Longest wait until it is recorded, seconds.", "SECONDS")]


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
        Path | None, Param("Policy of the people who decide; else the one shipped.", "FILE")
    ] = None,
    own_token: Annotated[
        str | None, Param("Make a token for tests and consortia, with this symbol.", "SYMBOL")
    ] = None,
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
    token = None
    if own_token is not None:
        token = {"name_": own_token, "symbol_": own_token, "decimals_": "2"}
    with open_for_writing(ledger) as opened, Actor(opened, chain=chain) as actor:
        return set_up(
            actor,
            maker,
            find_entry(opened, evidence),
            limits,
            maker_kind=maker_kind,
            policy=text,
            token=token,
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
    token: _Token = None,
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
    token: _Token = None,
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


def hold(
    case: _Case,
    *,
    wait: _Wait = 60,
    token: _Token = None,
    chain: OnChain = None,
    ledger: LedgerFolder = None,
) -> Acted:
    """Have the escrow hold the payment that a decision says to hold; once.

    Raises InputError with code held.case, NotFound with code held.no-escrow, Refused with a code
    gate.*, and as `act submit`.
    """
    with open_for_writing(ledger) as opened, Actor(opened, chain=chain) as actor:
        return Desk(actor, token).hold(find_entry(opened, case), wait_s=wait)


def listing(
    *,
    state: Annotated[
        Literal["open", "release", "return"] | None, Param("Only those that stand so.")
    ] = None,
    limit: Limit = None,
    ledger: LedgerFolder = None,
) -> Iterator[Case]:
    """List held payments, the newest first, with what people decided."""
    with open_for_reading(ledger) as opened:
        yield from list_cases(opened, state=state, limit=_ALL if limit is None else limit)


def get(
    case: _Case,
    *,
    actor: _Looks = None,
    on_chain: _OnChain = False,
    chain: OnChain = None,
    ledger: LedgerFolder = None,
) -> CaseFile:
    """Show all that is known of a held payment.

    Raises InputError with code held.case, and as `person open` where somebody looks.
    """
    with _opened(ledger, actor) as opened:
        return _gather(opened, case, actor, chain, on_chain=on_chain)


def page(
    case: _Case,
    *,
    out: DocumentOut,
    actor: _Looks = None,
    on_chain: _OnChain = False,
    chain: OnChain = None,
    ledger: LedgerFolder = None,
) -> Document | DocumentFile:
    """Write a held payment's page: reasons, money, history and proofs that check themselves.

    Raises as `case get`.
    """
    with _opened(ledger, actor) as opened:
        data = case_page(opened, _gather(opened, case, actor, chain, on_chain=on_chain))
    return give_out(data, "text/html; charset=utf-8", out)


def decide(
    case: _Case,
    outcome: Annotated[Literal["release", "return"], Param("To the payee, or back to the payer.")],
    *,
    why: Annotated[str, Param("The reason, in words.")],
    by: Annotated[str, Param("Who decides: a person's name.", "NAME")],
    role: Annotated[str | None, Param("In which role.", "ROLE")] = None,
    only_record: Annotated[bool, Param("Record it, and let no contract act.")] = False,
    wait: _Wait = 60,
    token: _Token = None,
    chain: OnChain = None,
    ledger: LedgerFolder = None,
) -> CaseDecided:
    """Decide a case as a person, and have the escrow carry it out where it has the payment.

    Raises InputError with code held.case, held.outcome or held.why, Conflict with code
    held.decided or held.unpaid, Refused with a code gate.*, and as `act submit`.
    """
    person = Accountable(name=by, role=role)
    with open_for_writing(ledger) as opened:
        number = find_entry(opened, case)
        found, recorded = decide_case(opened, number, outcome, why=why, by=person)
        if only_record or found.agreed is None:
            return CaseDecided(number, outcome, recorded, None)
        with Actor(opened, chain=chain) as actor:
            acted = Desk(actor, token).carry_out(found, recorded, wait_s=wait)
        return CaseDecided(number, outcome, recorded, acted)


def settle(
    payment: _Payment,
    *,
    token: _Token = None,
    chain: OnChain = None,
    ledger: LedgerFolder = None,
) -> Paid:
    """Do what the clock has decided about a payment in the escrow; anybody may.

    Raises NotFound with code held.unknown, Refused as the contract does.
    """
    with open_for_writing(ledger) as opened, Actor(opened, chain=chain) as actor:
        place, agreed = Desk(actor, token), require_agreed(opened, payment)
        return _paid(payment, place.escrow.settle(agreed))


def _gather(
    opened: Ledger, case: str, actor: str | None, chain: str | None, *, on_chain: bool
) -> CaseFile:
    number = find_entry(opened, case)
    if not on_chain:
        return gather(opened, number, actor=actor)
    with Actor(opened, chain=chain) as acting:
        return gather(opened, number, actor=actor, desk=Desk(acting))


def _opened(ledger: Path | None, actor: str | None) -> Ledger:
    """Open for reading, unless somebody looks at what is sealed: that is recorded."""
    return open_for_reading(ledger) if actor is None else open_for_writing(ledger)


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
