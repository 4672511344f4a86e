"""Every error has a code, says what it means, and ends a command with its own status."""

from __future__ import annotations

import pytest

from counterfoil import errors
from counterfoil.errors import Conflict, CounterfoilError, Refused

STATUS = {
    "CounterfoilError": (1, 500),
    "VerificationError": (1, 422),
    "FatalLogError": (1, 503),
    "InputError": (2, 400),
    "NotFound": (3, 404),
    "Refused": (4, 403),
    "Conflict": (4, 409),
    "Unavailable": (5, 503),
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


def test_a_conflict_is_a_refusal() -> None:
    """Who handles refusals handles conflicts, too."""
    assert issubclass(Conflict, Refused)
