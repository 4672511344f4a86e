"""Set a desk up: contracts, keys, and what governance allows each key, step by step.

Each step is found again, so that this can be cut off and asked for again. Limits are required: a
stolen key moves no more than they say. On the ledger's own chain one process does all of it; where
several organisations share a chain, whoever owns the registry approves, by the same commands.
This module refuses to approve a maker without evidence in the log.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from counterfoil.act import Governed, Governor, Limits, actions
from counterfoil.act.deciders import list_deciders, new_decider
from counterfoil.act.deploying import DeployedContract, address_of_contract, deploy_contract
from counterfoil.apps.finance.held.desk import DESK_DECIDER, HOLD_DECIDER
from counterfoil.apps.finance.held.policy import POLICY_TEXT, record_policy

if TYPE_CHECKING:
    from counterfoil.act.actor import Actor

__all__ = ["DeskLimits", "SetUp", "set_up"]

_YEAR_S: Final = 365 * 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskLimits:
    """How much the desk's keys may move, in the token's smallest unit.

    payment: by one verdict. day: by all verdicts of one key and scope in a day. count: how many of
    them in a day. valid_s: how long the approvals hold, seconds.
    """

    payment: int
    day: int
    count: int = 1_000
    valid_s: int = _YEAR_S


@dataclass(frozen=True, slots=True)
class SetUp:
    """What stands now. contracts: on the chain. approvals: of each key, scope and maker."""

    contracts: tuple[DeployedContract, ...]
    approvals: tuple[Governed, ...]

    def to_json(self) -> dict[str, Any]:
        """Turn it into what the command line and the API print."""
        return {
            "contracts": [one.to_json() for one in self.contracts],
            "approvals": [one.to_json() for one in self.approvals],
        }


def set_up(
    actor: Actor,
    maker: str,
    evidence: int | str,
    limits: DeskLimits,
    *,
    maker_kind: str = "model",
    policy: str = POLICY_TEXT,
    token: Mapping[str, str] | None = None,
) -> SetUp:
    """Deploy registry, gate and escrow, make the desk's keys, and approve them.

    maker: digest of the model or rules whose decisions may hold payments, 64 hexadecimal digits.
    evidence: index or leaf of the statement that it rests on, such as an evaluation. policy: of
    people. token: constructor arguments of a token of the ledger's own, for tests and consortia;
    None where payments are made in a token that stands.
    Raises as `deploy_contract`, `Governor.approve` and `record_policy`.
    """
    ledger, chain = actor.ledger, actor.chain
    made = [*deploy_contract(ledger, chain, "escrow")]
    if token is not None:
        made += deploy_contract(ledger, chain, "token", token)
    known = {one.name for one in list_deciders(ledger)}
    for name in (HOLD_DECIDER, DESK_DECIDER):
        if name not in known:
            new_decider(ledger, name)
    desk = record_policy(ledger, policy)
    governor = Governor(actor)
    terms = Limits(
        consumer=address_of_contract(ledger, chain, "escrow"),
        cap=limits.payment,
        period_cap=limits.day,
        period_count=limits.count,
        valid_s=limits.valid_s,
    )
    approvals = [
        governor.approve(
            HOLD_DECIDER, maker, actions.HOLD_SCOPE, evidence, terms, maker_kind=maker_kind
        )
    ]
    approvals += [
        governor.approve(
            DESK_DECIDER, desk.digest or "", scope, desk.leaf or "", terms, maker_kind="rule"
        )
        for scope in (actions.RELEASE_SCOPE, actions.RETURN_SCOPE)
    ]
    return SetUp(tuple(made), tuple(approvals))
