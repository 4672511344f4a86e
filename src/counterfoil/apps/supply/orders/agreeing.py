"""Tell a desk what governance agreed on with a supplier, and put it on record in words.

The contract has hashes of names; the statement has the names, the terms and the transaction. This
module refuses to record an agreement that the contract does not have.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

import msgspec

from counterfoil.act.gate import reason_of
from counterfoil.apps.supply.orders.records import SupplyAgreement
from counterfoil.apps.supply.searching import hits_of
from counterfoil.chain import transact
from counterfoil.errors import CounterfoilError, Refused
from counterfoil.formats.statement import Subject

if TYPE_CHECKING:
    from counterfoil.act.actor import Actor
    from counterfoil.act.reorder_contract import Agreement, ReorderContract
    from counterfoil.ledger import Ledger, RecordView

__all__ = ["Agreed", "list_agreements", "record_agreement"]


@dataclass(frozen=True, slots=True)
class Agreed:
    """An agreement that stands in a ledger. index, leaf: of its statement."""

    index: int
    leaf: str
    said: SupplyAgreement

    def to_json(self) -> dict[str, Any]:
        """Turn it into what the command line and the API print."""
        return {"index": self.index, "leaf": self.leaf, "agreement": msgspec.to_builtins(self.said)}


def record_agreement(actor: Actor, desk: ReorderContract, agreement: Agreement) -> Agreed:
    """Have the registry's owner make an agreement at a desk, unless it stands, and record it.

    Cut off in between, it is recorded when it is asked for again: the contract's event tells the
    transaction. Raises Refused with code supply.agreement, and what a chain raises.
    """
    ledger = actor.ledger
    known = desk.agreed(agreement.item, agreement.supplier)
    if known != agreement.words:
        try:
            transact(actor.chain, actor.account("owner"), desk.agree(agreement))
        except Refused as err:
            raise _refused(err) from err
    transaction = desk.agreed_in(agreement.item, agreement.supplier)
    said = {
        "chain_id": actor.chain.chain_id,
        "desk": desk.address,
        "item": agreement.item,
        "supplier": agreement.supplier,
        "payee": agreement.payee,
        "token": agreement.token,
        "unit_price": str(agreement.unit_price),
        "quantity": str(agreement.quantity),
        "period_quantity": str(agreement.period_quantity),
        "period_budget": str(agreement.period_budget),
        "period_s": agreement.period_s,
        "lead_s": agreement.lead_s,
        "term_s": agreement.term_s,
        "grace_s": agreement.grace_s,
        "window_s": agreement.window_s,
        "arbiter": agreement.arbiter,
        "outcome": agreement.outcome,
        "transaction": transaction,
    }
    done = ledger.record_statement(
        "supply-agreement",
        said,
        subjects=[Subject(digest={"sha256": agreement.id.hex()}, name="agreement")],
        source=f"agreement:{actor.chain.chain_id}:{transaction}:{agreement.id.hex()}",
        number=0,
    )
    return _of(ledger.get(done.index))


def list_agreements(ledger: Ledger, limit: int = 1000) -> Iterator[Agreed]:
    """List what was agreed on, the newest first; a later one replaces an earlier one."""
    yield from map(_of, islice(hits_of(ledger, "kind=supply-agreement"), limit))


def _of(view: RecordView) -> Agreed:
    return Agreed(view.index, view.leaf, msgspec.convert(view.content, SupplyAgreement))


def _refused(err: Refused) -> CounterfoilError:
    reason = reason_of(err)
    if reason is None:
        return err
    return Refused(
        "supply.agreement",
        f"expected the desk to take the agreement, but it refused: {reason[:64]!a}",
        hint="Only the registry's owner agrees; token and payee have to be accounts that can be "
        "paid and pay.",
    )
