"""A score, and the outcome that follows from it.

This module refuses NaN and infinity: a signed number must be one, and no threshold means anything
to them.
"""

from __future__ import annotations

import math
from typing import Any

from counterfoil.errors import InputError

__all__ = ["choose", "score_of"]


def score_of(value: Any, what: str = "score") -> float:
    """Take a score, or another figure, as a finite number.

    value: a number, or an array of one. what: what to call it. Raises InputError with code
    decision.score.
    """
    if type(value) is float and value - value == 0.0:
        return value
    found = value
    if hasattr(found, "shape") and hasattr(found, "item"):
        if getattr(found, "size", 0) != 1:
            raise _wrong(
                what,
                f"an array of shape {found.shape}",
                "Take the probability of one outcome: clf.predict_proba(X)[0, 1].",
            )
        found = found.item()
    if isinstance(found, (str, bytes, bool)) or found is None:
        raise _wrong(what, f"{type(found).__name__} {str(found)[:40]!a}")
    try:
        number = float(found)
    except (TypeError, ValueError, OverflowError) as err:
        raise _wrong(what, type(found).__name__) from err
    if not math.isfinite(number):
        raise _wrong(
            what, str(number), "Nothing was recorded. Look at the model's inputs, and at the model."
        )
    return number


def choose(score: float, threshold: float, alternatives: tuple[str, str]) -> str:
    """Choose the outcome: the first below the threshold, the second from it on.

    >>> choose(0.7, 0.5, ("pay", "hold"))
    'hold'
    """
    return alternatives[score >= threshold]


def _wrong(what: str, found: str, hint: str = "") -> InputError:
    return InputError(
        "decision.score",
        f"expected a finite number as {what}, found {found}",
        hint=hint or "Give one number, such as 0.87.",
    )
