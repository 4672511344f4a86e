"""Find the function that people mean: of one of our contracts by its name, else as they spell it.

This module refuses functions that take no proof, and contracts that are no name and no address.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from counterfoil.act.call import Call, make_call
from counterfoil.act.deploying import address_of_contract
from counterfoil.contracts import NAMES, load_artifact
from counterfoil.errors import NotFound

if TYPE_CHECKING:
    from counterfoil.act.actor import Actor

__all__ = ["call_of"]


def call_of(actor: Actor, contract: str, function: str, arguments: Sequence[Any]) -> Call:
    """Make the call that people mean.

    contract: the name of one of ours that stands on the chain, or an address. function: its
    signature without the proof, such as `turn(uint256,bool)`; of ours, the name is enough.
    arguments: as for `make_call`. Raises NotFound with code act.contract, act.not-deployed or
    act.function, InputError with code act.call.
    """
    address = contract
    if contract not in NAMES and not contract.startswith("0x"):
        raise NotFound(
            "act.contract",
            f"expected an address or one of {', '.join(NAMES)}, found {contract[:80]!a}",
            hint="`counterfoil contract ls` shows those that stand; another's address is 0x...",
        )
    if contract in NAMES:
        address = address_of_contract(actor.ledger, actor.chain, contract)
    if "(" not in function:
        types = _types(contract, function)
        return make_call(address, f"{function}({','.join([*types, 'bytes'])})", arguments)
    inner = function.rstrip().removesuffix(")")
    joined = f"{inner}bytes)" if inner.endswith("(") else f"{inner},bytes)"
    return make_call(address, joined, arguments)


def _types(contract: str, function: str) -> list[str]:
    abi = load_artifact(contract).abi if contract in NAMES else ()
    taking = {
        str(entry["name"]): entry["inputs"]
        for entry in abi
        if entry["type"] == "function"
        and [_kind(part) for part in entry["inputs"]][-1:] == ["bytes"]
    }
    if function in taking:
        return [_kind(part) for part in taking[function][:-1]]
    raise NotFound(
        "act.function",
        f"expected a function of {contract[:60]!a} that takes a proof, found {function[:60]!a}",
        hint="Spell its types out: 'turn(uint256,bool)'."
        if not taking
        else f"It has {', '.join(sorted(taking))}.",
    )


def _kind(part: Any) -> str:
    kind = str(part["type"])
    if not kind.startswith("tuple"):
        return kind
    return f"({','.join(map(_kind, part['components']))}){kind[len('tuple') :]}"
