"""The life of a ledger, told once: every receipt that was ever handed out verifies to the end.

A shop makes a ledger, records, closes, opens again, changes keys, loses one to a thief, works
from several places at once, and corrects itself. After every chapter all receipts so far are
verified again, offline, from their JSON, with the policy that was handed out on the first day.
"""

from __future__ import annotations

import asyncio
import shutil
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import counterfoil
from counterfoil.errors import Conflict, VerificationError
from counterfoil.formats import receipt as receipts
from counterfoil.formats.envelope import STATEMENT_PAYLOAD_TYPE
from counterfoil.formats.predicates import Organisation, Record
from counterfoil.ledger import Ledger
from counterfoil.ledger.audit import audit
from counterfoil.proofs.verify import Verified
from tests.ledgers import confirm_inclusion, envelope_by, key_of, merkle_tree
from tests.statements import payload_of, record, refused

SHOP = "https://shop.example"


@dataclass
class Story:
    """A ledger's folder, the policy of the first day, and what was handed out since."""

    folder: Path
    policy: bytes = b""
    kept: list[tuple[bytes, Callable[[Verified], bool]]] = field(default_factory=list)

    def open(self) -> Ledger:
        """Open the ledger for its next chapter."""
        return counterfoil.open(self.folder)

    def keep(
        self, ledger: Ledger, index: int, check: Callable[[Verified], bool], row: int | None = None
    ) -> None:
        """Hand a receipt out; check: what it must prove, now and later."""
        self.kept.append((receipts.format(ledger.receipt(index, row)), check))

    def keep_content(self, ledger: Ledger, index: int, content: bytes) -> None:
        """Hand out the receipt of a record."""
        self.keep(ledger, index, lambda verified: verified.content == content)

    def end_chapter(self) -> None:
        """Verify everything that was ever handed out, with no ledger at hand."""
        for text, check in self.kept:
            assert check(counterfoil.verify(text, self.policy))


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """Begin the story: the ledger is made, and its policy handed out."""
    folder = tmp_path_factory.mktemp("story") / "shop"
    with counterfoil.open(
        folder, create=True, name="Shop", organisation=SHOP, post_quantum=True
    ) as ledger:
        assert ledger.size == 3
    told = Story(folder, (folder / "policy.txt").read_bytes())
    with told.open() as ledger:
        told.keep(ledger, 2, lambda verified: isinstance(verified.predicate, Organisation))
    return told


def test_1_the_first_day(story: Story) -> None:
    """Orders, a file and a table are recorded; each order and each row has its receipt."""
    with story.open() as ledger:
        for n in range(5):
            order = ledger.record({"order": n, "amount_minor": 1250 + n})
            content = b'{"order":%d,"amount_minor":%d}' % (n, 1250 + n)
            story.keep_content(ledger, order.index, content)
        lines = [{"line": n} for n in range(400)]
        done = ledger.record_many(lines, source="till-1.ndjson", first=0)
        for n in (0, 127, 128, 399):
            story.keep_content(ledger, done.indices[n], b'{"line":%d}' % n)
        table = ledger.record_block([{"meter": n, "energy_wh": n * n} for n in range(50)])
        for row in (0, 49):
            content = b'{"meter":%d,"energy_wh":%d}' % (row, row * row)
            story.keep(ledger, table.index, lambda v, c=content: v.content == c, row)  # type: ignore[misc]  # each its own content
        ledger.record({"seat": "12A"}, expect={"seat/12A": (None, "sold"), "free": (None, 99)})
    story.end_chapter()


def test_2_opened_again(story: Story) -> None:
    """Counters, numbers and duplicates are as they were left; the same file again is no news."""
    with story.open() as ledger:
        assert (ledger.counter("seat/12A"), ledger.counter("free")) == ("sold", 99)
        with refused("log.expect", Conflict):
            ledger.record({"seat": "12A"}, expect={"seat/12A": (None, "sold")})
        lines = [{"line": n} for n in range(450)]
        done = ledger.record_many(lines, source="till-1.ndjson", first=0)
        assert (done.new, done.count) == (50, 450)
        # five orders, the table and the seat came before; the refused one took no number
        assert ledger.record({"order": 5}).number == 7
    story.end_chapter()


def test_3_a_new_key(story: Story) -> None:
    """The yearly rotation: old receipts stay good, new records have the new key."""
    with story.open() as ledger:
        old = ledger.keys[0].keyid
        ledger.key_admin.rotate("yearly")
        after = ledger.record({"order": 6})
        story.keep(ledger, after.index, lambda verified: verified.signer.keyid != old)
        story.keep(ledger, 3, lambda verified: verified.signer.keyid == old)
    story.end_chapter()


def test_4_a_thief(story: Story) -> None:
    """A stolen key signs two orders; they are taken back, and nobody's good receipt suffers."""
    with story.open() as ledger:
        stolen = key_of(story.folder)
        good = ledger.record({"order": 7})
        story.keep_content(ledger, good.index, b'{"order":7}')
        forged = [
            ledger.append(
                envelope_by(
                    payload_of(record(n, b'{"order":"forged"}', SHOP)),
                    STATEMENT_PAYLOAD_TYPE,
                    stolen,
                )
            ).index
            for n in range(2)
        ]
        ledger.key_admin.rotate("stolen", by_recovery=True)
        ledger.key_admin.revoke(stolen.keyid, "stolen", from_index=forged[0])
        story.keep_content(ledger, ledger.record({"order": 8}).index, b'{"order":8}')
        ledger.publish()
        for index in forged:
            with refused("key.ended", VerificationError):
                counterfoil.verify(ledger.receipt(index), story.policy)
    story.end_chapter()


def test_5_many_hands(story: Story) -> None:
    """Threads, tasks and a second opener record at once; nothing is lost and no number missing."""
    with story.open() as ledger, story.open() as guest:

        def work(opened: Ledger, source: str) -> None:
            for n in range(15):
                opened.record({"n": n}, source=source, number=n)

        threads = [
            threading.Thread(target=work, args=(opened, f"hand-{n}"))
            for n, opened in enumerate([ledger, guest, ledger, guest])
        ]
        for thread in threads:
            thread.start()

        async def tasks() -> None:
            await asyncio.gather(*(ledger.arecord({"task": n}, source="tasks") for n in range(30)))

        asyncio.run(tasks())
        for thread in threads:
            thread.join()
        found = {source: count for _, source, count in ledger.sources()}
        assert [found[f"hand-{n}"] for n in range(4)] == [15] * 4
        assert found["tasks"] == 30
        story.keep(guest, guest.size - 1, lambda verified: verified.index > 0)
    story.end_chapter()


def test_6_corrections(story: Story) -> None:
    """A wrong order is corrected, a right one replaced; large papers are kept beside the log."""
    with story.open() as ledger:
        first = ledger.get(3)
        wrong = ledger.record({"order": 0, "amount_minor": 1300}, corrects=3)
        newer = ledger.record({"order": 0, "amount_minor": 1400}, supersedes=wrong.index)

        def names(verified: Verified, leaf: str) -> bool:
            said = verified.predicate
            return isinstance(said, Record) and leaf in (said.corrects, said.supersedes)

        story.keep(ledger, wrong.index, lambda verified: names(verified, first.leaf))
        story.keep(ledger, newer.index, lambda verified: names(verified, wrong.leaf))
        paper: dict[str, Any] = {"scan": "x" * 200_000}
        kept = ledger.record(paper)
        story.keep(ledger, kept.index, lambda verified: len(verified.content or b"") == 200_011)
    story.end_chapter()


def test_7_the_auditor(story: Story, tmp_path: Path) -> None:
    """A copy without keys is audited whole, against every receipt that was ever handed out."""
    copy = tmp_path / "copy"
    shutil.copytree(story.folder, copy, ignore=shutil.ignore_patterns("keys"))
    kept = {f"receipt {n}": text for n, (text, _) in enumerate(story.kept)}
    report = audit(copy, full=True, against=kept)
    assert not report.damaged, [str(finding) for finding in report.findings]
    with counterfoil.open(copy, read_only=True) as reader:
        tree = merkle_tree(reader.entries())
        for text, _ in story.kept:
            receipt = receipts.parse(text)
            verified = counterfoil.verify(receipt, story.policy)
            confirm_inclusion(tree, receipt, verified)
            assert len(verified.trusted.log.name) > 0
        numbers: dict[tuple[str, str], list[int]] = {}
        for view in reader.views():
            if view.issuer is not None and view.source is not None and view.number is not None:
                numbers.setdefault((view.issuer, view.source), []).append(view.number)
        for found in numbers.values():
            assert sorted(found) == list(range(len(found)))
    story.end_chapter()
