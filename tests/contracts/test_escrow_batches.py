"""One verdict pays many: each row once, none because of another, and what is left goes back."""

from __future__ import annotations

import random

import pytest

from counterfoil.act.actions import NOBODY, Batch, PaymentTerms, release_batch
from counterfoil.act.settlement import Settlement, make_settlement
from counterfoil.proofs.merkle import leaf_hash, root_of
from tests.contracts.bank import PAYEES, PAYERS, STRANGER, Bank
from tests.contracts.rig import Reverted, refused

DAY = 86_400
PAYER = PAYERS[0].address


def account(number: int) -> str:
    """Give an address that nobody has the key of."""
    return "0x" + number.to_bytes(20, "big").hex()


def rows(count: int, first: int = 1000) -> list[tuple[str, int]]:
    return [(account(first + number), number + 1) for number in range(count)]


def pot(bank: Bank, amount: int, **changes: object) -> PaymentTerms:
    """Have a payment to many deposited."""
    return bank.paid(payee=NOBODY, amount=amount, **changes)


def released(bank: Bank, made: Settlement, extra: int = 0) -> tuple[PaymentTerms, Batch]:
    """Release a settlement out of a payment of its total and `extra`."""
    told = pot(bank, made.total + extra)
    batch = made.batch(extra, bank.world.now + 2 * DAY)
    bank.release_batch(told, batch)
    return told, batch


def apply(
    bank: Bank, told: PaymentTerms, batch: Batch, made: Settlement, index: int, name: str = ""
) -> None:
    """Apply a chunk, as a stranger."""
    arguments = (told.words, batch.words, index, made.chunks[index], made.path(index))
    bank.escrow(name or "apply_chunk", *arguments, sender=STRANGER.address)


@pytest.mark.parametrize("width", [1, 2, 3, 7, 200])
def test_each_row_once(bank: Bank, width: int) -> None:
    """Whatever the chunks, each account gets its net once, in any order."""
    gross = [*rows(10), *rows(5)]  # the first five twice: netted
    made = make_settlement(gross, rows_per_chunk=width)
    told, batch = released(bank, made, extra=7)
    order = list(range(len(made.chunks)))
    random.Random(width).shuffle(order)
    for index in order:
        apply(bank, told, batch, made, index)
        if index != order[-1]:
            with refused("applied"):
                apply(bank, told, batch, made, index)
    for who, amount in rows(10):
        twice = amount if int(who, 16) < 1005 else 0
        assert bank.credit(who) == amount + twice
    batch_id = bank.escrow("batch_action", told.words, batch.words)
    assert batch_id == release_batch(bank.escrow.address, told, batch).action_hash(
        bank.world.chain_id
    )
    assert bank.escrow("batch_left", batch_id) == 0
    assert all(bank.escrow("is_applied", batch_id, index) for index in order)
    with refused("unknown batch"):
        apply(bank, told, batch, made, 0)
    assert bank.left(told) == 7


def test_the_widest_chunk(bank: Bank) -> None:
    """200 rows fit into a chunk and one transaction; one more row has no place."""
    made = make_settlement(rows(200))
    assert len(made.chunks) == 1
    told, batch = released(bank, made)
    apply(bank, told, batch, made, 0)
    assert sum(bank.credit(who) for who, _ in rows(200)) == made.total
    with pytest.raises(Reverted):
        long = made.chunks[0] + made.chunks[0][:36]
        bank.escrow("apply_chunk", told.words, batch.words, 0, long, [])


def test_claims(bank: Bank) -> None:
    """Above 200 payees each claims its own row and takes its money, in one transaction."""
    payees = [*rows(300), (PAYEES[0].address, 500), (PAYEES[1].address, 50)]
    made = make_settlement(payees)
    assert len(made.chunks) == 302
    told, batch = released(bank, made)
    index = made.index_of(PAYEES[0].address)
    arguments = (told.words, batch.words, index, made.chunks[index], made.path(index))
    assert bank.escrow("claim", *arguments, sender=PAYEES[0].address) == 500
    assert bank.balance(PAYEES[0].address) == 500
    with refused("nothing"):
        bank.escrow("claim", *arguments, sender=PAYEES[0].address)
    other = made.index_of(PAYEES[1].address)
    apply(bank, told, batch, made, other)  # somebody was quicker
    arguments = (told.words, batch.words, other, made.chunks[other], made.path(other))
    assert bank.escrow("claim", *arguments, sender=PAYEES[1].address) == 50


def test_what_nobody_claims(bank: Bank) -> None:
    """After its end a batch pays nobody but the payer, all that is left of it."""
    made = make_settlement(rows(6), rows_per_chunk=2)
    told, batch = released(bank, made)
    apply(bank, told, batch, made, 0)
    with refused("too early"):
        bank.escrow("close_batch", told.words, batch.words)
    bank.world.wait(2 * DAY)
    with refused("too late"):
        apply(bank, told, batch, made, 1)
    bank.escrow("close_batch", told.words, batch.words, sender=STRANGER.address)
    assert bank.credit(PAYER) == made.total - 3
    with refused("unknown batch"):
        bank.escrow("close_batch", told.words, batch.words)


def row(who: str, amount: int) -> bytes:
    return bytes.fromhex(who[2:]) + amount.to_bytes(16, "big")


def test_one_bad_row_blocks_nobody(bank: Bank) -> None:
    """Rows that name nobody, nothing, the escrow or more than there is stay for the payer."""
    good = [row(account(77), 5), row(account(78), 6)]
    bad = [
        row(NOBODY, 5),
        row(account(79), 0),
        row(bank.escrow.address, 5),
        row(account(80), 1 << 127),
    ]
    chunk = bad[0] + good[0] + bad[1] + bad[2] + bad[3] + good[1]
    told = pot(bank, 30)
    batch = Batch(
        root=root_of([leaf_hash(chunk)]), chunks=1, total=30, left=0, until_s=bank.world.now + DAY
    )
    bank.release_batch(told, batch)
    bank.escrow("apply_chunk", told.words, batch.words, 0, chunk, [])
    skipped = [fields["row"] for name, fields in bank.escrow.logs if name == "RowSkipped"]
    assert skipped == [0, 2, 3, 4]
    assert (bank.credit(account(77)), bank.credit(account(78))) == (5, 6)
    assert bank.credit(NOBODY) == bank.credit(bank.escrow.address) == 0
    bank.world.wait(DAY)
    bank.escrow("close_batch", told.words, batch.words)
    assert bank.credit(PAYER) == 19


def test_what_no_chunk_is(bank: Bank) -> None:
    """Rows of another length, another chunk's rows or path, and another batch are refused."""
    made = make_settlement(rows(6), rows_per_chunk=2)
    told, batch = released(bank, made)
    chunk, path = made.chunks[0], made.path(0)
    for spoiled, at, way, why in [
        (b"", 0, path, "rows"),
        (chunk[:-1], 0, path, "rows"),
        (chunk[:36], 0, path, "inclusion"),
        (chunk, 1, path, "inclusion"),
        (chunk, 3, path, "inclusion"),
        (chunk, 0, path[:-1], "inclusion"),
        (chunk, 0, [*path, bytes(32)], "inclusion"),
        (chunk[:-1] + b"\xff", 0, path, "inclusion"),
    ]:
        with refused(why):
            bank.escrow("apply_chunk", told.words, batch.words, at, spoiled, way)
    other = made.batch(0, batch.until_s + 1)
    for words, which in [(told.words, other.words), (bank.terms().words, batch.words)]:
        with refused("unknown batch"):
            bank.escrow("apply_chunk", words, which, 0, chunk, path)


def test_what_no_batch_is(bank: Bank) -> None:
    """A batch is released from a payment to many only, whole, with an end that is not for ever."""
    made = make_settlement(rows(3))
    one, many = bank.paid(amount=made.total), pot(bank, made.total, salt=b"m" * 32)
    until = bank.world.now + DAY
    right = made.batch(0, until)
    with refused("payee"):
        bank.release_batch(one, right)
    with refused("payee"):
        bank.release(many, made.total)
    for batch, why in [
        (made.batch(1, until), "left"),
        (made.batch(0, bank.world.now), "until"),
        (made.batch(0, bank.world.now + 6 * 365 * DAY), "until"),
        (Batch(root=bytes(32), chunks=1, total=6, left=0, until_s=until), "root"),
        (Batch(root=made.root, chunks=0, total=6, left=0, until_s=until), "root"),
        (Batch(root=made.root, chunks=1, total=7, left=0, until_s=until), "amount"),
        (Batch(root=made.root, chunks=1, total=0, left=6, until_s=until), "amount"),
    ]:
        with refused(why):
            bank.release_batch(many, batch)
    bank.hold(many)
    bank.release_batch(many, right)
    assert bank.left(many) == 0


def test_the_same_nets_again(bank: Bank) -> None:
    """The same rows can be paid again, out of what is left: that is another batch."""
    made = make_settlement(rows(2))
    told = pot(bank, 2 * made.total)
    until = bank.world.now + DAY
    for left in (made.total, 0):
        batch = made.batch(left, until)
        bank.release_batch(told, batch)
        apply(bank, told, batch, made, 0)
    assert bank.credit(account(1001)) == 4
    with refused("settled"):
        bank.release_batch(told, made.batch(0, until))


def test_many_words_of_bits(bank: Bank) -> None:
    """Chunks past the 256th are noted each for itself."""
    made = make_settlement(rows(600), rows_per_chunk=1)
    told, batch = released(bank, made)
    batch_id = bank.escrow("batch_action", told.words, batch.words)
    for index in (0, 255, 256, 511, 512, 599):
        apply(bank, told, batch, made, index)
        with refused("applied"):
            apply(bank, told, batch, made, index)
    assert not bank.escrow("is_applied", batch_id, 257)
    assert not bank.escrow("is_applied", batch_id, 1)
