"""Statements about decisions: what was decided, by which model, why, and what came of it."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from counterfoil.formats.predicates.header import Count, Header, HexDigest, Name
from counterfoil.formats.sealed import Sealed
from counterfoil.provenance.statements.parts import Accountable, DecimalText, Reference, Text

__all__ = ["Action", "Decision", "Explanation", "Runtime"]


class Explanation(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Why a score is what it is.

    method: how it was computed. base: the score of nobody in particular, and contributions: name
    of an input -> its share, in `unit`; both are sealed with the inputs where those are, and then
    only their digest stands here. explainer: digest of the artefact that explains, where another
    one scores.
    """

    method: Name
    unit: Name | None = None
    base: DecimalText | None = None
    contributions: dict[str, DecimalText] | None = None
    digest: HexDigest | None = None
    explainer: HexDigest | None = None


class Runtime(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What computed a score: replaying is exact on the same build only."""

    library: Name
    version: Name
    machine: Name | None = None


class Decision(Header, frozen=True, kw_only=True):
    """A decision: the model's score, the outcome chosen, its inputs, its reasons, who answers.

    model: the model's statement and digest. score: the model's answer, threshold: what it was
    compared with. sealed: personal inputs, under the person's key; inputs: those that are not
    personal. latency_us: of the model's answer, microseconds.
    """

    model: Reference
    outcome: Name
    score: DecimalText | None = None
    threshold: DecimalText | None = None
    sealed: Sealed | None = None
    inputs: dict[str, Any] | None = None
    explanation: Explanation | None = None
    accountable: Accountable | None = None
    purpose: Name | None = None
    runtime: Runtime | None = None
    latency_us: Count | None = None
    based_on: Annotated[tuple[Reference, ...], msgspec.Meta(max_length=64)] = ()
    note: Text = ""


class Action(Header, frozen=True, kw_only=True):
    """What was done because of a decision, and how it ended."""

    decision: Reference
    action: Name
    target: Name | None = None
    result: Name | None = None
    evidence: dict[str, str] = msgspec.field(default_factory=dict)
    note: Text = ""
