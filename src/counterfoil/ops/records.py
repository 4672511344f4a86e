"""Record one thing, get it back, and follow what comes."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final

from counterfoil.errors import InputError, NotFound
from counterfoil.ledger import Ledger, Recorded, RecordView
from counterfoil.ledger.sources import CONTENT_MAX_BYTES
from counterfoil.ops.files import read_input, refuse_json
from counterfoil.ops.place import (
    AcceptNewWitness,
    LedgerFolder,
    open_for_reading,
    open_for_writing,
)
from counterfoil.ports import Channel, Param

__all__ = ["Entry", "add", "find_entry", "get", "parse_condition", "tail"]

Entry = Annotated[str, Param("Index of the entry, from 0, or its leaf hash.", "INDEX|LEAF")]
"""The parameter that names one entry."""

_LEAF: Final = re.compile(r"[0-9a-fA-F]{64}")
_INDEX: Final = re.compile(r"[0-9]{1,16}")
_WHOLE: Final = re.compile(r"-?[0-9]{1,19}")
_PAGE: Final = 256
_POLL_S: Final = 0.2


def add(
    content: Annotated[
        str,
        Param(
            "A JSON object, a file that holds one, or - for standard input.",
            "CONTENT",
            holds="object",
        ),
    ],
    *,
    ledger: LedgerFolder = None,
    source: Annotated[
        str | None, Param("Series that the record is numbered in; else the key's own.", "NAME")
    ] = None,
    number: Annotated[
        int | None,
        Param("Its number there: the same one again gets its first receipt.", "N"),
    ] = None,
    expect: Annotated[
        tuple[str, ...],
        Param(
            "Record only while a counter holds OLD, and make it NEW; empty is not there.",
            "KEY=OLD:NEW",
        ),
    ] = (),
    corrects: Annotated[
        str | None, Param("Index or leaf of the entry that this one corrects.", "INDEX|LEAF")
    ] = None,
    supersedes: Annotated[
        str | None, Param("Index or leaf of the entry that this one replaces.", "INDEX|LEAF")
    ] = None,
    accept_new_witness: AcceptNewWitness = False,
    channel: Channel,
) -> Recorded:
    """Record one JSON object and wait until it is durable.

    Raises InputError for content that is no JSON object, Conflict with code log.expect or
    record.number-taken, and as `Ledger.record`.
    """
    conditions = dict(map(parse_condition, expect))
    text = _read_content(content, channel)
    with open_for_writing(ledger, accept_new_witness=accept_new_witness) as opened:
        return opened.record(
            text,
            source=source,
            number=number,
            expect=conditions or None,
            corrects=_reference(opened, corrects),
            supersedes=_reference(opened, supersedes),
        )


def get(entry: Entry, *, ledger: LedgerFolder = None) -> RecordView:
    """Show one entry, decoded.

    Raises InputError with code entry.reference, NotFound with code entry.index or entry.leaf.
    """
    with open_for_reading(ledger) as opened:
        return opened.get(find_entry(opened, entry))


def tail(
    *,
    ledger: LedgerFolder = None,
    limit: Annotated[int, Param("How many, from 0.", "N", short="n")] = 10,
    follow: Annotated[
        bool, Param("Go on with what comes, until interrupted.", short="f", holds="machine")
    ] = False,
    all_entries: Annotated[bool, Param("Show batch signatures too.")] = False,
) -> Iterator[RecordView]:
    """Show the last records, oldest first.

    Raises InputError with code tail.count.
    """
    if limit < 0:
        raise InputError("tail.count", f"expected a number from 0, found {limit}")
    return _tail(open_for_reading(ledger), limit, follow=follow, all_entries=all_entries)


def find_entry(ledger: Ledger, reference: str) -> int:
    """Turn an index or a leaf hash into an index.

    Raises InputError with code entry.reference, NotFound with code entry.leaf.
    """
    if _INDEX.fullmatch(reference):
        return int(reference)
    if _LEAF.fullmatch(reference):
        return ledger.find_leaf(reference)
    raise InputError(
        "entry.reference",
        f"expected an index or a leaf hash of 64 hexadecimal digits, found {reference[:80]!a}",
        hint="`counterfoil record tail` shows both.",
    )


def parse_condition(text: str) -> tuple[str, tuple[int | str | None, int | str | None]]:
    """Read `key=old:new`: whole numbers are numbers, an empty side is a counter not there.

    Raises InputError with code expect.form.

    >>> parse_condition("stock/apples=5:4"), parse_condition("seat/12A=:sold")
    (('stock/apples', (5, 4)), ('seat/12A', (None, 'sold')))
    """
    key, equals, change = text.rpartition("=")
    old, colon, new = change.partition(":")
    if not (key and equals and colon):
        raise InputError(
            "expect.form",
            f"expected KEY=OLD:NEW, found {text[:80]!a}",
            hint="For example --expect stock/apples=5:4, or --expect seat/12A=:sold.",
        )
    return key, (_value(old), _value(new))


def _value(text: str) -> int | str | None:
    if not text:
        return None
    return int(text) if _WHOLE.fullmatch(text) else text


def _read_content(content: str, channel: Channel) -> bytes:
    if content.lstrip()[:1] == "{":
        return content.encode("utf-8", "surrogateescape")
    try:
        return read_input(Path(content), channel, CONTENT_MAX_BYTES)
    except NotFound as err:
        refuse_json(content)
        raise NotFound(
            "record.content-file",
            f"expected a JSON object, or a file that holds one, found no file {content[:80]!a}",
            hint='Record an object such as {"amount_minor": 4200}, a file, or - for a pipe.',
        ) from err


def _reference(ledger: Ledger, text: str | None) -> int | str | None:
    return None if text is None else find_entry(ledger, text)


def _tail(ledger: Ledger, last: int, *, follow: bool, all_entries: bool) -> Iterator[RecordView]:
    with ledger:
        end = ledger.size
        yield from _last(ledger, end, last, all_entries=all_entries)
        while follow:
            size = ledger.size
            for view in ledger.views(end, size):
                if all_entries or view.kind != "batch":
                    yield view
            end = size
            time.sleep(_POLL_S)


def _last(ledger: Ledger, end: int, last: int, *, all_entries: bool) -> list[RecordView]:
    """Read the last entries from the end backwards, page by page."""
    found: list[RecordView] = []
    while end > 0 and len(found) < last:
        first = max(0, end - _PAGE)
        page = list(ledger.views(first, end))
        found = [view for view in page if all_entries or view.kind != "batch"] + found
        end = first
    return found[-last:] if last else []
