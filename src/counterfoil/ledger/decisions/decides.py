"""Make a function decide on record: what it takes are the inputs, what it returns is the outcome.

This module refuses to guess what a result means: a text is an outcome, a number is a score.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, ParamSpec, TypeVar, cast

from counterfoil.errors import InputError

if TYPE_CHECKING:
    from counterfoil.ledger.decisions.decision import Decision

__all__ = ["decide_with"]

_P = ParamSpec("_P")
_R = TypeVar("_R")

_DECISION: Final = "decision"
"""A parameter of this name is given the decision."""

_SELF: Final = ("self", "cls")


def decide_with(
    function: Callable[_P, _R],
    begin: Callable[..., Decision],
    inputs: Callable[..., Mapping[str, Any]] | None,
    person: Callable[..., str] | str | None,
) -> Callable[_P, _R]:
    """Wrap a function, async or not, so that each call is a decision.

    begin: makes the decision of (inputs, person). inputs, person: as of `Decisions.decides`.
    """
    signature = inspect.signature(function)
    wants = _DECISION in signature.parameters

    def start(arguments: tuple[Any, ...], named: dict[str, Any]) -> Decision:
        whose = person(*arguments, **named) if callable(person) else person
        if inputs is not None:
            return begin(inputs(*arguments, **named), whose)
        return begin(_bound(signature, arguments, named), whose)

    def give(made: Decision, named: dict[str, Any]) -> dict[str, Any]:
        return {**named, _DECISION: made} if wants else named

    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def decided_later(*arguments: _P.args, **named: _P.kwargs) -> Any:
            async with start(arguments, named) as made:
                found = await function(*arguments, **cast("Any", give(made, named)))
                _heed(made, found)
                return found

        return cast("Callable[_P, _R]", decided_later)

    @functools.wraps(function)
    def decided(*arguments: _P.args, **named: _P.kwargs) -> _R:
        with start(arguments, named) as made:
            found = function(*arguments, **cast("Any", give(made, named)))
            _heed(made, found)
            return found

    return decided


def _bound(
    signature: inspect.Signature, arguments: tuple[Any, ...], named: dict[str, Any]
) -> dict[str, Any]:
    """Name the arguments of a call; a mapping that is the only one is the inputs itself."""
    bound = signature.bind_partial(*arguments, **named)
    bound.apply_defaults()
    found = dict(bound.arguments)
    found.pop(_DECISION, None)
    first = next(iter(found), "")
    if first in _SELF:
        del found[first]
    if len(found) == 1:
        (only,) = found.values()
        if isinstance(only, Mapping) or hasattr(only, "to_dict"):
            return cast("dict[str, Any]", only)
    return found


def _heed(made: Decision, found: Any) -> None:
    """Take what the function returned as the outcome or score."""
    if found is None:
        return  # set through the parameter `decision`, or an error when the block ends
    if isinstance(found, str):
        made.outcome = found
    elif isinstance(found, bool) or not hasattr(found, "__float__"):
        raise InputError(
            "decision.result",
            f"expected an outcome as text, or a score as a number, found {type(found).__name__}",
            hint="Give the function a parameter `decision`, set decision.outcome there, and return "
            "None; or return the text.",
        )
    else:
        made.score = found
