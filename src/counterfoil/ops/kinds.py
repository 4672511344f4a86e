"""Tell our files apart, so that whoever hands the wrong one to a command hears which one takes it.

This module refuses to judge a file: it looks at how it begins, after the command's own parser did
not take it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from counterfoil.errors import InputError
from counterfoil.formats.anchors import ANCHORS_TYPE
from counterfoil.formats.card import CARD_TYPE
from counterfoil.formats.disclosure import DISCLOSURE_TYPE
from counterfoil.formats.entry import COSE_MARK
from counterfoil.formats.evidence import EVIDENCE_TYPE
from counterfoil.formats.proposal import PROPOSAL_TYPE
from counterfoil.formats.receipt import RECEIPT_TYPE
from counterfoil.formats.receipt_html import is_html

__all__ = ["Kind", "kind_of", "told_apart"]

_HEAD_BYTES: Final = 4096
_TYPE: Final = re.compile(rb'"(?:type|format)"\s*:\s*"([^"\\]{1,200})"')
_POLICY: Final = re.compile(rb"(?:(?:#[^\n]*)?\n)*(?:log|witness|group|quorum)[ \t]")
_RECEIPT_LABELS: Final = re.compile(rb"\x19\x01[\x8a\x8b]")  # CBOR for 394 and 395
_CHECKPOINT: Final = re.compile(rb"[^\n]+\n[0-9]+\n[A-Za-z0-9+/]{43}=\n")


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file. words: what it is. command: the one that takes it, with its arguments."""

    words: str
    command: str


_PACK_PAGE: Final = b'<script type="application/zip" id="pack">'
_RECEIPT_PAGE: Final = b'<script type="application/json" id="receipt">'
_RECEIPT: Final = Kind("a receipt", "verify FILE --policy FILE")
_PROOF: Final = Kind("a tlog-proof", "verify FILE --policy FILE")
_COSE: Final = Kind("a COSE receipt", "verify FILE --policy FILE")
_STATEMENT: Final = Kind("a signed statement", "scitt register FILE")
_ROW: Final = Kind("a proof about a row", "dataset verify FILE --policy FILE")
_PACK: Final = Kind("an evidence pack", "evidence check FILE --policy FILE")
_POLICY_FILE: Final = Kind("a trust policy", "verify RECEIPT --policy FILE")
_NOTE: Final = Kind("a checkpoint", "audit --against FILE")
_TYPES: Final = {
    RECEIPT_TYPE: _RECEIPT,
    "counterfoil-row/v1": _ROW,
    "counterfoil-no-row/v1": _ROW,
    DISCLOSURE_TYPE: Kind("a disclosed field", "person verify FILE --policy FILE"),
    EVIDENCE_TYPE: Kind("evidence of two histories", "evidence verify FILE"),
    CARD_TYPE: Kind("an organisation's card", "network found CARD..."),
    PROPOSAL_TYPE: Kind("a network's proposal", "network agree FILE"),
    "https://counterfoil.dev/track-record/v1": Kind(
        "a track record", "quant verify FILE --policy FILE"
    ),
    ANCHORS_TYPE: Kind("a list of anchors", "verify RECEIPT --policy FILE --anchors FILE"),
}


def kind_of(data: bytes) -> Kind | None:
    """Tell by its first bytes what a file is; None for what is none of ours.

    >>> kind_of(b'{"type":"https://counterfoil.dev/receipt/v1"}').words
    'a receipt'
    """
    head = data[:_HEAD_BYTES]
    if head.startswith(b"PK\x03\x04"):
        return _PACK
    if head.startswith(b"c2sp.org/tlog-proof@"):
        return _PROOF
    if head.startswith(COSE_MARK):
        return _COSE if _RECEIPT_LABELS.search(head) else _STATEMENT
    if is_html(head):
        return _PACK if _PACK_PAGE in data else _RECEIPT if _RECEIPT_PAGE in data else None
    if head.lstrip()[:1] == b"{":
        found = _TYPE.search(head)
        return None if found is None else _TYPES.get(found[1].decode("utf-8", "replace"))
    if _CHECKPOINT.match(head):
        return _NOTE
    return _POLICY_FILE if _POLICY.match(head) else None


@contextmanager
def told_apart(data: bytes, *takes: str) -> Iterator[None]:
    """Name the file's kind, and the command that takes it, where the body refuses to read it.

    data: the file. takes: the kinds that the body reads, in the words of `Kind`, the first one for
    the message. Raises InputError with code file.kind for another kind of ours; else what the body
    raises.
    """
    try:
        yield
    except InputError as err:
        kind = kind_of(data)
        if kind is None or kind.words in takes:
            raise
        raise InputError(
            "file.kind",
            f"expected {takes[0]}, found {kind.words}",
            hint=f"`counterfoil {kind.command}` takes it.",
        ) from err
