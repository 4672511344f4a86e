"""Statements about circuits: which model one is of, what its proofs show, what they rest on."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from counterfoil.formats.predicates.header import Count, Header, HexDigest, Name
from counterfoil.provenance.statements.parts import DecimalText, Reference, Text
from counterfoil.units import MAX_SAFE_INTEGER

__all__ = ["Circuit"]

_Address = Annotated[str, msgspec.Meta(pattern=r"\A0x[0-9a-fA-F]{40}\Z")]


class Circuit(Header, frozen=True, kw_only=True):
    """Says that a compiled circuit is of a model, and which contracts check its proofs.

    model: whose score it computes, in whole multiples of 2^-scale. digest, verification_key:
    SHA-256 of the compiled circuit and of its key. visibility: what proofs show of the inputs, in
    `inputs` public values. threshold: from there on the outcome is `outcome_from`. srs: SHA-256 of
    the structured reference string; srs_kind: from a ceremony, or made by one party, who could
    forge proofs. contract: the verifier that governance approves in a decider's place; generated:
    the one that it asks, made from `verifier_source` by `compiler`. tool: what made the circuit.
    That the circuit computes the model is the issuer's word: whoever has both can compare scores.
    """

    name: Name
    model: Reference
    digest: HexDigest
    verification_key: HexDigest
    scale: Annotated[int, msgspec.Meta(ge=0, le=64)]
    visibility: Literal["public", "hashed", "private"]
    inputs: Annotated[int, msgspec.Meta(ge=0, le=64)]
    threshold: DecimalText
    outcome_from: Name
    outcome_below: Name
    srs_kind: Literal["ceremony", "local"]
    srs: HexDigest
    logrows: Count
    chain_id: Annotated[int, msgspec.Meta(ge=1, le=MAX_SAFE_INTEGER)]
    contract: _Address
    generated: _Address
    verifier_source: HexDigest
    compiler: Name
    tool: Name
    note: Text = ""
