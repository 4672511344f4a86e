"""Rows are netted and packed, the same rows to the same root, each provable."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.act.actions import NOBODY
from counterfoil.act.settlement import MAX_ROWS, make_settlement
from counterfoil.proofs.merkle import leaf_hash, verify_inclusion
from tests.statements import refused


def account(number: int) -> str:
    return "0x" + number.to_bytes(20, "big").hex()


@given(
    rows=st.lists(st.tuples(st.integers(1, 50), st.integers(1, 10**9)), min_size=1, max_size=60),
    width=st.integers(1, MAX_ROWS),
    seed=st.integers(),
)
def test_nets(rows: list[tuple[int, int]], width: int, seed: int) -> None:
    """Nothing is lost or made, order does not matter, and each chunk is under the root."""
    made = make_settlement([(account(who), amount) for who, amount in rows], rows_per_chunk=width)
    assert made.total == sum(amount for _, amount in rows)
    packed = b"".join(made.chunks)
    nets = {
        int.from_bytes(packed[at : at + 20], "big"): int.from_bytes(
            packed[at + 20 : at + 36], "big"
        )
        for at in range(0, len(packed), 36)
    }
    assert nets == {who: sum(a for other, a in rows if other == who) for who, _ in rows}
    Random(seed).shuffle(rows)
    again = make_settlement([(account(who), amount) for who, amount in rows], rows_per_chunk=width)
    assert again.root == made.root
    for index, chunk in enumerate(made.chunks):
        path = made.path(index)
        verify_inclusion(leaf_hash(chunk), index, len(made.chunks), path, made.root)
    assert account(rows[0][0])[2:] in made.chunks[made.index_of(account(rows[0][0]))].hex()


def test_chunks_or_claims() -> None:
    """Up to 200 accounts are one chunk; above that each is a claim of its own."""
    rows = [(account(number), 1) for number in range(1, MAX_ROWS + 2)]
    assert len(make_settlement(rows[:-1]).chunks) == 1
    assert len(make_settlement(rows).chunks) == MAX_ROWS + 1
    assert len(make_settlement(rows, rows_per_chunk=100).chunks) == 3
    batch = make_settlement(rows).batch(7, 99)
    assert (batch.chunks, batch.total, batch.left, batch.until_s) == (201, 201, 7, 99)


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [(NOBODY, 1)],
        [(account(1), 0)],
        [(account(1), -1)],
        [("0x1", 1)],
        [(account(1), 1 << 127), (account(2), 1 << 127)],
    ],
    ids=["none", "nobody", "nothing", "negative", "no account", "too much"],
)
def test_rows_that_are_none(rows: list[tuple[str, int]]) -> None:
    """What the escrow would skip or refuse is refused here."""
    with refused("act.rows"):
        make_settlement(rows)


def test_widths_and_accounts_that_are_none() -> None:
    """A chunk has 1 to 200 rows, and an account without a row has no chunk."""
    with refused("act.rows"):
        make_settlement([(account(1), 1)], rows_per_chunk=MAX_ROWS + 1)
    with refused("act.rows"):
        make_settlement([(account(1), 1)]).index_of(account(2))
