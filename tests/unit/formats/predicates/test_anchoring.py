"""The statement that a log begins to be anchored."""

from __future__ import annotations

from typing import Any

import pytest

from counterfoil.errors import InputError
from counterfoil.formats.predicates import Anchoring, format_predicate
from tests.predicate_samples import HEADER, SAMPLES
from tests.statements import refused


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("chain_id", 0), ("contract", "0x12"), ("owner", "01" * 21), ("log_id", "0x" + "AA" * 32),
        ("anchor_key", ""), ("origin", ""),
    ],
)  # fmt: skip
def test_forms(field: str, value: Any) -> None:
    """Chain, addresses and id are of their forms."""
    with refused("predicate.malformed", InputError):
        format_predicate(Anchoring(**{**HEADER, **SAMPLES[Anchoring], field: value}))
