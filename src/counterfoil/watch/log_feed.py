"""Read a log entry by entry for watchers, with the best that is known of when each came.

A signer's clock may lie; the log's own clock says between which two of its checkpoints an entry
came, and the claimed time is held within. Of a log that is read from afar the reader's own looks
say that; for what was there before the first look, the claims of the entries before stand in. This
module refuses to go on where the log is not the one that was read before.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from statistics import median_low
from typing import Any, Final, Protocol

import msgspec

from counterfoil.errors import InputError, VerificationError
from counterfoil.ledger.unwrap import Signers
from counterfoil.ledger.view import RecordView, view
from counterfoil.ports.watchers import Step, WatchedEntry
from counterfoil.proofs.merkle import leaf_hash

__all__ = ["LogAccess", "LogCursor", "LogFeed"]

_CLAIMS: Final = 15  # claimed times whose median stands in for a clock
_CLAIMS_LEAST: Final = 5
_NEAR_MS: Final = 3_600_000
_CACHED: Final = 4096  # decoded entries, for watchers that read side by side


class LogAccess(Protocol):
    """A log that can be read: a ledger at hand, or one behind an address."""

    origin: str

    def refresh(self) -> int:
        """Look at the log's end; gives how many entries can be read."""

    def entries(self, first: int, end: int) -> Iterator[bytes]:
        """Read the bytes of entries [first, end), in order."""

    def moments(self) -> Sequence[tuple[int, int]]:
        """List (size, Unix ms): how large the log was when, by its own clock; ascending."""

    def mark(self) -> str:
        """Name the state that `refresh` found, so that `resume` knows its history again."""

    def resume(self, mark: str) -> None:
        """Hold the log to a state that was seen before.

        Raises VerificationError with code watch.history where it is another history.
        """

    def close(self) -> None:
        """Let go of connections."""


class LogCursor(msgspec.Struct, omit_defaults=True):
    """Where reading goes on.

    next: index of the next entry. leaf: of the one before it. mark: of the log's state. claims:
    the last claimed times, Unix ms, where the log has no clock that is known.
    """

    next: int = 0
    leaf: str = ""
    mark: str = ""
    claims: list[int] = []


class LogFeed:
    """Feeds watchers with the entries of one log. Not safe for threads."""

    def __init__(self, access: LogAccess) -> None:
        self._access = access
        self.origin = access.origin
        self._size = 0
        self._held = False
        self._signers = Signers(access.entries)
        self._cache: dict[int, WatchedEntry] = {}

    @property
    def size(self) -> int:
        """Entries that the last `poll` found."""
        return self._size

    def poll(self) -> bool:
        """Look whether the log has grown since the last look. Raises as the log's access."""
        size = self._access.refresh()
        grown = size > self._size
        self._size = max(size, self._size)
        return grown

    def steps(self, cursor: Any, limit: int) -> Iterator[Step]:
        """Read entries after a cursor; see `Feed.steps`.

        Raises VerificationError with code watch.history, InputError with code watch.cursor.
        """
        at = _cursor(cursor)
        self._require_history(at)
        mark, claims = self._access.mark(), at.claims
        end = min(self._size, at.next + limit)
        if at.next >= end:
            return
        moments = self._access.moments()
        for index, data in enumerate(self._access.entries(at.next, end), at.next):
            entry = self._cache.get(index) or self._decoded(index, data, moments, claims)
            if entry.after_ms is None and entry.claimed_ms is not None:
                claims = [*claims, entry.claimed_ms][-_CLAIMS:]
            cursor = {"next": index + 1, "leaf": entry.leaf, "mark": mark, "claims": claims}
            yield Step(entry, cursor, index, entry.at_ms)

    def close(self) -> None:
        """Let go of the log."""
        self._access.close()

    def _require_history(self, at: LogCursor) -> None:
        """Check, once, that the log still begins as it did when the cursor was saved."""
        if self._held or not at.next:
            self._held = True
            return
        self._access.resume(at.mark)
        found = ""
        if self._size >= at.next:
            found = "".join(
                leaf_hash(data).hex() for data in self._access.entries(at.next - 1, at.next)
            )
        if found != at.leaf:
            raise VerificationError(
                "watch.history",
                f"expected entry {at.next - 1} of {self.origin} to have the leaf {at.leaf}, found "
                f"{found or f'a log of {self._size} entries'}",
                hint="The log went back or was rewritten: compare it with its witnesses and "
                "mirrors. Where you put back a backup yourself, remove the watcher's state.",
            )
        self._held = True

    def _decoded(
        self, index: int, data: bytes, moments: Sequence[tuple[int, int]], claims: Sequence[int]
    ) -> WatchedEntry:
        at = bisect_right(moments, index, key=_size_of)
        after = moments[at - 1][1] if at else None
        before = moments[at][1] if at < len(moments) else None
        found = self._entry(index, data, after, before, claims)
        if len(self._cache) >= _CACHED:
            self._cache.pop(next(iter(self._cache)))
        self._cache[index] = found
        return found

    def _entry(
        self,
        index: int,
        data: bytes,
        after: int | None,
        before: int | None,
        claims: Sequence[int],
    ) -> WatchedEntry:
        try:
            seen = view(index, data)
        except InputError:  # it is in the log, and must not stop who watches it
            leaf = leaf_hash(data).hex()
            seen = RecordView(index, leaf, "unreadable", None, None, None, None, (), {})
        claimed, signed_by = seen.at_ms, seen.signed_by
        if not signed_by and seen.kind != "unreadable":
            signing = self._signers.of(index)
            signed_by = signing.signed_by
            claimed = signing.at_ms if claimed is None else claimed
        return WatchedEntry(
            index=index,
            leaf=seen.leaf,
            size=len(data),
            kind=seen.kind,
            issuer=seen.issuer,
            source=seen.source,
            number=seen.number,
            claimed_ms=claimed,
            after_ms=after,
            before_ms=before,
            at_ms=best_time(claimed, after, before, claims),
            signed_by=signed_by,
            said=seen.content,
        )


def best_time(
    claimed: int | None, after: int | None, before: int | None, claims: Sequence[int]
) -> int:
    """Hold a claimed time within what a clock says, and not far before what was claimed before.

    All Unix ms. after, before: between them it came, where that is known. claims: the last claimed
    times, where `after` is not known: their median less an hour stands in. A log may be silent for
    days, so nothing stands in for `before`.

    >>> best_time(50, 100, 200, []), best_time(150, 100, 200, []), best_time(None, 100, None, [])
    (100, 150, 100)
    """
    low = after
    if low is None:
        low = median_low(claims) - _NEAR_MS if len(claims) >= _CLAIMS_LEAST else 0
        if claimed is None:
            return before or (claims[-1] if claims else 0)
    found = max(low, claimed or 0)
    return found if before is None else min(found, max(low, before))


def _cursor(cursor: Any) -> LogCursor:
    if cursor is None:
        return LogCursor()
    try:
        return msgspec.convert(cursor, LogCursor)
    except msgspec.ValidationError as err:
        raise InputError(
            "watch.cursor",
            f"expected a place in a log, but: {err}",
            hint="The state is of another kind of watcher: name another folder.",
        ) from err


def _size_of(moment: tuple[int, int]) -> int:
    return moment[0]
