"""Remember what a mirror's entries say that receipts and copies need: key statements, payloads.

A receipt carries every key statement of its log, so a mirror must know where they stand. The
index follows from the entries and is bound to a root: one that does not fit is made anew. This
module refuses to judge signatures.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Final

import msgspec

from counterfoil.errors import CounterfoilError
from counterfoil.formats import entry as entry_format
from counterfoil.formats import predicates
from counterfoil.formats.entry import StatementEntry
from counterfoil.formats.envelope import is_unsigned_statement, payload_of_unsigned
from counterfoil.formats.predicates import IssuerKey, Key
from counterfoil.formats.predicates.header import Count, HexDigest
from counterfoil.ledger.predicate_types import keeping, payloads_named
from counterfoil.storage.folder_copy import replace_file

__all__ = ["INDEX_FILE", "MirrorIndex", "load_index", "notable", "save_index"]

INDEX_FILE: Final = "mirror-index.json"
"""Name of the index in a mirror's folder."""

_TYPE: Final = "https://counterfoil.dev/mirror-index/v1"
_MARKS: Final = (b"/key/v1", b"/block/v1", b"content_ref", b"\\")  # else a member is plain


class MirrorIndex(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag=_TYPE
):
    """What the first `size` entries, whose tree has `root`, say.

    key_entries, issuer_entries: indices of key and issuer-key statements, ascending. missing:
    digests of payloads that entries name and the source did not have: erased, withheld, or not
    copied in this mode.
    """

    size: Count
    root: HexDigest
    key_entries: tuple[Annotated[int, msgspec.Meta(ge=0)], ...] = ()
    missing: tuple[HexDigest, ...] = ()
    issuer_entries: tuple[Annotated[int, msgspec.Meta(ge=0)], ...] = ()


def load_index(folder: Path) -> MirrorIndex | None:
    """Read the index; None where there is none that can be read."""
    try:
        return msgspec.json.decode((folder / INDEX_FILE).read_bytes(), type=MirrorIndex)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return None


def save_index(folder: Path, index: MirrorIndex) -> None:
    """Replace the index. Raises Unavailable with code copy.write."""
    replace_file(folder / INDEX_FILE, msgspec.json.encode(index) + b"\n")


def notable(first: int, entries: Iterable[bytes]) -> Iterator[tuple[int, Key | IssuerKey | str]]:
    """Find statements of keys and issuers' keys, and digests of payloads, from index `first` on.

    An entry that cannot be parsed says nothing here: the log's own audit names it.
    """
    marks = (*_MARKS, *(uri.encode() for uri in keeping()))
    for index, data in enumerate(entries, first):
        try:
            if is_unsigned_statement(data) and not _marked(data, marks):
                continue
            parsed = entry_format.parse(data)
            said = (
                predicates.parse_predicate(parsed.statement)
                if isinstance(parsed, StatementEntry)
                else None
            )
        except CounterfoilError:
            continue
        if isinstance(said, Key | IssuerKey):
            yield index, said
        elif isinstance(parsed, StatementEntry):
            yield from ((index, one.sha256) for one in payloads_named(parsed.statement, said))


def _marked(data: bytes, marks: tuple[bytes, ...]) -> bool:
    """Tell whether a batch member may be notable: most are plain rows, and there are many."""
    payload = payload_of_unsigned(data)
    return any(mark in payload for mark in marks)
