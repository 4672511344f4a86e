"""Text of `ops.circuits`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from counterfoil.act import Acted
from counterfoil.act.circuits import Circuit
from counterfoil.act.circuits.registering import RegisteredCircuit
from counterfoil.cli.paint import Paint
from counterfoil.cli.text import acting
from counterfoil.cli.text.words import brief, facts, number, or_nothing, plain
from counterfoil.ops.circuits import ProvenDecision

__all__ = ["add", "listing", "proving", "submit"]


def add(found: RegisteredCircuit, paint: Paint) -> Iterator[str]:
    """Tell where a circuit's verifiers stand, and what its proofs rest on."""
    made = found.circuit
    yield f"{paint.good('recorded')} circuit {plain(made.name)} as entry {found.index}"
    yield from facts(
        (
            ("circuit", made.digest),
            ("of model", made.model),
            ("verifier", f"{found.contract} on chain {found.chain_id}"),
            ("it asks", f"{found.generated}, {number(made.code_bytes)} bytes of code"),
            (
                "outcome",
                f"{made.outcome_from} from {made.threshold} on, else {made.outcome_below}",
            ),
            ("inputs", made.visibility),
        ),
        paint,
    )
    if made.srs_kind == "local":
        yield paint.bad("its reference string was made here: whoever made it can forge proofs")


def proving(found: ProvenDecision, paint: Paint) -> Iterator[str]:
    """Tell what was proven."""
    yield f"{paint.good('proven')} {plain(found.outcome)}, score {found.score}"
    yield from facts(
        (
            ("decision", f"entry {found.index}"),
            ("proof", f"{found.proof}, {number(found.proof_bytes)} bytes"),
            ("nonce", found.nonce),
        ),
        paint,
    )


def submit(found: Acted, paint: Paint) -> Iterator[str]:
    """Tell what the contract did."""
    yield from acting.submit(found, paint)


def listing(found: Iterable[Circuit], paint: Paint) -> Iterator[str]:
    """Show circuits, one a line."""
    heading = paint.quiet(f"{'circuit':20}  {'digest':13}  {'inputs':7}  2^rows  outcome")
    lines = (
        f"{one.name:20}  {brief(one.digest)}  {one.visibility:7}  {one.logrows:6}  "
        f"{plain(one.outcome_from)} from {one.threshold} on"
        for one in found
    )
    yield from or_nothing(lines, "no circuit: `counterfoil circuit add` makes one", heading)
