"""Compute a decision again from what was recorded, and say how the two compare.

The model comes from the ledger's own files, by digest; sealed inputs are opened with the purpose
`replay`, which is recorded first. This module refuses a model whose bytes are not those that were
recorded: nothing that it computed would mean anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec

from counterfoil.errors import CounterfoilError, InputError, Refused
from counterfoil.ledger.decisions.found import FoundDecision
from counterfoil.ledger.decisions.made import EXPLANATION, INPUT, SALT, SCORE, told
from counterfoil.ledger.decisions.models_used import ModelBook, Used
from counterfoil.provenance.decisions import (
    Difference,
    choose,
    compare_scores,
    compare_shares,
    inputs_digest,
    plain_inputs,
    same_build,
)
from counterfoil.provenance.statements.decisions import Decision, Runtime

if TYPE_CHECKING:
    from counterfoil.ledger.ledger import Ledger
    from counterfoil.provenance.models import Scorer

__all__ = ["Explanations", "Replay", "Verdict", "explain_again", "replay"]

Verdict = Literal["identical", "within-tolerance", "different", "impossible"]

BASE: Final = "(base)"
"""Name of the base among the shares of an explanation."""


@dataclass(frozen=True, slots=True)
class Replay:
    """What came of computing a decision again.

    verdict: identical to the bit, within the tolerance, different, or impossible. why: of an
    impossible one, a code such as `erased`, and in missing what it means. recorded, recomputed:
    scores. difference: between them. tolerance: allowed, relative to the larger of 1 and the
    score. same_build: the score was computed by the same build of the same library on a machine of
    the same kind; None where that was not recorded. exact: nothing but the same bits was accepted.
    outcome_follows: score and threshold give the recorded outcome; None where it was chosen
    otherwise.
    """

    index: int
    verdict: Verdict
    outcome: str
    recorded: float | None = None
    recomputed: float | None = None
    difference: float | None = None
    tolerance: float = 0.0
    exact: bool = False
    same_build: bool | None = None
    runtime: Runtime | None = None
    runtime_now: Runtime | None = None
    outcome_follows: bool | None = None
    why: str = ""
    missing: str = ""

    def to_json(self) -> dict[str, Any]:
        """Turn it into what the command line and the API print."""
        found: dict[str, Any] = msgspec.to_builtins(self)
        return found


@dataclass(frozen=True, slots=True)
class Explanations:
    """An explanation computed again, beside the recorded one.

    verdict: of the comparison; `not-recorded` where there is nothing to compare with, `impossible`
    as of `Replay`. contributions: name -> share, the largest first, recomputed. inputs: values
    that were explained. differences: the largest first. sealed: the recorded one was sealed, and
    was checked against the leaf that the log committed to.
    """

    index: int
    verdict: Literal["identical", "within-tolerance", "different", "not-recorded", "impossible"]
    method: str = ""
    unit: str = ""
    exact: bool = False
    base: float | None = None
    score: float | None = None
    total: float | None = None
    contributions: dict[str, float] | None = None
    inputs: dict[str, Any] | None = None
    differences: tuple[Difference, ...] = ()
    tolerance: float = 0.0
    sealed: bool = False
    why: str = ""
    missing: str = ""

    def to_json(self) -> dict[str, Any]:
        """Turn it into what the command line and the API print."""
        found: dict[str, Any] = msgspec.to_builtins(self)
        return found


@dataclass(frozen=True, slots=True)
class _Opened:
    """A decision's parts, opened. inputs: None where they were not kept."""

    inputs: dict[str, Any] | None
    score: str | None
    explanation: dict[str, Any] | None
    salt: bytes


class _Impossible(Exception):
    """Something is not there any more, or never was; why: a code."""

    def __init__(self, why: str, missing: str) -> None:
        super().__init__(missing)
        self.why, self.missing = why, missing


def replay(
    ledger: Ledger,
    book: ModelBook,
    found: FoundDecision,
    actor: str,
    tolerance: float,
    given: Mapping[str, Any] | None,
    salt: bytes | None,
) -> Replay:
    """Compute a decision again; see `Decisions.replay`."""
    said = found.decision
    try:
        opened = _open(ledger, found, said, actor, "replay", given, salt)
        if opened.score is None:
            raise _Impossible("no-score", "no score was recorded: a person decided, or a rule")
        used, scorer = _scorer(ledger, book, said)
        recomputed = float(scorer.score(_inputs(opened)))
    except _Impossible as err:
        return Replay(found.index, "impossible", said.outcome, why=err.why, missing=err.missing)
    recorded = float(opened.score)
    now = msgspec.convert(used.runtime, Runtime)
    build = None if said.runtime is None else same_build(said.runtime, now)
    exact = build is True and scorer.artefact.format == "onnx"
    verdict = compare_scores(recorded, recomputed, tolerance, exact=exact)
    follows = None
    if said.alternatives is not None and said.threshold is not None:
        chosen = choose(recomputed, float(said.threshold), said.alternatives)
        follows = chosen == said.outcome
    return Replay(
        found.index,
        verdict,
        said.outcome,
        recorded,
        recomputed,
        abs(recorded - recomputed),
        0.0 if exact else tolerance,
        exact,
        build,
        said.runtime,
        now,
        follows,
    )


def explain_again(
    ledger: Ledger, book: ModelBook, found: FoundDecision, actor: str, tolerance: float
) -> Explanations:
    """Explain a decision again, and compare; see `Decisions.explain`."""
    said = found.decision
    try:
        opened = _open(ledger, found, said, actor, "explain", None, None)
        _, scorer = _scorer(ledger, book, said)
        inputs = _inputs(opened)
        explained = scorer.explain(inputs)
    except _Impossible as err:
        return Explanations(found.index, "impossible", why=err.why, missing=err.missing)
    public, private = told(explained)
    shares = _shares(private)
    recorded = opened.explanation
    verdict: Any = "not-recorded"
    differences: tuple[Difference, ...] = ()
    if recorded is not None:
        verdict, differences = compare_shares(_shares(recorded), shares, tolerance)
        if said.explanation is not None and said.explanation.method != public["method"]:
            verdict = "different"
    order = sorted(explained.contributions.items(), key=lambda pair: -abs(pair[1]))
    return Explanations(
        found.index,
        verdict,
        explained.method,
        explained.unit,
        explained.exact,
        explained.base,
        explained.score,
        explained.total,
        dict(order),
        inputs,
        differences,
        tolerance,
        said.sealed is not None and recorded is not None,
    )


def _open(
    ledger: Ledger,
    found: FoundDecision,
    said: Decision,
    actor: str,
    purpose: str,
    given: Mapping[str, Any] | None,
    salt: bytes | None,
) -> _Opened:
    """Gather what was recorded, opening what is sealed; given: inputs that were not kept."""
    sealed: dict[str, Any] = {}
    if said.sealed is not None:
        try:
            opened = ledger.people.open(found.index, actor=actor, purpose=purpose)
        except CounterfoilError as err:
            if err.code == "person.erased":
                raise _Impossible("erased", "the inputs: their person's data was erased") from err
            raise
        sealed = opened.get("sealed", {})
    inputs = {
        name.removeprefix(INPUT): value for name, value in sealed.items() if name.startswith(INPUT)
    }
    explanation = sealed.get(EXPLANATION)
    if explanation is None and said.explanation is not None and said.explanation.contributions:
        explanation = {
            "base": said.explanation.base,
            "contributions": said.explanation.contributions,
        }
    key = bytes.fromhex(sealed[SALT]) if SALT in sealed else salt
    known = inputs or said.inputs
    if given is not None and said.inputs_digest is not None:
        known = _confirm(plain_inputs(given), said.inputs_digest, key)
    return _Opened(known, sealed.get(SCORE, said.score), explanation, key or b"")


def _confirm(given: dict[str, Any], digest: str, salt: bytes | None) -> dict[str, Any]:
    """Check inputs that the caller kept against what was recorded of them."""
    if salt is None:
        raise InputError(
            "replay.salt",
            "expected the salt of inputs that the ledger did not keep, found none",
            hint="Give the 16 bytes that d.inputs_salt was when it was decided.",
        )
    if inputs_digest(given, salt) != digest:
        raise Refused(
            "replay.inputs",
            "expected the inputs that were decided on, found others, or another salt",
            hint="The recorded digest tells that these are not the decision's inputs.",
        )
    return given


def _inputs(opened: _Opened) -> dict[str, Any]:
    if opened.inputs is None:
        raise _Impossible("inputs-not-kept", "the inputs: only their digest was recorded")
    return opened.inputs


def _scorer(ledger: Ledger, book: ModelBook, said: Decision) -> tuple[Used, Scorer]:
    """Load the model that decided, by its statement, from the ledger's own files."""
    named = said.model.leaf or said.model.digest or ""
    try:
        used = book.use(named)
        scorer = used.scorer
        if said.score_of not in (None, scorer.target):
            scorer = ledger.models.load(named, target=said.score_of)
    except CounterfoilError as err:
        if err.code in ("model.unknown", "model.not-kept", "payload.missing"):
            raise _Impossible("model-not-kept", f"the model {named[:16]}: {err.message}") from err
        if err.code == "model.not-scorable":
            raise _Impossible("not-scorable", f"the model {named[:16]}: {err.message}") from err
        if err.code in ("payload.digest", "model.digest"):
            raise Refused(
                "replay.model-damaged",
                f"expected the model as it was recorded, but: {err.message}",
                hint="Bring its file back from a backup: `counterfoil recover`.",
            ) from err
        raise
    if said.model.digest is not None and scorer.artefact.digest != said.model.digest:
        raise Refused(
            "replay.model-damaged",
            f"expected the model {said.model.digest}, found {scorer.artefact.digest}",
            hint="Bring its file back from a backup: `counterfoil recover`.",
        )
    return used, scorer


def _shares(explanation: Mapping[str, Any]) -> dict[str, float]:
    shares = {name: float(text) for name, text in explanation["contributions"].items()}
    return {BASE: float(explanation["base"]), **shares}
