"""What is told of a forecast that was committed."""

from __future__ import annotations

import io

import pytest

from counterfoil.apps.quant.book import Committed
from counterfoil.cli.paint import Paint
from counterfoil.cli.text.quant import commit


@pytest.mark.parametrize(
    ("late", "told"),
    [(True, "too late: it began 2023-07-03 00:00:00 UTC"), (False, "nobody but you says when")],
)
def test_a_forecast_of_what_began_is_called_late(late: bool, told: str) -> None:
    """Whoever commits after the beginning is told at once that it can never count."""
    done = Committed("s", 0, 0, 3, "ab", "cd", 1_688_342_400_000, None, late)
    lines = list(commit(done, Paint(io.StringIO())))
    assert told in lines[1]
    assert done.to_json()["late"] is late
