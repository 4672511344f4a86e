"""Put our contracts on a ledger's chain, and list those that stand there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Annotated

from counterfoil.act.deploying import DeployedContract, deploy_contract, list_contracts
from counterfoil.errors import InputError
from counterfoil.ops.place import LedgerFolder, open_for_reading, open_for_writing
from counterfoil.ports import Param

__all__ = ["OnChain", "OwnToken", "deploy", "listing", "own_token_of"]

OnChain = Annotated[
    str | None,
    Param("One of the ledger's chains; else the first of its settings.", "embedded|URL"),
]
"""The parameter that names a chain."""

OwnToken = Annotated[
    str | None, Param("Make a token for tests and consortia, with this symbol.", "SYMBOL")
]
"""The parameter that has a token made."""


def deploy(
    names: Annotated[
        tuple[str, ...],
        Param("Contracts: decision_gate, escrow, token, example_switch ...", "NAME"),
    ],
    *,
    chain: OnChain = None,
    set_: Annotated[
        tuple[str, ...], Param("An argument of the last one's constructor.", "NAME=VALUE")
    ] = (),
    ledger: LedgerFolder = None,
) -> Iterator[DeployedContract]:
    """Put contracts on a chain, after those that they need; what stands there is found.

    Raises Refused with code anchor.no-chain or chain.underfunded, NotFound with code act.chain or
    act.contract, InputError with code act.constructor or act.argument, and as `chain.deploy`.
    """
    given = dict(map(_pair, set_))
    with open_for_writing(ledger) as opened, closing(opened.open_chain(chain)) as found:
        for name in names:
            last = name == names[-1]
            yield from deploy_contract(opened, found, name, given if last else {})


def listing(*, chain: OnChain = None, ledger: LedgerFolder = None) -> Iterator[DeployedContract]:
    """List the contracts that the ledger put on a chain, after looking at their code there.

    Raises as `deploy`, NotFound with code chain.no-contract, VerificationError with code
    chain.contract-differs.
    """
    with open_for_reading(ledger) as opened, closing(opened.open_chain(chain)) as found:
        yield from list_contracts(opened, found)


def own_token_of(symbol: str | None) -> dict[str, str] | None:
    """Give the constructor's arguments of a token of a ledger's own; None for None."""
    if symbol is None:
        return None
    return {"name_": symbol, "symbol_": symbol, "decimals_": "2"}


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if name and equals:
        return name, value
    raise InputError(
        "act.constructor-pair",
        f"expected NAME=VALUE, found {text[:80]!a}",
        hint="For example --set name=Euro.",
    )
