"""Set an order desk up: contracts, keys, agreements, and what governance allows each key.

Each step is found again, so that this can be cut off and asked for again. Limits are required: a
stolen key orders and moves no more than they say, and no more than the agreements do. This module
refuses to approve a maker without evidence in the log.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from counterfoil.act import Governed, Governor, Limits, actions
from counterfoil.act.deciders import list_deciders, new_decider
from counterfoil.act.deploying import DeployedContract, address_of_contract, deploy_contract
from counterfoil.act.reorder_contract import ORDER_SCOPE, Agreement, ReorderContract
from counterfoil.apps.supply.orders.agreeing import Agreed, record_agreement
from counterfoil.apps.supply.orders.cold_chain import cold_rule
from counterfoil.apps.supply.orders.delivering import policy_of, receipt_rule
from counterfoil.apps.supply.orders.desk import ORDER_DECIDER, RELEASE_DECIDER, RETURN_DECIDER

if TYPE_CHECKING:
    from counterfoil.act.actor import Actor
    from counterfoil.provenance.statements.parts import Reference

__all__ = ["Agreement", "OrderLimits", "SetUp", "set_up"]

_YEAR_S: Final = 365 * 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLimits:
    """How much the desk's keys may order and move, in the token's smallest unit.

    order: by one verdict. day: by all verdicts of one key and scope in a day. count: how many of
    them in a day. agreements: with suppliers, whose own caps hold beside these; where a token is
    made here, an agreement's token may be the zero address, and is that one. valid_s: how long
    the approvals hold, seconds.
    """

    order: int
    day: int
    agreements: Sequence[Agreement] = ()
    count: int = 100
    valid_s: int = _YEAR_S


@dataclass(frozen=True, slots=True)
class SetUp:
    """What stands now. contracts: on the chain. approvals: of each key, scope and maker."""

    contracts: tuple[DeployedContract, ...]
    approvals: tuple[Governed, ...]
    agreements: tuple[Agreed, ...]

    def to_json(self) -> dict[str, Any]:
        """Turn it into what the command line and the API print."""
        return {
            "contracts": [one.to_json() for one in self.contracts],
            "approvals": [one.to_json() for one in self.approvals],
            "agreements": [one.to_json() for one in self.agreements],
        }


def set_up(
    actor: Actor,
    maker: str,
    evidence: int | str,
    limits: OrderLimits,
    *,
    maker_kind: str = "model",
    returns: Sequence[Reference] = (),
    funder: str | None = None,
    token: Mapping[str, str] | None = None,
) -> SetUp:
    """Deploy desk, escrow, gate and registry, make the desk's keys, approve them, and agree.

    maker: digest of the model or text whose decisions may place orders, 64 hexadecimal digits.
    evidence: index or leaf of the statement that it rests on, such as an evaluation. returns:
    texts whose decisions may return an order's money, as `record_written` gives them, beside those
    of the desk's own. funder: account whose money the desk holds; else the ledger's own `funder`.
    token: constructor arguments of a token of the ledger's own, for tests and consortia.
    Raises as `deploy_contract`, `Governor.approve` and `record_agreement`.
    """
    ledger, chain = actor.ledger, actor.chain
    given = {} if funder is None else {"funder": funder}
    made = [*deploy_contract(ledger, chain, "reorder_desk", given)]
    if token is not None:
        made += deploy_contract(ledger, chain, "token", token)
    known = {one.name for one in list_deciders(ledger)}
    for name in (ORDER_DECIDER, RELEASE_DECIDER, RETURN_DECIDER):
        if name not in known:
            new_decider(ledger, name)
    approvals = _approved(actor, maker, maker_kind, evidence, limits, returns)
    own = address_of_contract(ledger, chain, "token") if token is not None else None
    where = address_of_contract(ledger, chain, "reorder_desk")
    contract = ReorderContract(chain, where)
    agreed = [record_agreement(actor, contract, _in_token(one, own)) for one in limits.agreements]
    return SetUp(tuple(made), tuple(approvals), tuple(agreed))


def _approved(
    actor: Actor,
    maker: str,
    maker_kind: str,
    evidence: int | str,
    limits: OrderLimits,
    returns: Sequence[Reference],
) -> list[Governed]:
    ledger, governor = actor.ledger, Governor(actor)
    policy, receipt = policy_of(ledger), receipt_rule(ledger)
    terms = Limits(
        consumer=address_of_contract(ledger, actor.chain, "reorder_desk"),
        cap=limits.order,
        period_cap=limits.day,
        period_count=limits.count,
        valid_s=limits.valid_s,
    )
    moving = replace(terms, consumer=address_of_contract(ledger, actor.chain, "escrow"))
    approvals = [
        governor.approve(ORDER_DECIDER, maker, ORDER_SCOPE, evidence, terms, maker_kind=maker_kind)
    ]
    wanted = [
        (RELEASE_DECIDER, receipt, actions.RELEASE_SCOPE),
        (RELEASE_DECIDER, policy, actions.RELEASE_SCOPE),
        *(
            (RETURN_DECIDER, one, actions.RETURN_SCOPE)
            for one in (policy, cold_rule(ledger), *returns)
        ),
    ]
    approvals += [
        governor.approve(
            decider, one.digest or "", scope, one.leaf or "", moving, maker_kind="rule"
        )
        for decider, one, scope in wanted
    ]
    return approvals


def _in_token(agreement: Agreement, own: str | None) -> Agreement:
    if own is None or agreement.token != actions.NOBODY:
        return agreement
    return replace(agreement, token=own)
