"""Put our contracts on a ledger's chain, each with what it needs: the gate after its registry.

What stands is found by the ledger's `deployments/`, so this may be cut off anywhere and begun
again. Arguments of a constructor are found by their names: a contract's address by the contract,
`owner`, `guardian` and `funder` by the ledger's accounts; others are to be given. This module
refuses to guess an argument, and code that is not ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from counterfoil.act.accounts import account_of_ledger, ensure_funds
from counterfoil.act.call import read_argument
from counterfoil.chain import check_deployment, deploy, read_deployments
from counterfoil.contracts import NAMES, load_artifact
from counterfoil.errors import InputError, NotFound

if TYPE_CHECKING:
    from counterfoil.chain import Deployment, NodeChain
    from counterfoil.ledger import Ledger

__all__ = ["DeployedContract", "address_of_contract", "deploy_contract", "list_contracts"]

_CONTRACTS: Final = {
    "anchor": "anchor",
    "registry": "model_registry",
    "gate": "decision_gate",
    "token": "token",
    "escrow": "escrow",
}
"""Names of constructors' arguments that mean one of our contracts -> which."""

_ACCOUNTS: Final = ("owner", "guardian", "funder")


@dataclass(frozen=True, slots=True)
class DeployedContract:
    """A contract that stands on a chain; see `chain.Deployment`. new: it was made just now."""

    name: str
    chain_id: int
    address: str
    block: int
    transaction: str
    source_sha256: str
    new: bool = False

    def to_json(self) -> dict[str, Any]:
        """Turn it into what the command line and the API print."""
        return {
            "name": self.name,
            "chain_id": self.chain_id,
            "address": self.address,
            "block": self.block,
            "transaction": self.transaction,
            "source_sha256": self.source_sha256,
            "new": self.new,
        }


def deploy_contract(
    ledger: Ledger,
    chain: NodeChain,
    name: str,
    given: Mapping[str, str] | None = None,
) -> list[DeployedContract]:
    """Put a contract on a chain after those that it needs, unless they stand there.

    name: of `contracts.NAMES`. given: argument of its constructor -> value. Gives it and what was
    made for it, in order. Raises NotFound with code act.contract, InputError with code
    act.constructor or act.call, and as `chain.deploy`.
    """
    made: list[DeployedContract] = []
    _ensure(ledger, chain, name, dict(given or {}), made)
    return made


def list_contracts(ledger: Ledger, chain: NodeChain) -> list[DeployedContract]:
    """List the contracts that the ledger remembers on a chain; their code there is checked.

    Raises as `read_deployments` and `check_deployment`.
    """
    found = read_deployments(ledger.layout.deployments, chain).contracts
    for name, deployment in found.items():
        check_deployment(chain, name, deployment)
    return [_shown(chain, name, deployment) for name, deployment in sorted(found.items())]


def address_of_contract(ledger: Ledger, chain: NodeChain, name: str) -> str:
    """Tell where a contract stands. Raises NotFound with code act.not-deployed."""
    found = read_deployments(ledger.layout.deployments, chain).contracts.get(name)
    if found is None:
        raise NotFound(
            "act.not-deployed",
            f"expected contract {name} on chain {chain.chain_id}, found none in this ledger",
            hint=f"`counterfoil contract deploy {name}` puts it there.",
        )
    return found.address


def _ensure(
    ledger: Ledger,
    chain: NodeChain,
    name: str,
    given: dict[str, str],
    made: list[DeployedContract],
) -> str:
    if name not in NAMES:
        raise NotFound(
            "act.contract",
            f"expected one of the contracts {', '.join(NAMES)}, found {name[:80]!a}",
            hint="Their sources are in counterfoil.contracts.",
        )
    folder = ledger.layout.deployments
    known = read_deployments(folder, chain).contracts.get(name)
    artifact = load_artifact(name)
    arguments = b"" if known else _arguments(ledger, chain, artifact.abi, given, made, name)
    owner = account_of_ledger(ledger, "owner")
    if known is None:
        ensure_funds(ledger, chain, owner.address)
    deployment = deploy(chain, owner, artifact, folder, arguments=arguments)
    made.append(_shown(chain, name, deployment, new=known is None))
    return deployment.address


def _arguments(
    ledger: Ledger,
    chain: NodeChain,
    abi: tuple[dict[str, Any], ...],
    given: dict[str, str],
    made: list[DeployedContract],
    name: str,
) -> bytes:
    """Encode what a constructor is given."""
    from eth_abi.abi import encode

    inputs: list[dict[str, Any]] = next(
        (entry["inputs"] for entry in abi if entry["type"] == "constructor"), []
    )
    names = [str(part["name"]) for part in inputs]
    unknown = sorted(set(given) - set(names))
    if unknown:
        raise _bad(name, f"no {unknown[0][:40]!a}", names)
    values: list[Any] = []
    for part, plain in zip(inputs, (one.strip("_") for one in names), strict=True):
        if part["name"] in given:
            values.append(read_argument(part["type"], given[part["name"]]))
        elif plain in _CONTRACTS:
            values.append(_ensure(ledger, chain, _CONTRACTS[plain], {}, made))
        elif plain in _ACCOUNTS:
            values.append(account_of_ledger(ledger, plain).address)
        else:
            raise _bad(name, f"{part['name']}, a {part['type']}", names)
    return encode([part["type"] for part in inputs], values)


def _bad(name: str, wanted: str, names: list[str]) -> InputError:
    return InputError(
        "act.constructor",
        f"expected the arguments {', '.join(names) or 'of none'} of contract {name}, found "
        f"otherwise: {wanted}",
        hint="Give those that are missing with --set NAME=VALUE.",
    )


def _shown(
    chain: NodeChain, name: str, deployment: Deployment, *, new: bool = False
) -> DeployedContract:
    return DeployedContract(
        name,
        chain.chain_id,
        deployment.address,
        deployment.block,
        deployment.transaction,
        deployment.source_sha256,
        new,
    )
