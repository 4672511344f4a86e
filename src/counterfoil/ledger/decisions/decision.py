"""A decision while it is being made: `with ledger.decision(...) as d:`.

Its score, outcome and explanation are computed when they are read, unless the caller gives them.
When the block begins, a policy on checks is asked, so that a model that lacks them decides
nothing. The decision is recorded when it ends; what is wrong is told at once, to the caller.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from counterfoil.errors import CounterfoilError, InputError
from counterfoil.ledger.decisions.handle import Handle
from counterfoil.ledger.decisions.made import Made
from counterfoil.ledger.decisions.models_used import Used
from counterfoil.provenance.decisions import SALT_BYTES, choose, plain_inputs, score_of
from counterfoil.provenance.statements.parts import Reference, decimal_text

if TYPE_CHECKING:
    from counterfoil.ledger.decisions.background import Background
    from counterfoil.ledger.decisions.options import Options
    from counterfoil.provenance.models import Explained

__all__ = ["Decision", "Explain"]

Explain = Literal["always", "never"] | Callable[[str], bool]
"""Which decisions are explained without being asked: all, none, or by outcome."""


class Decision:
    """A decision; a context manager, `async with` too.

    score, outcome, explanation: given, or computed when they are read. threshold: with it the
    outcome follows from the score. note: for people. recorded: after the block, a future whose
    `result()` is the decision's index; None where nothing is recorded.
    When the block raises, the decision is recorded if an outcome was set, with a note that says
    so, and else not; the exception goes on either way, and says which.
    """

    __slots__ = (  # a misspelt field would be kept, and another outcome recorded
        "_admit", "_at_ms", "_background", "_based_on", "_began", "_explained", "_latency_us",
        "_leaf_of", "_now_ms", "_options", "_outcome", "_score", "_scored", "_used", "inputs",
        "inputs_salt", "note", "recorded", "threshold",
    )  # fmt: skip

    def __init__(
        self,
        used: Used,
        inputs: Any,
        options: Options,
        background: Background,
        leaf_of: Callable[[int | str], str],
        now_ms: Callable[[], int],
        admit: Callable[[Used, Options, bool], bool],
    ) -> None:
        self._used, self._options, self._background = used, options, background
        self._leaf_of, self._now_ms, self._admit = leaf_of, now_ms, admit
        self.inputs: dict[str, Any] = plain_inputs(inputs)
        self.threshold: float | None = options.threshold
        self.note = options.note
        self.recorded: Handle | None = None
        self.inputs_salt: bytes | None = None
        if not options.keep_inputs:
            self.inputs_salt = secrets.token_bytes(SALT_BYTES)
        self._score: float | None = None
        self._outcome: str | None = None
        self._explained: Explained | None = None
        self._scored = False
        self._latency_us: int | None = None
        self._based_on: list[dict[str, Any]] = []
        self._at_ms, self._began = 0, 0

    # What is decided ---------------------------------------------------------------------------

    @property
    def score(self) -> float:
        """The model's answer.

        Given by the caller, or computed by the recorded model when it is first read. Raises
        InputError with code decision.score for what is no finite number, and as `Scorer.score`.
        """
        if self._score is None:
            scorer = self._used.scorer
            began = time.perf_counter_ns()
            found = scorer.score(self.inputs)
            self._latency_us = (time.perf_counter_ns() - began) // 1000
            self._score, self._scored = score_of(found), True
        return self._score

    @score.setter
    def score(self, value: Any) -> None:
        self._score, self._scored = score_of(value), False
        if self._latency_us is None and self._began:
            self._latency_us = (time.perf_counter_ns() - self._began) // 1000

    @property
    def outcome(self) -> str:
        """What was decided.

        Given, or chosen by score and threshold. Raises InputError with code decision.no-outcome.
        """
        if self._outcome is not None:
            return self._outcome
        if self.threshold is None:
            raise InputError(
                "decision.no-outcome",
                "expected an outcome, found neither an outcome nor a threshold",
                hint='Set d.outcome = "hold", or d.threshold = 0.5. Nothing was recorded.',
            )
        return choose(self.score, self._limit(), self._pair())

    @outcome.setter
    def outcome(self, value: str) -> None:
        self._outcome = _outcome(value)

    @property
    def explanation(self) -> Explained:
        """Why the score is what it is, by the recorded model; it will be recorded.

        Computed when it is first read. Raises as `Scorer.explain`.
        """
        if self._explained is None:
            self._explained = self._used.scorer.explain(self.inputs)
            self._used.explained = True
        return self._explained

    @explanation.setter
    def explanation(self, value: Explained) -> None:
        self._explained = value

    def based_on(self, *things: int | str | Reference) -> None:
        """Say what else the decision rests on: indices or leaf hashes of entries, references."""
        for thing in things:
            found = thing if isinstance(thing, Reference) else Reference(self._leaf_of(thing))
            self._based_on.append(msgspec.to_builtins(found))

    def given(self) -> dict[str, Any]:
        """Give the outcome and the score as far as they are known, and compute no score."""
        found: dict[str, Any] = {"score": self._score, "outcome": self._outcome}
        if self._outcome is None and self._score is not None and self.threshold is not None:
            pair = self._pair()
            found["outcome"] = choose(self._score, self._limit(), pair)
        return found

    def _repr_html_(self) -> str:
        """Show it in a notebook."""
        from counterfoil.ledger.notebook import decision_card

        return decision_card(self)

    # The block ---------------------------------------------------------------------------------

    def __enter__(self) -> Decision:
        self._background.begin()
        self._admit(self._used, self._options, True)
        return self._begin()

    def _begin(self) -> Decision:
        self._at_ms, self._began = self._now_ms(), time.perf_counter_ns()
        if self._used.eager:
            _ = self.score
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        made = self._end(error)
        if made is not None:
            self._background.add(made)
            self.recorded = made.handle
            if self._options.wait and error is None:
                made.handle.result()

    async def __aenter__(self) -> Decision:
        self._background.begin()
        if not self._admit(self._used, self._options, False):  # the event loop must not stand still
            await asyncio.to_thread(self._admit, self._used, self._options, True)
        return self._begin()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        made = self._end(error)
        if made is None:
            return
        if not self._background.add(made, wait=False):  # the event loop must not stand still
            await asyncio.to_thread(self._background.add, made)
        self.recorded = made.handle
        if self._options.wait and error is None:
            await asyncio.to_thread(made.handle.result)

    def _end(self, error: BaseException | None) -> Made | None:
        """Make what is to be recorded; None where the block failed before it had an outcome."""
        if error is None:
            return self._make()
        if self._outcome is None:
            error.add_note("No decision was recorded: the block ended before an outcome was set.")
            return None
        text = f"The block ended with {type(error).__name__} after the outcome was set."
        self.note = f"{self.note} {text}".lstrip()
        try:
            made = self._make()
        except CounterfoilError as wrong:
            error.add_note(f"No decision was recorded: {wrong}")
            return None
        error.add_note("The decision was recorded: its outcome was set before the block failed.")
        return made

    def _make(self) -> Made:
        options, fields = self._options, dict[str, Any]()
        fields["outcome"] = outcome = self.outcome
        if self._used.eager and self._score is None:
            _ = self.score
        fields["at_ms"] = self._at_ms or self._now_ms()
        if self.threshold is not None:
            fields["threshold"] = decimal_text(self._limit(), "threshold")
            if self._outcome is None:
                fields["alternatives"] = list(self._pair())
        if self._latency_us is not None:
            fields["latency_us"] = self._latency_us
        if self._based_on:
            fields["based_on"] = self._based_on
        if self.note:
            fields["note"] = _note(self.note)
        fields |= options.said
        explain = self._explained is None and options.wants(outcome)
        if explain and not self._used.explained:
            explain = self.explanation is None  # the first tells whether the model can be explained
        return Made(
            Handle(self._background.hurry),
            self._used,
            self.inputs,
            fields,
            options.person,
            options.keep_inputs,
            options.seal_score,
            explain,
            self._explained,
            self._score,
            self._scored,
            self.inputs_salt or b"",
        )

    def _limit(self) -> float:
        return score_of(self.threshold, "threshold")

    def _pair(self) -> tuple[str, str]:
        found = self._options.outcomes or self._used.pair()
        if found is None:
            raise InputError(
                "decision.no-outcome",
                "expected an outcome, or the two that a threshold chooses between; found neither",
                hint='Give outcomes=("pay", "hold"), below the threshold and from it on. Nothing '
                "was recorded.",
            )
        return found


def _outcome(value: Any) -> str:
    if isinstance(value, str) and 0 < len(value) <= 255 and value.isprintable():
        return str(value)
    raise InputError(
        "decision.outcome",
        f"expected an outcome of 1 to 255 printable characters, found {value!r:.80}",
        hint='For example d.outcome = "hold".',
    )


def _note(note: Any) -> str:
    if isinstance(note, str) and len(note) <= 8192:
        return note
    raise InputError(
        "decision.note",
        f"expected a note of at most 8,192 characters, found {type(note).__name__}",
        hint="Record what is longer beside it, and name it with d.based_on(...).",
    )
