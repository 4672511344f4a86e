"""Put a circuit's verifiers on a chain, and record which model the circuit is of.

Two contracts: the one that EZKL generated, and ours, which holds a proof's public values against a
verdict's words. The statement is the evidence for governance's approval. Cut off anywhere, it can
be called again. This module refuses a circuit of another model than it is told.
Source: `contracts/circuit_verifier.vy`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from counterfoil.act.accounts import account_of_ledger, ensure_funds
from counterfoil.act.circuits.circuit import Circuit, load_verifier
from counterfoil.chain import deploy, read_deployments
from counterfoil.contracts import load_artifact
from counterfoil.errors import NotFound, VerificationError
from counterfoil.formats.verdict import hash_text

if TYPE_CHECKING:
    from counterfoil.chain import NodeChain
    from counterfoil.ledger import Ledger

__all__ = ["RegisteredCircuit", "circuits_folder", "contract_of", "register"]


@dataclass(frozen=True, slots=True)
class RegisteredCircuit:
    """A circuit that stands on a chain.

    contract: which governance approves as the decider; generated: which it asks. index, leaf: of
    its statement.
    """

    circuit: Circuit
    chain_id: int
    contract: str
    generated: str
    index: int
    leaf: str

    def to_json(self) -> dict[str, Any]:
        """Turn it into what the command line and the API print."""
        return {
            **self.circuit.to_json(),
            "chain_id": self.chain_id,
            "contract": self.contract,
            "generated": self.generated,
            "index": self.index,
            "leaf": self.leaf,
        }


def circuits_folder(ledger: Ledger) -> Path:
    """Name the folder of a ledger's circuits; its proving keys are large and no secrets."""
    return ledger.layout.folder / "circuits"


def register(ledger: Ledger, chain: NodeChain, circuit: Circuit, model: str) -> RegisteredCircuit:
    """Put a circuit's verifiers on a chain, unless they stand there, and record it.

    model: leaf of the model's statement. Raises VerificationError with code circuit.model-differs,
    and as `chain.deploy` and `Ledger.record_statement`.
    """
    from eth_abi.abi import encode

    said = ledger.get(ledger.find_leaf(model)).content
    if said.get("digest") != circuit.model:
        raise VerificationError(
            "circuit.model-differs",
            f"expected a circuit of the model {str(said.get('digest'))[:64]}, found one of "
            f"{circuit.model}",
            hint="The recorded model and the file that became a circuit have to be the same.",
        )
    owner = account_of_ledger(ledger, "owner")
    ensure_funds(ledger, chain, owner.address)
    folder = ledger.layout.deployments
    generated = deploy(chain, owner, load_verifier(circuits_folder(ledger), circuit), folder)
    artifact = replace(load_artifact("circuit_verifier"), name=_contract_name(circuit))
    types = ["address", "bytes32", "uint256", "uint256", "int256", "bytes32", "bytes32"]
    arguments = encode(
        types,
        [
            *(generated.address, bytes.fromhex(circuit.digest), circuit.inputs, circuit.scale),
            *(circuit.units, hash_text(circuit.outcome_from), hash_text(circuit.outcome_below)),
        ],
    )
    ours = deploy(chain, owner, artifact, folder, arguments=arguments)
    fields = {
        "name": circuit.name,
        "model": {"leaf": model, "digest": circuit.model},
        "digest": circuit.digest,
        "verification_key": circuit.verification_key,
        "scale": circuit.scale,
        "visibility": circuit.visibility,
        "inputs": circuit.inputs,
        "threshold": circuit.threshold,
        "outcome_from": circuit.outcome_from,
        "outcome_below": circuit.outcome_below,
        "srs_kind": circuit.srs_kind,
        "srs": circuit.srs,
        "logrows": circuit.logrows,
        "chain_id": chain.chain_id,
        "contract": ours.address,
        "generated": generated.address,
        "verifier_source": circuit.verifier_source,
        "compiler": circuit.compiler,
        "tool": circuit.tool,
    }
    source = f"circuit:{chain.chain_id}:{ours.address}"
    done = ledger.record_statement("circuit", fields, source=source, number=0)
    return RegisteredCircuit(
        circuit, chain.chain_id, ours.address, generated.address, done.index, done.leaf
    )


def contract_of(ledger: Ledger, chain: NodeChain, circuit: Circuit) -> str:
    """Tell where our verifier of a circuit stands. Raises NotFound with code circuit.not-there."""
    known = read_deployments(ledger.layout.deployments, chain).contracts
    found = known.get(_contract_name(circuit))
    if found is None:
        raise NotFound(
            "circuit.not-there",
            f"expected the circuit {circuit.name} on chain {chain.chain_id}, found none",
            hint="`counterfoil circuit add` puts its verifiers there.",
        )
    return found.address


def _contract_name(circuit: Circuit) -> str:
    return f"circuit_{circuit.digest[:12]}_{circuit.name}"
