"""Text of `ops.verification`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from counterfoil.cli.paint import Paint
from counterfoil.cli.text.words import brief, content_line, facts, number, time_of
from counterfoil.ops.verification import Verification

__all__ = ["verify"]

_UNPROVEN: Final = {
    "tlog-proof": "a tlog-proof shows that it was logged, not who signed it",
    "cose": "a COSE receipt shows that it was logged, not who signed it",
    "cose-statement": "a COSE receipt shows that it was logged, not who signed it",
}


def verify(proven: Verification, paint: Paint) -> Iterator[str]:
    """Tell what was proven: the grade of trust first, never a bare OK."""
    yield f"{paint.good('verified:')} {paint.strong(proven.grade)}"
    yield from facts(_facts(proven), paint)


def _facts(proven: Verification) -> Iterator[tuple[str, object]]:
    yield "log", proven.origin
    yield "entry", f"{proven.index}, as of {number(proven.size)} entries"
    yield "leaf", brief(proven.leaf)
    if proven.signer is None:
        yield "signed by", f"not proven: {_UNPROVEN[proven.form]}"
    else:
        yield "signed by", f"{proven.signer.organisation}, key {brief(proven.signer.keyid)}"
        yield "signed at", f"{time_of(proven.signer.at_ms)}, by the signer's clock"
    for witness in proven.witnesses:
        yield "witness", f"{witness.name} at {time_of(witness.time_s * 1000)}, by its own clock"
    yield "quorum", proven.quorum
    yield "kind", proven.record["kind"]
    if proven.row is not None:
        yield "row", proven.row
    yield "says", proven.content or content_line(proven.record["content"])
    if proven.seen is not None and proven.seen > proven.size:
        yield "seen before", f"this log with {number(proven.seen)} entries: the receipt is older"
    for anchor in proven.checked:
        yield "anchored", f"{time_of(anchor.time_s * 1000)}, block {number(anchor.block)}"
        yield "contract", f"{anchor.contract}, owner {anchor.owner}"
    claimed = proven.anchors - len({anchor.chain_id for anchor in proven.checked})
    if claimed > 0:
        asked = "no chain was asked" if not proven.checked else "those chains were not asked"
        yield "anchors", f"{number(claimed)} claimed; {asked}"
