"""The room of a ledger for decisions: make them, find them, compute them again.

What is slow happens behind the caller's back; see `background`. This module refuses to decide.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import msgspec

from counterfoil.errors import InputError
from counterfoil.formats.statement import Subject
from counterfoil.ledger.decisions.background import Background
from counterfoil.ledger.decisions.decides import decide_with
from counterfoil.ledger.decisions.decision import Decision, Explain
from counterfoil.ledger.decisions.found import (
    DecisionPage,
    FoundDecision,
    find_decision,
    list_decisions,
    require_decision,
)
from counterfoil.ledger.decisions.models_used import ModelBook, Used
from counterfoil.ledger.decisions.options import Options, accountable_of
from counterfoil.ledger.decisions.replay import Explanations, Replay, explain_again, replay
from counterfoil.ledger.results import Recorded
from counterfoil.ports import SystemClock
from counterfoil.provenance.decisions import TOLERANCE
from counterfoil.provenance.statements.parts import Accountable, Reference

if TYPE_CHECKING:
    from counterfoil.ledger.ledger import Ledger
    from counterfoil.provenance.models import Scorer

__all__ = ["Decisions"]

_P = ParamSpec("_P")
_R = TypeVar("_R")


class Decisions:
    """The decisions of a ledger. Safe for threads; a fork of the process must open its own."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._book = ModelBook(ledger)
        self._background = Background(ledger.record_statements)
        self._now_ms = SystemClock().now_ms

    # Making them -------------------------------------------------------------------------------

    def decision(
        self,
        model: int | str | Reference | Scorer,
        inputs: Mapping[str, Any],
        *,
        person: str | None = None,
        accountable: Accountable | str | Sequence[str] | None = None,
        purpose: str | None = None,
        explain: Explain = "never",
        threshold: float | None = None,
        outcomes: Sequence[str] | None = None,
        keep_inputs: bool = True,
        seal_score: bool = False,
        wait: bool = False,
        note: str = "",
    ) -> Decision:
        """Begin a decision: `with ledger.decision(model, inputs, person=...) as d:`.

        model: of a recorded model the index, leaf, digest or name[:version], or what
        `ledger.models.load` gives, which then scores at once. inputs: name -> JSON value; see
        `plain_inputs`. person: whose data the inputs are, by the id of your own systems: inputs
        and explanation are sealed under their key; without, inputs stand openly. accountable: the
        human who answers: a name, or (name, role); else as the model's statement or the ledger's
        setting `accountable` says. purpose: what for. explain: `never` without being asked,
        `always`, or a function of the outcome. threshold: the outcome is the second of `outcomes`
        from this score on; outcomes: else the model's two. keep_inputs: else only their salted
        digest is recorded, and `Decision.inputs_salt` is the caller's to keep. seal_score: the
        score is sealed, too: with the model at hand, an exact score tells guesses at the inputs
        apart. wait: until it is durable; else it is recorded in the background.
        Raises NotFound with code model.unknown, InputError with code decision.*. The block raises
        Refused with code check.* when it begins, where a policy asks for checks that the model
        lacks; and once, what kept an earlier decision from being recorded.
        """
        self._background.require_open()
        used = self._book.use(model)
        options = Options.of(
            person=person,
            accountable=self._accountable(accountable, used.accountable),
            purpose=purpose,
            explain=explain,
            threshold=threshold,
            outcomes=outcomes,
            keep_inputs=keep_inputs,
            seal_score=seal_score,
            wait=wait,
            note=note,
        )
        return Decision(
            used, inputs, options, self._background, self._leaf_of, self._now_ms, self._admit
        )

    def decides(
        self,
        *,
        model: int | str | Reference | Scorer,
        inputs: Callable[..., Mapping[str, Any]] | None = None,
        person: Callable[..., str] | str | None = None,
        **options: Any,
    ) -> Callable[[Callable[_P, _R]], Callable[_P, _R]]:
        """Record each call of a function, async or not, as a decision.

        A text that it returns is the outcome, a number the score; with None, it has set them on
        its parameter `decision`, which is given where it has one. inputs: the call's arguments ->
        inputs; else a single mapping is the inputs itself, and several arguments are, by name.
        person: the call's arguments -> whose data it is. options: as for `decision`.
        """

        def begin(found: Mapping[str, Any], whose: str | None) -> Decision:
            return self.decision(model, found, person=whose, **options)

        return lambda function: decide_with(function, begin, inputs, person)

    def override(
        self,
        decision: int | str,
        outcome: str,
        *,
        why: str,
        accountable: Accountable | str | Sequence[str],
        correct: bool = False,
    ) -> Recorded:
        """Record a person's decision in place of an earlier one, and wait until it is durable.

        decision: index or leaf hash. why: at least a word. accountable: the person who decides.
        correct: the earlier one was wrong from the start; else it is superseded.
        Raises InputError with code decision.why, decision.kind or decision.outcome.
        """
        if not why or not why.strip():
            raise InputError(
                "decision.why",
                "expected why a decision is overridden, found nothing",
                hint="Say it for whoever audits this: why=...",
            )
        earlier = self._find(decision)
        said, model = earlier.decision, earlier.decision.model
        fields: dict[str, Any] = {
            "model": msgspec.to_builtins(model),
            "outcome": outcome,
            "by": "person",
            "accountable": msgspec.to_builtins(accountable_of(accountable)),
            "based_on": [{"leaf": earlier.leaf, "role": "overridden"}],
            "note": why,
            "corrects" if correct else "supersedes": earlier.leaf,
        }
        if said.purpose is not None:
            fields["purpose"] = said.purpose
        subject = Subject(digest={"sha256": model.digest or model.leaf or ""}, name="model")
        return self._ledger.record_statement("decision", fields, subjects=[subject])

    def act(
        self,
        decision: int | str,
        action: str,
        *,
        target: str | None = None,
        result: str | None = None,
        evidence: Mapping[str, str] | None = None,
        note: str = "",
    ) -> Recorded:
        """Record what was done because of a decision, and wait until it is durable.

        decision: index or leaf hash. action: such as `freeze`. target: to what. result: how it
        ended. evidence: name -> what shows it. Raises InputError with code decision.kind.
        """
        found = self._find(decision)
        fields: dict[str, Any] = {"decision": {"leaf": found.leaf}, "action": action}
        more = {"target": target, "result": result, "evidence": dict(evidence or {}), "note": note}
        fields |= {name: value for name, value in more.items() if value}
        subject = Subject(digest={"sha256": found.leaf}, name="decision")
        return self._ledger.record_statement("action", fields, subjects=[subject])

    def flush(self, timeout: float | None = None) -> None:
        """Wait until every decision so far is durable.

        timeout: seconds; then Unavailable with code decision.slow. Raises, once, what kept a
        decision from being recorded that nobody heard of.
        """
        self._background.flush(timeout)

    def settle(self) -> None:
        """Wait until every decision so far is durable, or could not be recorded; raises neither."""
        self._background.settle()

    def close(self) -> None:
        """Record what waits, and take no more; the ledger does this when it is closed."""
        self._background.close()

    # Looking at them ---------------------------------------------------------------------------

    def get(self, decision: int | str) -> FoundDecision:
        """Find a decision, what was done because of it, and what replaced it.

        decision: index or leaf hash. Raises InputError with code decision.kind, NotFound.
        """
        return find_decision(self._ledger, decision)

    def ls(
        self,
        *,
        model: int | str | None = None,
        outcome: str | None = None,
        since_ms: int | None = None,
        until_ms: int | None = None,
        query: str = "",
        limit: int = 50,
        after: int | None = None,
    ) -> DecisionPage:
        """List decisions, newest first, and count all of them by outcome.

        model: as for `decision`. outcome: exactly. since_ms, until_ms: Unix ms, from and before.
        query: further conditions, as of `Ledger.search`. limit: 1 to 1000. after: `next` of the
        page before. Raises as `Ledger.search`.
        """
        terms = ["kind=decision"]
        if model is not None:
            terms.append(f"subject.sha256={self._book.find(model).digest}")
        if outcome is not None:
            escaped = outcome.replace("\\", "\\\\").replace('"', '\\"')
            terms.append(f'outcome="{escaped}"')
        if since_ms is not None:
            terms.append(f"at_ms>={since_ms}")
        if until_ms is not None:
            terms.append(f"at_ms<{until_ms}")
        return list_decisions(self._ledger, " ".join([*terms, query]), limit, after)

    def replay(
        self,
        decision: int | str,
        *,
        actor: str,
        tolerance: float = TOLERANCE,
        inputs: Mapping[str, Any] | None = None,
        salt: bytes | None = None,
    ) -> Replay:
        """Compute a decision again from what was recorded, and compare.

        actor: who looks; that sealed inputs are opened for them is recorded first. tolerance:
        allowed difference, relative to the larger of 1 and the score; not used for ONNX on the
        same build, whose bits must be the same. inputs, salt: where the ledger did not keep them.
        Raises Refused with code replay.model-damaged or replay.inputs, InputError with code
        replay.salt, and as `get`; what is gone or was never kept is an answer, no error.
        """
        found = self._find(decision)
        return replay(self._ledger, self._book, found, actor, tolerance, inputs, salt)

    def explain(
        self, decision: int | str, *, actor: str, tolerance: float = TOLERANCE
    ) -> Explanations:
        """Explain a decision again, and compare with the explanation that was recorded.

        Arguments and errors as of `replay`.
        """
        return explain_again(self._ledger, self._book, self._find(decision), actor, tolerance)

    def _find(self, decision: int | str) -> FoundDecision:
        index = decision if isinstance(decision, int) else self._ledger.find_leaf(decision)
        return require_decision(self._ledger.get(index))

    def _leaf_of(self, entry: int | str) -> str:
        return self._ledger.get(entry).leaf if isinstance(entry, int) else entry

    def _admit(self, used: Used, options: Options, wait: bool) -> bool:
        """Ask the gate whether a model may decide; see `Ledger.ask_gate`."""
        fields = {"model": used.said, "outcome": "-", **options.said}
        return self._ledger.ask_gate("decision", fields, wait=wait)

    def _accountable(self, given: Any, of_model: Accountable | None) -> Accountable | None:
        """Tell who answers: as given, else as the model's statement says, else the settings."""
        if given is None and of_model is not None:
            return of_model
        named = self._ledger.config.accountable if given is None else given
        return None if given is None and not named else accountable_of(named)
