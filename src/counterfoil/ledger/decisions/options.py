"""What a decision is made with, checked once: whose data, who answers, what is explained.

This module refuses what would only be noticed in the background.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from counterfoil.errors import InputError
from counterfoil.provenance.decisions import score_of
from counterfoil.provenance.statements.parts import Accountable
from counterfoil.vault import given_handle

__all__ = ["Options", "accountable_of"]


@dataclass(frozen=True, slots=True)
class Options:
    """How a decision is recorded; see `Decisions.decision` for what each means.

    said: fields of the predicate that are the same whatever is decided.
    """

    said: dict[str, Any]
    person: str | None
    explain: str | Callable[[str], bool]
    threshold: float | None
    outcomes: tuple[str, str] | None
    keep_inputs: bool
    seal_score: bool
    wait: bool
    note: str

    @classmethod
    def of(
        cls,
        *,
        person: str | None = None,
        accountable: Accountable | None = None,
        purpose: str | None = None,
        explain: Any = "never",
        threshold: Any = None,
        outcomes: Sequence[str] | None = None,
        keep_inputs: bool = True,
        seal_score: bool = False,
        wait: bool = False,
        note: str = "",
    ) -> Options:
        """Check options.

        Raises InputError with code person.id, decision.explain, decision.outcomes,
        decision.purpose, decision.score or decision.seal-score.
        """
        _check_person(person)
        if explain not in ("always", "never") and not callable(explain):
            raise InputError(
                "decision.explain",
                f"expected always, never, or a function of the outcome, found {explain!r:.80}",
                hint='For example explain=lambda outcome: outcome == "hold".',
            )
        if seal_score and person is None:
            raise InputError(
                "decision.seal-score",
                "expected a person whose key seals the score, found none",
                hint="Give person=, or leave seal_score out.",
            )
        said: dict[str, Any] = {}
        if accountable is not None:
            said["accountable"] = msgspec.to_builtins(accountable)
        if purpose is not None:
            said["purpose"] = _purpose(purpose)
        return cls(
            said,
            person,
            explain,
            None if threshold is None else score_of(threshold, "threshold"),
            None if outcomes is None else _outcomes(outcomes),
            keep_inputs,
            seal_score,
            wait,
            note,
        )

    def wants(self, outcome: str) -> bool:
        """Tell whether a decision with this outcome is explained without being asked."""
        if isinstance(self.explain, str):
            return self.explain == "always"
        return bool(self.explain(outcome))


def accountable_of(given: Any) -> Accountable:
    """Take who answers for a decision: a name, (name, role), or `Accountable`.

    Raises InputError with code decision.accountable.
    """
    found: Any = given
    if isinstance(given, str):
        found = {"name": given}
    elif isinstance(given, (tuple, list)) and len(given) == 2:
        found = dict(zip(("name", "role"), given, strict=True))
    elif isinstance(given, Mapping):
        found = dict(given)
    try:
        return msgspec.convert(msgspec.to_builtins(found), Accountable)
    except (msgspec.ValidationError, TypeError) as err:
        raise InputError(
            "decision.accountable",
            f"expected a name, or a name and a role, found {given!r:.80}",
            hint='For example accountable=("Ada Lovelace", "credit officer").',
        ) from err


def _check_person(person: Any) -> None:
    if person is not None and given_handle(person) is not None:
        raise InputError(
            "person.id",
            "expected a person's id, found a handle",
            hint="Give the id by which your own systems know the person; it is never recorded.",
        )


def _purpose(purpose: Any) -> str:
    if isinstance(purpose, str) and 0 < len(purpose) <= 255 and purpose.isprintable():
        return purpose
    raise InputError(
        "decision.purpose",
        f"expected a purpose of 1 to 255 printable characters, found {purpose!r:.80}",
        hint='For example purpose="credit".',
    )


def _outcomes(outcomes: Any) -> tuple[str, str]:
    found = () if isinstance(outcomes, str) else tuple(outcomes)
    if len(found) == 2 and all(isinstance(one, str) and 0 < len(one) <= 255 for one in found):
        return found
    raise InputError(
        "decision.outcomes",
        f"expected two outcomes, below the threshold and from it on, found {outcomes!r:.80}",
        hint='For example outcomes=("pay", "hold").',
    )
