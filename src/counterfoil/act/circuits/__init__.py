"""Proofs that a model computed a score: circuits, their verifiers on a chain, verdicts by proof.

    circuit = make_circuit(folder, "fraud_v7", model, plan, compiler)
    proof = prove(folder, circuit, row)

This room needs the extras `zk` and `chain`, and Node.js with Solidity's compiler to make circuits.
It refuses to fetch anything.
"""

from counterfoil.act.circuits.circuit import Circuit, list_circuits, load_circuit
from counterfoil.act.circuits.making import Plan, make_circuit
from counterfoil.act.circuits.proving import Proof, compute_scores, parse_proof, prove

__all__ = [
    "Circuit",
    "Plan",
    "Proof",
    "compute_scores",
    "list_circuits",
    "load_circuit",
    "make_circuit",
    "parse_proof",
    "prove",
]
