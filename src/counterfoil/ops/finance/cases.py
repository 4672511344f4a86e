"""Cases of held payments: list them, look at one, decide it, and have the escrow do it.

What a case is stands in `apps.finance.held`. This module refuses to decide without a person.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final, Literal

from counterfoil.act import Acted, Actor
from counterfoil.apps.finance.held.brief import BriefCase, brief_cases
from counterfoil.apps.finance.held.cases import Case, list_cases
from counterfoil.apps.finance.held.desk import CaseDecided, Desk, decide_case
from counterfoil.apps.finance.held.file import CaseFile, gather
from counterfoil.apps.finance.held.page import case_page
from counterfoil.ledger import Ledger
from counterfoil.ops.contracts import OnChain
from counterfoil.ops.documents import DocumentFile, DocumentOut, give_out
from counterfoil.ops.finance.escrowed import Token
from counterfoil.ops.listing import Limit
from counterfoil.ops.place import LedgerFolder, open_for_reading, open_for_writing
from counterfoil.ops.records import find_entry
from counterfoil.ports import Document, Param
from counterfoil.provenance.statements.parts import Accountable

__all__ = ["brief", "decide", "get", "hold", "listing", "page"]

_ALL: Final = 1 << 40

_Case = Annotated[str, Param("The case: index or leaf of the decision to hold.", "CASE")]
_Looks = Annotated[
    str | None,
    Param("Who looks: personal data is opened for them, and that is recorded.", "NAME"),
]
_OnChain = Annotated[bool, Param("Ask the chain where the payment stands.")]
_Wait = Annotated[int, Param("Longest wait until it is recorded, seconds.", "SECONDS")]


def hold(
    case: _Case,
    *,
    wait: _Wait = 60,
    token: Token = None,
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


def brief(
    *, limit: int = 50, before: int | None = None, ledger: LedgerFolder = None
) -> tuple[list[BriefCase], int | None]:
    """List held payments at a glance, and where to go on; see `brief_cases`."""
    with open_for_reading(ledger) as opened:
        return brief_cases(opened, limit=limit, before=before)


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
    token: Token = None,
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
