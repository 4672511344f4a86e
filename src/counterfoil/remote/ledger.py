"""A ledger that a node serves, with the interface of one on this machine.

What is read is read from the node, what is recorded is recorded there; rooms for decisions, models
and lineage work on it as they do on a folder. What only the machine with the folder can do is
refused, with the way to ask for it. This module refuses to trust what it was not asked to check:
with `verify` receipts are held to the key that the ledger showed at first.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Any, Final

import msgspec

from counterfoil.errors import InputError, NotFound, Unavailable
from counterfoil.formats import policy as policies
from counterfoil.formats import receipt as receipts
from counterfoil.formats.policy import Policy
from counterfoil.formats.predicates import ContentRef
from counterfoil.formats.receipt import Receipt
from counterfoil.ledger import Config, Layout, RecordView
from counterfoil.ledger.people import People
from counterfoil.ledger.people.erasures import Erasures
from counterfoil.ledger.search import Progress, SearchPage
from counterfoil.ledger.tabular import Listed
from counterfoil.ports import StoredCheckpoint
from counterfoil.proofs.keyring import KeyPeriod
from counterfoil.proofs.verify import Verified, verify_receipt
from counterfoil.remote.answers import facts_of, split_entries
from counterfoil.remote.calling import call
from counterfoil.remote.delivery import Delivery
from counterfoil.remote.events import Event, read_events
from counterfoil.remote.pins import Pins
from counterfoil.remote.results import SetAside
from counterfoil.remote.spool import Spool
from counterfoil.remote.wire import Wire
from counterfoil.remote.writing import API, Writing

__all__ = ["RemoteLedger"]

_ENTRIES: Final = 1024
_LEAF: Final = re.compile(r"[0-9a-f]{64}")


class RemoteLedger(Writing):
    """A node's ledger; `connect` makes one. Use it as a context manager, or call `close`.

    Safe for threads. Methods are those of `Ledger`, and raise its errors; Unavailable with code
    remote.away where the node cannot be reached. A fork of the process may read, and connects
    itself to record.
    """

    def __init__(
        self,
        wire: Wire,
        *,
        spool: Spool | None = None,
        delivering: Wire | None = None,
        series: str | None = None,
        policy: Policy | None = None,
        verify: bool = False,
        state: Path | None = None,
    ) -> None:
        self._wire, self._spool = wire, spool
        self._policy, self._verify, self._state = policy, verify, state
        self._known: dict[str, Any] | None = None
        self._pins: Pins | None = None
        self._begin(series)
        self._delivery = None if spool is None else Delivery(delivering or wire, spool, self._greet)

    def __repr__(self) -> str:
        """Show where it is."""
        return f"RemoteLedger({self._wire.url!r})"

    # What it is --------------------------------------------------------------------------------

    @property
    def url(self) -> str:
        """Address of the node."""
        return self._wire.url

    @property
    def config(self) -> Config:
        """The settings that a node tells: who the ledger is, and who answers for decisions."""
        said = self._once_known()
        return Config(
            origin=said["origin"],
            name=said["name"],
            organisation=said["organisation"],
            accountable=said["accountable"],
        )

    @property
    def origin(self) -> str:
        """The log's identity."""
        return str(self._once_known()["origin"])

    @property
    def layout(self) -> Layout:
        """Refuse: its files are on another machine."""
        raise self._only_there("name its files")

    @property
    def policy(self) -> Policy:
        """The reader's own policy, or the pinned one, or else the one that the node offers."""
        if self._verify:
            return self._pinned().policy
        return self._policy or policies.parse(str(self._facts()["policy"]).encode())

    @property
    def size(self) -> int:
        """Number of committed entries."""
        return int(self._facts()["size"])

    @property
    def committed(self) -> tuple[int, int]:
        """Number of committed entries, and when the last were, by the log's clock (Unix ms)."""
        said = self._facts()
        return int(said["size"]), int(said["at_ms"])

    @property
    def keys(self) -> tuple[KeyPeriod, ...]:
        """Refuse: see `call("key ls")`."""
        raise self._only_there("list its keys")

    @property
    def erasures(self) -> Erasures:
        """Refuse: what is erased is told with each record."""
        raise self._only_there("list erasures")

    @property
    def people(self) -> People:
        """Refuse: people's data is opened and erased through `call("person ...")`."""
        raise self._only_there("open people's data")

    # Reading -----------------------------------------------------------------------------------

    def get(self, index: int) -> RecordView:
        """Read and decode the entry at an index. Raises NotFound with code entry.index."""
        return self._wire.get(f"{API}/records/{_whole(index)}").read_as(RecordView)

    def entry(self, index: int) -> bytes:
        """Read the bytes of the entry at an index. Raises NotFound with code entry.index."""
        return self._wire.get(f"{API}/entries/{_whole(index)}").body

    def entries(self, first: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Read the bytes of entries [first, end), or to the log's end, in order."""
        at, until = max(first, 0), self.size if end is None else end
        while at < until:
            query = {"first": at, "end": min(until, at + _ENTRIES)}
            found = split_entries(self._wire.get(f"{API}/entries", query).body)
            if not found:
                return
            yield from found
            at += len(found)

    def views(self, first: int = 0, end: int | None = None) -> Listed[RecordView]:
        """Read and decode entries [first, end), or to the log's end, in order."""
        at, until = max(first, 0), self.size if end is None else end

        def found() -> Iterator[RecordView]:
            after: int | None = None if at == 0 else at - 1
            while True:
                page = self.search("", limit=1000, after=after, newest_first=False)
                for hit in page.hits:
                    if hit.index >= until:
                        return
                    yield hit
                if page.next is None:
                    return
                after = page.next

        return Listed(found(), lambda one: (one, {}))

    def kept(self, reference: ContentRef) -> bytes:
        """Read bytes that a statement names, and check them; errors as `Ledger.kept`."""
        data = self._wire.get(f"{API}/payloads/{reference.sha256}").body
        if sha256(data).hexdigest() != reference.sha256:
            raise Unavailable("remote.answer", "expected the bytes of a digest, found others")
        return data

    def counter(self, key: str) -> int | str | None:
        """Read a counter that `expect` changes; None when it is not there."""
        found: int | str | None = self._json("counter", key=key)["value"]
        return found

    def next_number(self, source: str) -> int:
        """Tell the number after the highest that is recorded in a series."""
        return int(self._json("series", source=source)["next"])

    def sources(self) -> list[tuple[str, str, int]]:
        """Refuse: a node tells of the series that are asked about, see `next_number`."""
        raise self._only_there("list its series")

    def numbered(self, source: str) -> Iterator[tuple[int, int]]:
        """List (number, index) of the organisation's statements in a series, by number."""
        query = f"source={msgspec.json.encode(source).decode()}"
        after: int | None = None
        found: list[tuple[int, int]] = []
        while True:
            page = self.search(query, limit=1000, after=after, newest_first=False)
            found += [
                (hit.number, hit.index)
                for hit in page.hits
                if hit.number is not None and hit.issuer == self.config.organisation
            ]
            if page.next is None:
                return iter(sorted(found))
            after = page.next

    def checkpoints(self) -> list[StoredCheckpoint]:
        """List the kept checkpoints, oldest first."""
        return [
            StoredCheckpoint(one["size"], str(one["note"]).encode(), one["at_ms"])
            for one in self._json("checkpoints")
        ]

    def published(self) -> bytes:
        """Read the published checkpoint's signed note; checked where `verify` is asked for."""
        note = self._wire.get(f"{API}/checkpoint").body
        if self._verify:
            self._pinned().check_note(note, self._consistency)
        return note

    def receipt(self, index: int, row: int | None = None) -> Receipt:
        """Get the receipt of an entry, or of a row of a block; see `Ledger.receipt`.

        With `verify` it is checked, and that the log only grew since it was last seen here. Raises
        then as `Pins.check`.
        """
        answer = self._wire.get(f"{API}/receipts/{_whole(index)}", {"row": row})
        found = receipts.parse(answer.body)
        if found.record.index != index:
            raise Unavailable("remote.answer", f"expected the receipt of {index}, found another")
        if self._verify:
            self._pinned().check(found, self._consistency)
        return found

    def verify(self, receipt: Receipt | bytes | str) -> Verified:
        """Verify a receipt against `policy`; see `verify_receipt`."""
        return verify_receipt(receipt, self.policy)

    def search(
        self,
        query: str = "",
        *,
        limit: int = 50,
        after: int | None = None,
        newest_first: bool = True,
        progress: Progress | None = None,  # noqa: ARG002  # the node searches
    ) -> SearchPage:
        """Find the entries that satisfy a query; see `Ledger.search`."""
        asked = {
            "q": query or None,
            "limit": limit,
            "after": after,
            "order": "newest" if newest_first else "oldest",
        }
        return self._wire.get(f"{API}/records", asked).read_as(SearchPage)

    def find_leaf(self, leaf: str, *, progress: Progress | None = None) -> int:  # noqa: ARG002
        """Find the index of the entry with a leaf hash; see `Ledger.find_leaf`."""
        wanted = leaf.lower()
        if not _LEAF.fullmatch(wanted):
            raise InputError(
                "search.leaf",
                f"expected a leaf hash of 64 hexadecimal digits, found {leaf[:80]!r}",
            )
        for hit in self.search(f"leaf={wanted}", limit=1).hits:
            return hit.index
        raise NotFound(
            "entry.leaf",
            f"expected an entry with leaf hash {wanted}, found none",
            hint="Check that it is the hash of an entry, and of this ledger.",
        )

    # Operations --------------------------------------------------------------------------------

    def call(self, words: str, **parameters: Any) -> Any:
        """Call any operation of the node by its words; see `remote.calling.call`.

        For example `call("record search", query="amount>=100")`.
        """
        return call(self._wire, words, parameters)

    def events(self, *, after: int | None = None, **filters: str) -> Iterator[Event]:
        """Hear of new records, alerts and checkpoints as they come; see `read_events`."""
        return read_events(self._wire, after, filters)

    # The spool ---------------------------------------------------------------------------------

    @property
    def pending(self) -> int:
        """How many items wait in the spool."""
        return 0 if self._spool is None else self._spool.waiting

    @property
    def trouble(self) -> str | None:
        """Why nothing of the spool is sent now; None where nothing is in the way."""
        found = None if self._delivery is None else self._delivery.trouble
        return None if found is None else str(found)

    def refused(self) -> list[SetAside]:
        """List what the node refused for good after it was spooled."""
        return [] if self._spool is None else self._spool.aside()

    def flush(self, timeout: float | None = None) -> None:
        """Wait until the node has everything that is spooled.

        timeout: seconds. Raises Unavailable with code remote.spooled, Refused with code
        ledger.forked.
        """
        self._require_own()
        self.settle_decisions()
        if self._delivery is not None:
            self._delivery.flush(timeout)

    def close(self) -> None:
        """Finish what is under way; what is spooled stays, and is sent by who opens the spool."""
        if os.getpid() != self._process:  # the rest is the parent's
            self._wire.close()
            return
        try:
            self._close_rooms()
        finally:
            self._hands.shutdown()
            if self._delivery is not None:
                self._delivery.close()
            if self._spool is not None:
                self._spool.close()
            self._wire.close()

    def __enter__(self) -> RemoteLedger:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # How -----------------------------------------------------------------------------------------

    def _greet(self, wire: Wire) -> None:
        """Make sure, before anything spooled is sent, that this is the ledger that is meant."""
        self._facts(wire)
        if self._spool is not None:
            self._spool.bind(self.origin)
        if self._verify:
            self._pinned()

    def _facts(self, wire: Wire | None = None) -> dict[str, Any]:
        found = facts_of((wire or self._wire).get(f"{API}/ledger"))
        self._known = found
        return found

    def _once_known(self) -> Mapping[str, Any]:
        return self._facts() if self._known is None else self._known

    def _pinned(self) -> Pins:
        if self._pins is None:
            self._pins = Pins(
                self.url, lambda: str(self._facts()["policy"]), self._policy, self._state
            )
        return self._pins

    def _consistency(self, old: int, new: int) -> list[bytes]:
        path = self._json("consistency", old=old, new=new)["path"]
        return [bytes.fromhex(one) for one in path]

    def _json(self, path: str, **query: Any) -> Any:
        return self._wire.get(f"{API}/{path}", query).json()


def _whole(index: object) -> int:
    if type(index) is not int or index < 0:
        raise InputError("entry.number", f"expected an index from 0, found {str(index)[:40]!a}")
    return index
