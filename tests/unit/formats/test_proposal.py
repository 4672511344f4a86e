"""A proposal has one spelling; other bytes are refused in words."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from counterfoil.errors import InputError
from counterfoil.formats import proposal as proposals
from counterfoil.network.seat import propose_founding
from tests.c2sp import assert_total
from tests.log_rig import raises_code
from tests.unit.network.houses import card_of

PROPOSAL = propose_founding([card_of(1), card_of(2)], "to begin")
DATA = proposals.format(PROPOSAL)


def test_a_proposal_reads_back() -> None:
    """What is written is read, byte for byte."""
    assert proposals.parse(DATA) == PROPOSAL


def test_a_proposal_has_one_spelling() -> None:
    """Other white space, an unknown field, another type or too many bytes are refused."""
    for data, code in (
        (DATA.replace(b"\n", b""), "proposal.not-canonical"),
        (DATA.replace(b'"why"', b'"wherefore"'), "proposal.malformed"),
        (DATA.replace(b"proposal/v1", b"proposal/v2"), "proposal.malformed"),
        (DATA + b" " * proposals.PROPOSAL_MAX_BYTES, "proposal.size"),
    ):
        with raises_code(code, InputError):
            proposals.parse(data)


@given(st.binary(max_size=400) | st.binary(max_size=3).map(lambda tail: DATA[:-5] + tail))
def test_any_bytes(data: bytes) -> None:
    """Any bytes are a proposal in its one spelling or an InputError."""
    assert_total(proposals.parse, proposals.format, data)
