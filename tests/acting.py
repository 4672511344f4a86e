"""A ledger that acts: its own chain, contracts that stand, a decider that may speak, decisions.

It is made once in a process, closed, and copied for each test.
"""

from __future__ import annotations

import atexit
import shutil
import tempfile
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import counterfoil
from counterfoil.act import Actor, Call, Governor, Limits, Wanted, make_call
from counterfoil.act.deciders import new_decider
from counterfoil.act.deploying import address_of_contract, deploy_contract
from counterfoil.chain import Account, ContractAbi, NodeChain, transact
from counterfoil.contracts import load_artifact
from counterfoil.ledger import Ledger
from counterfoil.ports import ChainCall
from tests.ledgers import copy_ledger, set_setting

__all__ = [
    "COINS",
    "DECIDER",
    "LIMITS",
    "MODEL",
    "SCOPE",
    "acting_folder",
    "approve",
    "copy_acting",
    "decide",
    "is_on",
    "pay_accounts",
    "prepare",
    "switch_at",
    "turned",
    "wanted",
]

COINS = 10**19
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


def copy_acting(tmp_path: Path) -> Path:
    """Copy a ledger that is ready to act on its own chain."""
    return Path(shutil.copytree(_ready(), tmp_path / "ledger"))


@cache
def _ready() -> Path:
    home = Path(tempfile.mkdtemp(prefix="acting-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    folder = acting_folder(home)
    with counterfoil.open(folder) as ledger, Actor(ledger) as actor:
        prepare(actor)
    return folder


def prepare(actor: Actor, *, approved: bool = True) -> str:
    """Put the contracts on the actor's chain and make a decider; gives the switch's address."""
    made = deploy_contract(actor.ledger, actor.chain, "example_switch")
    new_decider(actor.ledger, DECIDER)
    if approved:
        approve(actor)
    return made[-1].address


def approve(actor: Actor, scope: str = SCOPE, **changes: Any) -> str:
    """Let the decider speak; changes: of its limits. Gives the approval's id."""
    evidence = actor.ledger.record({"evaluated": "well"}).index
    limits = replace(LIMITS, **changes)
    done = Governor(actor).approve(DECIDER, MODEL, scope, evidence, limits)
    assert done.approval is not None
    return done.approval


def pay_accounts(ledger: Ledger, chain: NodeChain, rich: Account) -> None:
    """Give coins to all accounts of a ledger on a chain that is not its own."""
    from counterfoil.act.accounts import account_of_ledger
    from counterfoil.ledger.anchor_setup import anchor_account

    accounts = [account_of_ledger(ledger, role) for role in ("owner", "guardian", "actor")]
    for account in (*accounts, anchor_account(ledger.layout)):
        transact(chain, rich, ChainCall(account.address, value_wei=COINS))


def decide(ledger: Ledger, outcome: str = "turn on", **more: Any) -> int:
    """Record a decision of the model."""
    fields = {"model": {"digest": MODEL}, "outcome": outcome, "score": "0.91", **more}
    return ledger.record_statement("decision", fields).index


def switch_at(actor: Actor) -> str:
    """Tell where the switch stands."""
    return address_of_contract(actor.ledger, actor.chain, "example_switch")


def wanted(address: str, switch: int = 1, on: bool = True, **more: Any) -> Wanted:
    """Say that a switch is to be turned."""
    return Wanted(_turn(address, switch, on), **{"scope": SCOPE, "decider": DECIDER, **more})


def is_on(actor: Actor, switch: int = 1) -> bool:
    """Ask the contract whether a switch is on."""
    abi, address = _abi(), switch_at(actor)
    data = actor.chain.call(ChainCall(address, abi.encode("is_on", switch)))
    return bool(abi.decode("is_on", data)[0])


def turned(actor: Actor) -> list[int]:
    """List the switches that were turned, in order, by the contract's events."""
    abi, address = _abi(), switch_at(actor)
    head = actor.chain.head().number
    logs = actor.chain.logs(address, 0, head, [abi.topic("Turned")])
    return [int.from_bytes(log.topics[1], "big") for log in logs]


def _turn(address: str, switch: int, on: bool) -> Call:
    return make_call(address, "turn(uint256,bool,bytes)", [switch, on])


def _abi() -> ContractAbi:
    return ContractAbi(load_artifact("example_switch").abi)
