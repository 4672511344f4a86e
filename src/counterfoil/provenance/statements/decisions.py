"""Statements about decisions: what was decided, by which model, why, and what came of it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from counterfoil.formats.predicates.header import Count, Header, HexDigest, Name
from counterfoil.formats.sealed import Sealed
from counterfoil.provenance.statements.parts import Accountable, DecimalText, Reference, Text

__all__ = ["Action", "Decision", "Explanation", "Runtime"]


class Explanation(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Why a score is what it is.

    method: how it was computed. unit: of base and contributions. exact: the method has no sampling
    error. base: the score of nobody in particular. contributions: input -> its share. Where the
    inputs are sealed, so are these two, and stand in `sealed` under the name `explanation`: a
    digest of them would let anybody who has the model test guesses. outcome: whose score it is.
    explainer: digest of the artefact that explains, where another one scores. background: digest
    of the rows that inputs were compared with; seed: of sampling.
    """

    method: Name
    unit: Name | None = None
    exact: bool = False
    base: DecimalText | None = None
    contributions: dict[str, DecimalText] | None = None
    outcome: Name | None = None
    explainer: HexDigest | None = None
    background: HexDigest | None = None
    seed: int | None = None


class Runtime(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What computed a score: replaying is exact on the same build only."""

    library: Name
    version: Name
    machine: Name | None = None


class Decision(Header, frozen=True, kw_only=True):
    """A decision: the model's score, the outcome chosen, its inputs, its reasons, who answers.

    model: the model's statement, digest, and name:version. by: a person's decision overrides the
    model's, which it supersedes. score: the model's answer; score_of: the outcome whose score it
    is, where the recorded model computed it. threshold: what it was compared with; alternatives:
    the outcome below it, and from it on, where the outcome follows from the score.
    sealed: personal inputs, under the person's key, as `inputs/<name>`; inputs: those that are not
    personal. input_schema: SHA-256 of the names of the inputs, one a line, in the model's order.
    inputs_digest: SHA-256 of a 16-byte salt and the inputs as canonical JSON (RFC 8785), where
    they are not kept. latency_us: of the model's answer, microseconds. purpose: what it is for.
    """

    model: Reference
    outcome: Name
    by: Literal["model", "person"] = "model"
    score: DecimalText | None = None
    score_of: Name | None = None
    threshold: DecimalText | None = None
    alternatives: tuple[Name, Name] | None = None
    sealed: Sealed | None = None
    inputs: dict[str, Any] | None = None
    input_schema: HexDigest | None = None
    inputs_digest: HexDigest | None = None
    explanation: Explanation | None = None
    accountable: Accountable | None = None
    purpose: Name | None = None
    runtime: Runtime | None = None
    latency_us: Count | None = None
    based_on: Annotated[tuple[Reference, ...], msgspec.Meta(max_length=64)] = ()
    note: Text = ""


class Action(Header, frozen=True, kw_only=True):
    """What was done because of a decision, and how it ended.

    action: what was done, such as `freeze`. target: to what. result: how it ended. evidence: name
    -> what shows it, such as a transaction's hash. verdict: the entry by which a contract took the
    decision.
    """

    decision: Reference
    verdict: Reference | None = None
    action: Name
    target: Name | None = None
    result: Name | None = None
    evidence: dict[str, str] = msgspec.field(default_factory=dict)
    note: Text = ""
