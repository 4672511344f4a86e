"""A receipt for every entry of a log with everything in it, confirmed by two verifiers."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import counterfoil
from counterfoil.errors import FatalLogError, InputError, NotFound, Unavailable, VerificationError
from counterfoil.formats import receipt as receipts
from counterfoil.formats.envelope import STATEMENT_PAYLOAD_TYPE, format_unsigned_statement
from counterfoil.formats.predicates import Block, Record
from counterfoil.ledger import Ledger
from counterfoil.ledger.producer import INLINE_CONTENT_MAX_BYTES
from counterfoil.ledger.receipts import CONTENT_DISCLOSED_MAX_BYTES, key_statement
from counterfoil.log import Submission
from tests.ledgers import (
    CORE_STATEMENTS,
    confirm_inclusion,
    copy_ledger,
    envelope_by,
    key_of,
    merkle_tree,
    parts_of,
    prove,
)
from tests.statements import ORG, payload_of, record, refused


@dataclass
class World:
    """A ledger and what was recorded in it: index -> content, None where a receipt has none."""

    ledger: Ledger
    contents: dict[int, bytes | None] = field(default_factory=dict)
    blocks: dict[int, int] = field(default_factory=dict)

    def add(self, content: bytes, **options: Any) -> int:
        """Record one object."""
        index = self.ledger.record(content, **options).index
        shown = len(content) <= CONTENT_DISCLOSED_MAX_BYTES
        self.contents[index] = content if shown else None
        return index

    def add_many(self, count: int, source: str) -> None:
        """Record rows."""
        rows = [b'{"source":"%s","row":%d}' % (source.encode(), n) for n in range(count)]
        done = self.ledger.record_many(rows, source=source)
        self.contents.update(zip(done.indices, rows, strict=True))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Record every kind of entry, around changes of keys, beyond two tiles."""
    folder = copy_ledger(tmp_path_factory.mktemp("receipts") / "ledger")
    with counterfoil.open(folder) as ledger:
        made = World(ledger)
        first = made.add(b'{"first":1.5}')
        made.add_many(300, "before")
        for kind, fields in CORE_STATEMENTS.items():
            ledger.record_statement(kind, fields)
        ledger.record_statement("https://other.example/v1", {"score_ppm": 3})
        for count in (1, 9):
            rows = [{"row": n} for n in range(count)]
            made.blocks[ledger.record_block(rows).index] = count
        made.add(b'{"x":"%s"}' % (b"y" * INLINE_CONTENT_MAX_BYTES))
        made.add(b'{"x":"%s"}' % (b"y" * CONTENT_DISCLOSED_MAX_BYTES))
        made.add(
            b'{"x":"%s"}' % (b"y" * 50_000), expect={f"{n}" * 200: (None, n) for n in range(9)}
        )
        made.add(b'{"fixed":1}', corrects=first)
        made.add(b'{"newer":1}', supersedes=ledger.get(first).leaf, audience=ledger.origin)
        ledger.key_admin.add("partner", "producer")
        partner = key_of(folder, "partner")
        theirs = payload_of(record(0, b'{"theirs":1}', "https://org.example"))
        index = ledger.append(envelope_by(theirs, STATEMENT_PAYLOAD_TYPE, partner)).index
        made.contents[index] = b'{"theirs":1}'
        ledger.key_admin.add("decider", "decider")
        ledger.key_admin.rotate("yearly")
        made.add(b'{"rotated":1}')
        ledger.key_admin.revoke(partner.keyid, "left")
        made.add_many(200, "after")
        made.blocks[ledger.record_block([{"row": n} for n in range(5)]).index] = 5
        ledger.publish()
        yield made


def test_every_entry_is_proven(world: World) -> None:
    """Each index has a receipt that verifies, says what was recorded, and convinces pymerkle."""
    ledger = world.ledger
    tree = merkle_tree(ledger.entries())
    policy = ledger.policy
    kinds = set()
    for index in range(ledger.size):
        receipt = receipts.parse(receipts.format(ledger.receipt(index)))
        verified = counterfoil.verify(receipt, policy)
        confirm_inclusion(tree, receipt, verified)
        view = ledger.get(index)
        kinds.add(view.kind)
        assert (verified.index, verified.leaf.hex()) == (index, view.leaf)
        assert verified.content == world.contents.get(index)
        assert (receipt.batch is None) == bool(view.signed_by)
        assert verified.signer.keyid in (view.signed_by or (verified.signer.keyid,))
        assert verified.signer.first <= index
        assert (verified.signed_at_ms is None) == (view.source == "test" or "other.ex" in view.kind)
    assert kinds == {
        *CORE_STATEMENTS,
        "batch",
        "block",
        "key",
        "record",
        "https://other.example/v1",
    }


def test_every_row_is_proven(world: World) -> None:
    """Each row of each table has a receipt of its own, over the table's entry."""
    for index, count in world.blocks.items():
        for row in range(count):
            verified = prove(world.ledger, index, row)
            assert isinstance(verified.predicate, Block)
            assert (verified.index, verified.row) == (index, row)
            assert verified.content == b'{"row":%d}' % row


def test_any_reader_makes_receipts(world: World, tmp_path: Path) -> None:
    """What is published is enough: a copy without keys gives the same receipts."""
    copy = tmp_path / "copy"
    shutil.copytree(
        world.ledger.layout.folder, copy, ignore=shutil.ignore_patterns("keys", "*.sock")
    )
    with counterfoil.open(copy, read_only=True) as reader:
        for index in (0, 5, 131, 132, *world.blocks, world.ledger.size - 1):
            assert reader.receipt(index) == world.ledger.receipt(index)
            assert prove(reader, index).index == index


def test_large_content_may_be_left_out(world: World) -> None:
    """Content above 1 MiB is not in the receipt; its digest is proven all the same."""
    left_out = [index for index, content in world.contents.items() if content is None]
    assert len(left_out) == 1
    predicate = prove(world.ledger, left_out[0]).predicate
    assert isinstance(predicate, Record)
    assert predicate.content_ref is not None
    assert predicate.content_ref.size == CONTENT_DISCLOSED_MAX_BYTES + 8


@pytest.mark.parametrize("index", [-1, 10**9, 2**70])
def test_entries_that_are_not_there(world: World, index: int) -> None:
    """An index outside the log has no receipt."""
    with refused("entry.index", NotFound):
        world.ledger.receipt(index)


def test_rows_that_are_not_there(world: World) -> None:
    """A row outside its table, and a row of something else, have no receipt."""
    for index, count in world.blocks.items():
        for row in (-1, count):
            with refused("block.row-number", NotFound):
                world.ledger.receipt(index, row)
    for other in (0, 3, 5, 132):
        with refused("receipt.not-a-block"):
            world.ledger.receipt(other, 0)


def test_an_entry_that_is_not_published_yet(ledger: Ledger) -> None:
    """A reader gets receipts of what is published, and hears so of what is not."""
    ledger.publish()
    old = ledger.published()
    recorded = ledger.record({"a": 1})
    ledger.publish()
    with counterfoil.open(ledger.layout.folder, read_only=True) as reader:
        (ledger.layout.folder / "checkpoint").write_bytes(old)
        assert reader.size == recorded.index + 1
        with refused("entry.index", NotFound):
            reader.receipt(recorded.index)
        assert prove(reader, 2).index == 2
    ledger.close()


def test_content_that_was_erased_or_changed(ledger: Ledger) -> None:
    """Erased content leaves the record proven by its digest; changed content is never disclosed."""
    recorded = ledger.record({"x": "y" * 50_000})
    (path,) = ledger.layout.payloads.glob("??/*")
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + b"!")
    with refused("payload.digest", VerificationError):
        ledger.receipt(recorded.index)
    path.unlink()
    path.mkdir()
    with refused("payload.read", Unavailable):
        ledger.receipt(recorded.index)
    path.rmdir()
    verified = prove(ledger, recorded.index)
    assert (verified.content, isinstance(verified.predicate, Record)) == (None, True)
    path.write_bytes(whole)
    assert prove(ledger, recorded.index).content == whole


def test_rows_that_were_changed(ledger: Ledger) -> None:
    """A changed row file gives no row receipt, also for rows that are untouched."""
    recorded = ledger.record_block([{"row": n} for n in range(4)])
    (path,) = ledger.layout.payloads.glob("??/*")
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    with refused("payload.digest", VerificationError):
        ledger.receipt(recorded.index, 0)
    assert prove(ledger, recorded.index).index == recorded.index


@pytest.mark.parametrize("then", [0, 1, 1024], ids=["last", "signed", "many"])
def test_a_statement_that_nobody_signed(ledger: Ledger, then: int) -> None:
    """An unsigned statement without its batch signature is damage, and is named."""
    unsigned = format_unsigned_statement(payload_of(record(issuer=ORG)))
    entries = [unsigned] * (1 + then)
    if then == 1:
        entries = [unsigned, ledger.entry(0)]
    first = parts_of(ledger).log.submit(Submission(entries)).result().first
    with pytest.raises(FatalLogError) as caught:
        ledger.receipt(first)
    assert caught.value.code in ("log.unsigned", "log.damaged")


def test_a_batch_signature_that_covers_others(ledger: Ledger) -> None:
    """A batch signature counts only for the statements right before it."""
    producer = parts_of(ledger).writer.producer
    payloads = [payload_of(record(n, issuer="https://org.example")) for n in range(3)]
    signed = producer.sign_batch(payloads[1:], 5, "test", 1)
    entries = [format_unsigned_statement(payloads[0]), *signed.entries]
    first = parts_of(ledger).log.submit(Submission(entries)).result().first
    with refused("log.unsigned", FatalLogError):
        ledger.receipt(first)
    assert prove(ledger, first + 1).index == first + 1
    assert prove(ledger, first + 2).index == first + 2


def test_tiles_that_are_missing(ledger: Ledger) -> None:
    """A receipt needs its tiles: where they are gone the damage is named."""
    ledger.record_many([{"n": n} for n in range(300)])
    ledger.publish()
    folder = ledger.layout.folder
    ledger.close()
    shutil.rmtree(folder / "tile" / "0")
    with counterfoil.open(folder, read_only=True) as reader, refused("log.damaged", FatalLogError):
        reader.receipt(4)


def test_key_statements_are_told_apart(world: World) -> None:
    """Key statements are found among all entries, and nothing else is taken for one."""
    found = [
        index
        for index, data in enumerate(world.ledger.entries())
        if key_statement(data) is not None
    ]
    assert found == [0, 1, *[p.added_at for p in world.ledger.keys[2:]], found[-1]]
    assert found == parts_of(world.ledger).writer.store.key_entries()
    with pytest.raises(InputError):
        key_statement(b"{}")
