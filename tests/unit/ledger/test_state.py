"""The state folder is the user's, and never in a ledger."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from counterfoil.ledger.state import state_folder


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"COUNTERFOIL_STATE": "/somewhere", "XDG_STATE_HOME": "/xdg"}, "/somewhere"),
        ({"XDG_STATE_HOME": "/xdg", "HOME": "/home/u"}, "/xdg/counterfoil"),
    ],
)
def test_what_is_named(variables: dict[str, str], expected: str) -> None:
    """Our variable beats the desktop's, which beats the home folder."""
    assert state_folder(variables) == Path(expected)


def test_the_home_folder() -> None:
    """Where nothing is named, or the desktop's folder is relative, it is below the home folder."""
    for variables in ({"HOME": "/home/u"}, {"HOME": "/home/u", "XDG_STATE_HOME": "relative"}):
        found = state_folder(variables)
        assert found.is_relative_to("/home/u")
        assert found.name == "counterfoil"
        if sys.platform == "linux":
            assert found == Path("/home/u/.local/state/counterfoil")
