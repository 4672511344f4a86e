"""Every error has a code, says what it means, and ends a command with its own status."""

from __future__ import annotations

import pytest

from counterfoil import errors
from counterfoil.errors import (
    Conflict,
    CounterfoilError,
    Refused,
    TooMany,
    Unauthenticated,
    Unavailable,
)

STATUS = {
    "CounterfoilError": (1, 500),
    "VerificationError": (1, 422),
    "FatalLogError": (1, 503),
    "InputError": (2, 400),
    "NotFound": (3, 404),
    "Refused": (4, 403),
    "Unauthenticated": (4, 401),
    "Conflict": (4, 409),
    "Unavailable": (5, 503),
    "TooMany": (5, 429),
}


def test_one_table_of_status() -> None:
    """Exit and HTTP status of each kind never change: programs branch on them."""
    kinds: dict[str, type[CounterfoilError]] = {
        name: getattr(errors, name) for name in errors.__all__
    }
    assert {name: (kind.exit_status, kind.http_status) for name, kind in kinds.items()} == STATUS


@pytest.mark.parametrize("name", errors.__all__)
def test_one_tree(name: str) -> None:
    """All errors can be caught as one, and carry their code, message and hint."""
    error = getattr(errors, name)("a.code", "expected x, found y", hint="do z")
    assert isinstance(error, CounterfoilError)
    assert (error.code, error.message, error.hint) == ("a.code", "expected x, found y", "do z")
    assert str(error) == "expected x, found y [a.code]"
    assert error.args == ("expected x, found y",)
    assert getattr(errors, name)("a.code", "m").hint == ""


def test_kinds_of_refusals() -> None:
    """Who handles refusals handles conflicts, too, and who tries again tries after a limit, too."""
    assert issubclass(Conflict, Refused)
    assert issubclass(Unauthenticated, Refused)
    assert issubclass(TooMany, Unavailable)


def test_a_limit_says_when_to_ask_again() -> None:
    """The wait that a limit tells stays with the error, wherever it is raised again."""
    error = TooMany("a.code", "expected less", hint="wait", retry_after_s=2.5)
    again = error.renewed("expected much less")
    assert (again.message, again.hint, again.retry_after_s) == ("expected much less", "wait", 2.5)
