"""The part of the facade that reads: entries, checkpoints, keys, receipts.

Owner and readers have it alike. This module refuses to write.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, cast

import msgspec

from counterfoil.errors import CounterfoilError
from counterfoil.formats.policy import Policy
from counterfoil.formats.predicates import ContentRef
from counterfoil.formats.receipt import Receipt
from counterfoil.formats.signed_statement import SignedStatement
from counterfoil.ledger.anchored import anchored_checkpoint, claims_of, read_anchored
from counterfoil.ledger.config import Config
from counterfoil.ledger.issuers import ADDED, counter_of
from counterfoil.ledger.key_admin import KeyAdmin
from counterfoil.ledger.layout import Layout
from counterfoil.ledger.opening import Reading, load_keyring
from counterfoil.ledger.people.erasures import Erasures
from counterfoil.ledger.policy_file import read_policy
from counterfoil.ledger.receipts import ReceiptMaker
from counterfoil.ledger.recorder import Recorder
from counterfoil.ledger.search import Searchable
from counterfoil.ledger.tabular import Listed
from counterfoil.ledger.view import RecordView, view
from counterfoil.ledger.vouched import best_checkpoint
from counterfoil.ports import StoredCheckpoint
from counterfoil.proofs.keyring import KeyPeriod
from counterfoil.proofs.verify import Verified, verify_receipt

if TYPE_CHECKING:
    from counterfoil.ledger.ledger import Ledger

__all__ = ["Readable"]


class Readable(Searchable):
    """A ledger that can be read; see `Ledger`."""

    _reading: Reading
    _recorder: Recorder | None
    _admin: KeyAdmin | None
    _receipts: ReceiptMaker

    def _repr_html_(self) -> str:
        """Show it in a notebook."""
        from counterfoil.ledger.notebook import ledger_card

        return ledger_card(cast("Ledger", self))

    @property
    def config(self) -> Config:
        """The ledger's settings."""
        return self._reading.config

    @property
    def origin(self) -> str:
        """The log's identity."""
        return self._reading.config.origin

    @property
    def layout(self) -> Layout:
        """The ledger's files."""
        return self._reading.layout

    @property
    def policy(self) -> Policy:
        """The trust policy that the ledger gives to its readers (`policy.txt`)."""
        return read_policy(self._reading.layout)

    @property
    def size(self) -> int:
        """Number of committed entries."""
        return self._reading.reader.size()

    @property
    def committed(self) -> tuple[int, int]:
        """Number of committed entries, and when the last were, by the log's clock (Unix ms)."""
        head = self._reading.store.head()
        return head.size, head.at_ms

    @property
    def keys(self) -> tuple[KeyPeriod, ...]:
        """All keys that were ever added, with the entries that they may sign."""
        if self._admin is not None:
            return self._admin.keyring.periods
        reading = self._reading  # the owner may have changed keys since it was opened
        return load_keyring(reading.reader, reading.store.key_entries()).periods

    def get(self, index: int) -> RecordView:
        """Read and decode the entry at an index. Raises NotFound with code entry.index."""
        return view(index, self._reading.reader.entry(index), self._reading.erasures)

    def entry(self, index: int) -> bytes:
        """Read the bytes of the entry at an index. Raises NotFound with code entry.index."""
        return self._reading.reader.entry(index)

    def entries(self, first: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Read the bytes of entries [first, end), or to the log's end, in order."""
        return self._reading.reader.entries(first, self.size if end is None else end)

    def views(self, first: int = 0, end: int | None = None) -> Listed[RecordView]:
        """Read and decode entries [first, end), or to the log's end, in order, as they are asked.

        The list is a table, too: `ledger.views(0, 1000).to_arrow()`.
        """
        erasures = self._reading.erasures
        numbered = enumerate(self.entries(first, end), max(first, 0))
        found = (view(index, data, erasures) for index, data in numbered)
        return Listed(found, lambda one: (one, {}))

    @property
    def erasures(self) -> Erasures:
        """What was erased of people's data, as the log tells."""
        return self._reading.erasures

    def kept(self, reference: ContentRef) -> bytes:
        """Read bytes that a statement names and that lie beside the log, and check them.

        Raises NotFound with code payload.missing, VerificationError with code payload.digest.
        """
        return self._reading.payloads.get(reference.sha256)

    def counter(self, key: str) -> int | str | None:
        """Read a counter that `expect` changes; None when it is not there."""
        return self._reading.store.counter(key)

    def sources(self) -> list[tuple[str, str, int]]:
        """List (issuer, source, statements)."""
        return list(self._reading.store.sources())

    def next_number(self, source: str) -> int:
        """Tell the number after the highest that this organisation has recorded in a series."""
        return self._reading.store.next_number(self.config.organisation, source)

    def checkpoints(self) -> list[StoredCheckpoint]:
        """List the kept checkpoints, oldest first; the published one with all cosignatures."""
        kept = self._reading.store.checkpoints()
        try:
            shown, signed = self._reading.reader.published()
        except CounterfoilError:
            return kept
        return [replace(one, note=signed) if one.size == shown.size else one for one in kept]

    def published(self) -> bytes:
        """Read the published checkpoint's signed note. Raises NotFound log.unpublished."""
        return self._reading.reader.published()[1]

    def numbered(self, source: str) -> Iterator[tuple[int, int]]:
        """List (number, index) of this organisation's statements in a series, by number."""
        for span in self._reading.store.spans(self.config.organisation, source):
            for step in range(span.count):
                yield span.first + step, span.index + step

    def receipt(self, index: int, row: int | None = None) -> Receipt:
        """Make the receipt of an entry, or of one row of a block statement.

        index: from 0. row: from 0. Where this process can write, waits until the entry and all
        changes of keys so far are published (at most about `publish_interval_s` seconds). It is
        made under an anchored checkpoint that covers the entry, where there is one.
        Raises NotFound with code entry.index or block.row-number.
        """
        store = self._reading.store
        if self._recorder is not None and 0 <= index < self.size:
            self._recorder.wait_published(max(index, *store.key_entries()) + 1)
        published, kept = self._reading.reader.published(), store.checkpoints()
        anchors = read_anchored(self.layout, index + 1)
        under = anchored_checkpoint(anchors, published, kept, self.policy)
        if under is None:
            under = best_checkpoint(index + 1, published, kept, self.policy)
        claims = claims_of(anchors, under[0])
        receipt = self._receipts.make(
            index, tuple(store.key_entries()), row, under, self._issuer_at
        )
        return msgspec.structs.replace(receipt, anchors=claims)

    def _issuer_at(self, statement: SignedStatement) -> int | None:
        """Tell where the owner stated the key of a foreign issuer's statement."""
        series = counter_of(statement.issuer, statement.key)
        span = self._reading.store.find_span(self.config.organisation, series, ADDED, 1)
        return None if span is None else span.index

    def verify(self, receipt: Receipt | bytes | str) -> Verified:
        """Verify a receipt against this ledger's own policy; see `verify_receipt`."""
        return verify_receipt(receipt, self.policy)
