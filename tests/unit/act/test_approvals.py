"""Limits as people give them, the registry's terms, and what the statement says of them."""

from __future__ import annotations

from dataclasses import replace

import msgspec

from counterfoil.act.approvals import Limits, terms_of
from counterfoil.act.governance import terms_said
from counterfoil.act.registry import NOBODY
from counterfoil.provenance.statements.acting import Terms

PLAIN = Limits(cap=5, period_cap=50, period_count=10, valid_s=100)
CONSUMER = "0x52908400098527886E0F7030069857D2E4169EE7"


def test_for_any_consumer() -> None:
    """Without a consumer the terms name nobody, and the statement says nothing of one."""
    terms = terms_of(PLAIN, bytes(32), 1_800_000_000)
    assert (terms.since, terms.until, terms.consumer) == (1_800_000_000, 1_800_000_100, NOBODY)
    assert "consumer" not in terms_said(terms)


def test_for_one_consumer() -> None:
    """Whose units the limits are in stands in the terms and in the statement."""
    terms = terms_of(replace(PLAIN, consumer=CONSUMER), bytes(32), 1_800_000_000)
    said = terms_said(terms)
    assert (terms.consumer, said["consumer"]) == (CONSUMER, CONSUMER)
    assert msgspec.convert(said, Terms).consumer == CONSUMER
