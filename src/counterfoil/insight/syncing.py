"""Bring the tables in a folder up to a chain's head, through kills and reorganisations.

Each block must name the one before it. Where it does not, or where a block that was read is no
longer the chain's, blocks are forgotten back to the last one that still is, and read anew. Only
final blocks are sealed; a chain that changes those is not believed. Whatever ends it, the next run
goes on from what was committed. This module refuses to write what does not belong together.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from counterfoil.chain import NodeChain
from counterfoil.chain.answers import contradiction, read
from counterfoil.chain.quantities import hash_of, object_of
from counterfoil.errors import CounterfoilError, InputError, Unavailable
from counterfoil.insight.fetching import Fetcher
from counterfoil.insight.folder import ChainFolder, stored
from counterfoil.insight.pending import Pending
from counterfoil.insight.rows import Rows
from counterfoil.ports import Progress, no_progress

__all__ = ["PART_BLOCKS", "Synced", "sync_chain"]

PART_BLOCKS: Final = 1000
"""Blocks in a sealed part, at most."""

_PART_ROWS: Final = 400_000
_RECENT: Final = 1000
_UNSTEADY: Final = 30
_SAVE_S: Final = 20.0
_STEP_BACK: Final = 16


@dataclass(frozen=True, slots=True)
class Synced:
    """What a run did.

    first, last: blocks that the folder holds now; None where there are none. read: blocks read.
    replaced: blocks that were forgotten because the chain has others now. final: newest final
    block. asked: calls of the node. rows: of all tables, in the folder.
    """

    chain_id: int
    first: int | None
    last: int | None
    read: int
    replaced: int
    final: int
    asked: int
    rows: dict[str, int]
    seconds: float


class _Moved(Exception):
    """The chain has other blocks than those that were read."""


def sync_chain(
    chain: NodeChain,
    folder: ChainFolder,
    fetcher: Fetcher,
    *,
    first: int | None = None,
    last: int | None = None,
    part_blocks: int = PART_BLOCKS,
    progress: Progress = no_progress,
) -> Synced:
    """Read blocks into the folder, up to the head or `last`.

    first: where a new folder begins; None for the last 1,000 blocks. last: None for the head.
    part_blocks: >= 1. Raises InputError with code insight.range, VerificationError with code
    chain.lied, Unavailable with code insight.unsteady, insight.disk or chain.unreachable, and as
    `NodeChain.head`.
    """
    return _Sync(chain, folder, fetcher, last, part_blocks, progress).run(first)


class _Sync:
    """One run; see `sync_chain`."""

    def __init__(
        self,
        chain: NodeChain,
        folder: ChainFolder,
        fetcher: Fetcher,
        last: int | None,
        part_blocks: int,
        progress: Progress,
    ) -> None:
        self._chain, self._folder, self._fetcher = chain, folder, fetcher
        self._last, self._part_blocks, self._progress = last, part_blocks, progress
        self._final = self._target = -1
        self._read = self._replaced = 0
        self._changed = False

    def run(self, first: int | None) -> Synced:
        """Read until the head or the last block asked for."""
        began = time.perf_counter()
        self._look()
        self._pending = self._begin(first)
        try:
            self._follow()
        except (CounterfoilError, KeyboardInterrupt):
            self._save()  # what was read is true, whatever came after
            raise
        self._save()
        parts = self._folder.state.parts
        rows: dict[str, int] = {}
        for part in parts:
            for table, count in part.rows.items():
                rows[table] = rows.get(table, 0) + count
        return Synced(
            self._chain.chain_id,
            parts[0].first if parts else None,
            parts[-1].last if parts else None,
            self._read,
            self._replaced,
            self._final,
            self._fetcher.asked,
            rows,
            time.perf_counter() - began,
        )

    def _look(self) -> None:
        """Ask where the chain is."""
        head = self._chain.head().number
        self._final = self._chain.final().number
        self._target = head if self._last is None else min(head, self._last)

    def _begin(self, first: int | None) -> Pending:
        """Take up what the folder holds after its sealed parts."""
        state = self._folder.state
        held = state.parts[0].first if state.parts else None
        if first is not None and (first < 0 or held not in (None, first)):
            raise InputError(
                "insight.range",
                f"expected to begin at block {0 if held is None else held}, found {first}",
                hint="A folder holds blocks without a gap: name another one, or leave out --first.",
            )
        sealed = state.sealed_parts
        if sealed:
            pending = Pending(sealed[-1].last + 1, state.last_hash)
        else:
            start = max(0, self._target - _RECENT + 1) if held is None else held
            pending = Pending(start if first is None else first, "")
        for part in state.parts[len(sealed) :]:
            pending.add(stored(self._folder.folder, part))
        return pending

    def _follow(self) -> None:
        """Read blocks, and step back where the chain has others now."""
        unsteady = 0
        saved = time.monotonic()
        self._step_back()
        while self._pending.next <= self._target:
            last = min(self._target, self._pending.next + self._fetcher.batch - 1)
            try:
                self._take(range(self._pending.next, last + 1))
            except _Moved as err:
                unsteady += 1
                if unsteady >= _UNSTEADY:
                    raise Unavailable(
                        "insight.unsteady",
                        f"expected blocks that follow each other at {self._chain.url}, found "
                        f"others {unsteady} times",
                        hint="Several nodes behind one address disagree: use one of them.",
                    ) from err
                self._fetcher.pause(min(0.05 * unsteady, 1.0))
                self._look()
                self._step_back()
                continue
            total = self._target - self._pending.first + 1 + self._sealed_blocks()
            self._progress(len(self._pending.hashes) + self._sealed_blocks(), total, "blocks")
            self._seal()
            if time.monotonic() - saved > _SAVE_S:
                self._save()
                saved = time.monotonic()

    def _sealed_blocks(self) -> int:
        sealed = self._folder.state.sealed_parts
        return sealed[-1].last - sealed[0].first + 1 if sealed else 0

    def _take(self, numbers: range) -> None:
        """Read blocks with what their receipts say. Raises _Moved."""
        blocks = self._fetcher.blocks(numbers)
        if any(block is None for block in blocks):
            raise _Moved
        self._require_chain(blocks, numbers)
        receipts = self._fetcher.receipts(blocks)
        held = [one if isinstance(one, list) and None not in one else None for one in receipts]
        if None in held:
            raise _Moved  # a node that was asked for a block that went has no receipts
        self._require_together(blocks, held)
        made = [
            str(one["contractAddress"]).lower()
            for listed in held
            for one in listed or ()
            if one.get("contractAddress")
        ]
        codes = self._fetcher.codes(made) if made else {}

        def fill(_: object) -> Rows:
            rows = Rows()
            for block, listed in zip(blocks, held, strict=True):
                rows.add_block(block, listed, codes)
            return rows

        found = read(self._chain.url, "blocks and receipts", fill, None)
        self._pending.add(found.to_arrow())
        self._read += len(blocks)
        self._changed = True

    def _require_chain(self, blocks: Sequence[Any], numbers: range) -> None:
        """Check that each block names the one before. Raises _Moved."""
        before = self._pending.last_hash
        for block, number in zip(blocks, numbers, strict=True):

            def parts(value: object) -> tuple[int, str, str]:
                found = object_of(value)
                parent, own = hash_of(found["parentHash"]), hash_of(found["hash"])
                if not all(isinstance(one, dict) for one in found["transactions"]):
                    raise ValueError("expected whole transactions")
                return int(found["number"], 16), f"0x{parent.hex()}", f"0x{own.hex()}"

            held, parent, own = read(self._chain.url, f"block {number}", parts, block)
            if held != number:
                raise contradiction(self._chain.url, f"block {number}", f"block {held}")
            if before and parent != before:
                raise _Moved
            before = own

    def _require_together(self, blocks: Sequence[Any], receipts: Sequence[Any]) -> None:
        """Check that receipts are of the same blocks. Raises _Moved where they are of others."""
        for block, listed in zip(blocks, receipts, strict=True):
            for one in listed:
                if isinstance(one, dict) and one.get("blockHash") != block["hash"]:
                    raise _Moved

    def _step_back(self) -> None:
        """Forget the blocks that are not the chain's any more.

        Raises VerificationError with code chain.lied where even a sealed one is not.
        """
        pending = self._pending
        while pending.hashes:
            numbers = range(max(pending.first, pending.next - _STEP_BACK), pending.next)
            found = self._fetcher.blocks(numbers, whole=False)
            same = [
                number
                for number, block in zip(numbers, found, strict=True)
                if block is not None and block["hash"] == pending.hashes[number - pending.first]
            ]
            keep = same[-1] + 1 if same else numbers[0]
            self._replaced += pending.next - keep
            if keep < pending.next:
                pending.cut(keep)
                self._changed = True
            if same:
                return
        if pending.before:
            number = pending.first - 1
            found = self._fetcher.blocks([number], whole=False)
            if found[0] is None or found[0]["hash"] != pending.before:
                raise contradiction(
                    self._chain.url,
                    f"the final block {number} to stay {pending.before}",
                    "none" if found[0] is None else str(found[0]["hash"]),
                )

    def _seal(self) -> None:
        """Write parts of final blocks that are large enough."""
        pending = self._pending
        while True:
            final = min(self._final + 1, pending.next) - pending.first
            if final < 1 or (final < self._part_blocks and pending.rows < _PART_ROWS):
                return
            first, until = pending.first, pending.first + min(final, self._part_blocks)
            taken = pending.take(until)
            self._folder.commit([(first, until - 1, True, taken)], pending.before, self._final)

    def _save(self) -> None:
        """Write what is not sealed yet."""
        if not self._changed:
            return
        pending, state = self._pending, self._folder.state
        part = (pending.first, pending.next - 1, False, pending.whole())
        self._folder.commit([part] if pending.hashes else [], state.last_hash, self._final)
        self._changed = False
