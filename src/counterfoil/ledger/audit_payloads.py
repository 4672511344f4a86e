"""Audit what is kept beside the log: the bytes that statements name by their digest.

A payload that is not there is worth a notice, no more: it may have been erased, or never copied
here. One that is there and differs is damage. This module refuses to fetch anything.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from counterfoil.errors import CounterfoilError, NotFound
from counterfoil.formats.block import parse_rows, row_leaf
from counterfoil.formats.predicates import Block, ContentRef
from counterfoil.ledger.examine import Examined
from counterfoil.log.findings import Findings, places
from counterfoil.proofs.merkle import root_of
from counterfoil.storage import PayloadFiles

__all__ = ["PayloadAudit"]

_REMEMBERED: Final = 4096


class PayloadAudit:
    """Checks payloads as entries name them. checked: how many were there."""

    def __init__(self, payloads: PayloadFiles, findings: Findings, notices: Findings) -> None:
        self._payloads, self._findings, self._notices = payloads, findings, notices
        self._seen: OrderedDict[str, None] = OrderedDict()
        self.checked = 0

    def check(self, seen: Examined) -> None:
        """Check the payloads that a statement names, if it names any."""
        if isinstance(seen.predicate, Block):
            self._check_block(seen.index, seen.predicate)
            return
        for reference in seen.payloads:
            if reference.sha256 not in self._seen:
                self._remember(reference.sha256)
                self._read(seen.index, reference)

    def _check_block(self, index: int, block: Block) -> None:
        data = self._read(index, block.payload)
        if data is None:
            return
        try:
            leaves = [row_leaf(salt, content) for salt, content in parse_rows(data)]
        except CounterfoilError as err:
            self._findings.add("audit.block", places([index]), "a file of rows", err.message)
            return
        expected, found = (block.rows, block.root), (len(leaves), root_of(leaves).hex())
        if found != expected:
            self._findings.add(
                "audit.block",
                places([index]),
                f"{expected[0]} rows with root {expected[1]}",
                f"{found[0]} with root {found[1]}",
            )

    def _read(self, index: int, reference: ContentRef) -> bytes | None:
        place = f"payload {reference.sha256} of {places([index])}"
        try:
            data = self._payloads.get(reference.sha256)
        except NotFound:
            self._notices.add("audit.payload-missing", place, "a file", "none: erased, or not here")
            return None
        except CounterfoilError as err:
            self._findings.add("audit.payload-changed", place, "bytes of this digest", err.message)
            return None
        self.checked += 1
        if len(data) != reference.size:
            expected, found = f"{reference.size} bytes, as the entry says", f"{len(data)}"
            self._findings.add("audit.payload-size", place, expected, found)
        return data

    def _remember(self, digest: str) -> None:
        self._seen[digest] = None
        if len(self._seen) > _REMEMBERED:
            self._seen.popitem(last=False)
