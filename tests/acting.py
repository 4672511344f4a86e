"""A ledger that acts: its own chain, contracts that stand, a decider that may speak, decisions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from counterfoil.act import Actor, Call, Governor, Limits, Wanted, make_call
from counterfoil.act.deciders import new_decider
from counterfoil.act.deploying import deploy_contract
from counterfoil.chain import NodeChain
from counterfoil.ledger import Ledger
from counterfoil.ports import ChainCall
from tests.ledgers import copy_ledger, set_setting

__all__ = [
    "DECIDER",
    "LIMITS",
    "MODEL",
    "SCOPE",
    "acting_folder",
    "approve",
    "decide",
    "is_on",
    "prepare",
    "switch_call",
    "wanted",
]

DECIDER = "fraud"
SCOPE = "switch.turn"
MODEL = "ab" * 32
LIMITS = Limits(cap=1_000, period_cap=10_000, period_count=100, valid_s=4_000_000_000, since_s=0)


def acting_folder(tmp_path: Path, *places: str) -> Path:
    """Make a ledger whose settings name chains; its own one unless told."""
    folder = copy_ledger(tmp_path / "ledger")
    named = ", ".join(f'"{place}"' for place in places or ("embedded",))
    set_setting(folder, "anchor_chains", f"[{named}]")
    return folder


def prepare(actor: Actor, *, approved: bool = True) -> str:
    """Put the contracts on the actor's chain and make a decider; gives the switch's address."""
    made = deploy_contract(actor.ledger, actor.chain, "example_switch")
    new_decider(actor.ledger, DECIDER)
    if approved:
        approve(actor)
    return made[-1].address


def approve(actor: Actor, limits: Limits = LIMITS, scope: str = SCOPE) -> str:
    """Let the decider speak; gives the approval's id."""
    evidence = actor.ledger.record({"evaluated": "well"}).index
    done = Governor(actor).approve(DECIDER, MODEL, scope, evidence, limits)
    assert done.approval is not None
    return done.approval


def decide(ledger: Ledger, outcome: str = "turn on", **more: Any) -> int:
    """Record a decision of the model."""
    fields = {"model": {"digest": MODEL}, "outcome": outcome, "score": "0.91", **more}
    return ledger.record_statement("decision", fields).index


def switch_call(address: str, switch: int = 1, on: bool = True) -> Call:
    """Name the call that turns a switch."""
    return make_call(address, "turn(uint256,bool,bytes)", [switch, on])


def wanted(address: str, switch: int = 1, on: bool = True, **more: Any) -> Wanted:
    """Say that a switch is to be turned."""
    return Wanted(switch_call(address, switch, on), SCOPE, DECIDER, **more)


def is_on(chain: NodeChain, address: str, switch: int = 1) -> bool:
    """Ask the contract whether a switch is on."""
    from counterfoil.chain import ContractAbi
    from counterfoil.contracts import load_artifact

    abi = ContractAbi(load_artifact("example_switch").abi)
    (found,) = abi.decode("is_on", chain.call(ChainCall(address, abi.encode("is_on", switch))))
    return bool(found)
