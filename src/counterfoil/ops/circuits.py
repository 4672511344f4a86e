"""Make circuits of small models, prove their decisions, and have contracts act by proof."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from counterfoil.act import Acted, Actor, Wanted
from counterfoil.act.circuits import (
    Circuit,
    Plan,
    list_circuits,
    load_circuit,
    make_circuit,
    parse_proof,
    prove,
)
from counterfoil.act.circuits.by_proof import act_by_proof, record_proven_decision
from counterfoil.act.circuits.registering import RegisteredCircuit, circuits_folder, register
from counterfoil.act.contract_calls import call_of
from counterfoil.errors import InputError
from counterfoil.formats import json_text
from counterfoil.ops.contracts import OnChain
from counterfoil.ops.files import read_file, read_input, write_file
from counterfoil.ops.listing import at_most
from counterfoil.ops.place import LedgerFolder, open_for_reading, open_for_writing
from counterfoil.ops.records import Entry, find_entry
from counterfoil.ports import Channel, Param

__all__ = ["ProvenDecision", "add", "listing", "proving", "submit"]

_MODEL_MAX_BYTES = 64 << 20
_ROWS_MAX_BYTES = 16 << 20

_Name = Annotated[str, Param("What the circuit is called: letters, digits, _.", "NAME")]


@dataclass(frozen=True, slots=True)
class ProvenDecision:
    """A decision that was proven and recorded.

    index, leaf: of its entry. score: exact decimal text. subject, nonce: what the verdict must
    have. proof: the file; proof_bytes: of the proof alone.
    """

    index: int
    leaf: str
    circuit: str
    score: str
    outcome: str
    subject: str
    nonce: str
    proof: str
    proof_bytes: int

    def to_json(self) -> dict[str, Any]:
        """Turn it into what the command line and the API print."""
        return {name: getattr(self, name) for name in self.__slots__}


def add(
    name: _Name,
    file: Annotated[
        Path, Param("The model's ONNX file: one row in, one value out.", "FILE", holds="file")
    ],
    *,
    model: Annotated[str, Param("The recorded model: index, leaf, digest, name.", "MODEL")],
    threshold: Annotated[str, Param("From this score on, the outcome is --from.", "SCORE")],
    from_: Annotated[str, Param("The outcome from the threshold on.", "OUTCOME")],
    below: Annotated[str, Param("The outcome below it.", "OUTCOME")],
    compiler: Annotated[
        Path,
        Param("Solidity's compiler: soljson.js of the npm package solc.", "FILE", holds="machine"),
    ],
    inputs: Annotated[
        Literal["public", "hashed", "private"], Param("What proofs show of the inputs.")
    ] = "hashed",
    scale: Annotated[int, Param("Numbers are multiples of 2^-BITS.", "BITS")] = 7,
    samples: Annotated[
        Path | None,
        Param("Rows of inputs as JSON, from which its size is chosen.", "FILE", holds="file"),
    ] = None,
    rows: Annotated[int, Param("Without samples: it has 2^N rows.", "N")] = 15,
    base: Annotated[int, Param("Without samples: whole numbers in so many parts.", "N")] = 16_384,
    srs: Annotated[
        Path | None,
        Param(
            "A ceremony's reference string; else one is made, whose maker can forge.",
            "FILE",
            holds="file",
        ),
    ] = None,
    chain: OnChain = None,
    ledger: LedgerFolder = None,
) -> RegisteredCircuit:
    """Make a circuit of a recorded model, put its verifiers on a chain, and record it.

    Raises as `make_circuit` and `register`, NotFound with code entry.index or model.unknown.
    """
    content = read_file(file, _MODEL_MAX_BYTES)
    plan = Plan(
        threshold=threshold,
        outcome_from=from_,
        outcome_below=below,
        visibility=inputs,
        scale=scale,
        samples=() if samples is None else _table(read_file(samples, _ROWS_MAX_BYTES)),
        logrows=rows,
        decomp_base=base,
        srs=srs,
    )
    with open_for_writing(ledger) as opened:
        reference: Any = int(model) if model.isdigit() and len(model) < 16 else model
        leaf = opened.models.get(reference).leaf
        circuit = make_circuit(circuits_folder(opened), name, content, plan, compiler)
        with closing(opened.open_chain(chain)) as found:
            return register(opened, found, circuit, leaf)


def proving(
    name: _Name,
    row: Annotated[
        Path, Param("One row of inputs, a list as JSON, or - for stdin.", "ROW", holds="file")
    ],
    *,
    out: Annotated[
        Path, Param("Where the proof goes.", "FILE", short="o", holds="output", ending=".json")
    ],
    ledger: LedgerFolder = None,
    channel: Channel,
) -> ProvenDecision:
    """Prove a circuit's score of one row, and record the decision that it makes.

    Raises InputError with code circuit.row, NotFound with code circuit.unknown, and as `prove`.
    """
    given = _table(read_input(row, channel, _ROWS_MAX_BYTES))
    if len(given) != 1:
        raise InputError(
            "circuit.rows",
            f"expected one row of inputs, found {len(given)}",
            hint="A proof is of one decision: [0.5, 1.25] is a row.",
        )
    with open_for_writing(ledger) as opened:
        folder = circuits_folder(opened)
        circuit = load_circuit(folder, name)
        proof = prove(folder, circuit, given[0])
        write_file(out, json.dumps(proof.to_json()).encode() + b"\n")
        done, value = record_proven_decision(opened, circuit, proof), proof.values[-1]
        return ProvenDecision(
            *(done.index, done.leaf, circuit.digest, circuit.score(value), circuit.outcome(value)),
            *(proof.subject.hex(), proof.nonce.hex(), str(out), len(proof.proof)),
        )


def submit(
    entry: Entry,
    *,
    circuit: Annotated[str, Param("The circuit that proved it.", "NAME")],
    proof: Annotated[Path, Param("The proof, as `circuit prove` wrote it.", "FILE", holds="file")],
    contract: Annotated[
        str, Param("The contract that acts: its name where we put it, or its address.", "NAME|0x")
    ],
    function: Annotated[
        str, Param("The function without the proof; of ours its name alone.", "F(TYPE)")
    ],
    arg: Annotated[
        tuple[str, ...], Param("Its arguments but for the proof, in order.", "VALUE")
    ] = (),
    scope: Annotated[str, Param("The purpose, such as payment.release.", "NAME")],
    amount: Annotated[int, Param("What it moves, in the contract's smallest unit.", "N")] = 0,
    valid: Annotated[int, Param("How long the verdict can be used, seconds.", "SECONDS")] = 86_400,
    wait: Annotated[int, Param("Longest wait until it is recorded, seconds.", "SECONDS")] = 60,
    chain: OnChain = None,
    ledger: LedgerFolder = None,
) -> Acted:
    """Have a contract act on a decision by its proof, in the place of a decider's signature.

    Raises InputError with code circuit.proof-file, and as `act_by_proof`.
    """
    said = json_text.parse(read_file(proof, _ROWS_MAX_BYTES))
    shown = parse_proof(said if isinstance(said, dict) else {})
    with open_for_writing(ledger) as opened, Actor(opened, chain=chain) as actor:
        wanted = Wanted(
            call=call_of(actor, contract, function, arg),
            scope=scope,
            decider=circuit,
            amount=amount,
            maker_kind="circuit",
            valid_s=valid,
        )
        known = load_circuit(circuits_folder(opened), circuit)
        return act_by_proof(actor, known, shown, find_entry(opened, entry), wanted, wait_s=wait)


def listing(
    *,
    limit: Annotated[int, Param("At most so many.", "N", short="n")] = 50,
    ledger: LedgerFolder = None,
) -> Iterator[Circuit]:
    """List the ledger's circuits; their files are held against what was made.

    Raises VerificationError with code circuit.differs, InputError with code list.limit.
    """
    with open_for_reading(ledger) as opened:
        yield from at_most(list_circuits(circuits_folder(opened)), limit)


def _table(data: bytes) -> list[list[float]]:
    """Read one row of numbers, or several, as JSON."""
    said = json_text.parse(data)
    rows = said if isinstance(said, list) and said and isinstance(said[0], list) else [said]
    if not all(isinstance(row, list) and row and all(map(_is_number, row)) for row in rows):
        raise InputError(
            "circuit.rows",
            "expected a list of numbers as JSON, or a list of such lists, found something else",
            hint="For example [0.5, 1.25].",
        )
    return [[float(one) for one in row] for row in rows]


def _is_number(one: object) -> bool:
    return isinstance(one, int | float) and not isinstance(one, bool)
