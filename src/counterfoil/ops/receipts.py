"""Take receipts away, and look into one without believing it."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from counterfoil.errors import Conflict, InputError, NotFound, Unavailable
from counterfoil.formats import note
from counterfoil.formats.receipt import RECEIPT_MAX_BYTES, Receipt
from counterfoil.ledger import Ledger
from counterfoil.ledger.view import view
from counterfoil.log import parse_signed
from counterfoil.ops.endings import form_by_ending
from counterfoil.ops.files import read_input, shown, write_file
from counterfoil.ops.kinds import told_apart
from counterfoil.ops.place import (
    LedgerFolder,
    find_ledger,
    open_for_reading,
    open_for_writing,
)
from counterfoil.ops.receipt_files import MEDIA_TYPES, Form, format_receipt, parse_receipt
from counterfoil.ops.records import Entry, find_entry
from counterfoil.ports import STANDARD_STREAM, Channel, Document, Param

__all__ = ["ReceiptView", "Saved", "get", "open_published", "show"]

_ENDINGS: Final[dict[str, Form]] = {".json": "json", ".html": "html", ".htm": "html"}
_PUBLISH_WAIT_S: Final = 10.0
_POLL_S: Final = 0.1


@dataclass(frozen=True, slots=True)
class Saved:
    """A receipt that was written. index, row: of what; size: the log's as of which it proves."""

    index: int
    row: int | None
    size: int
    form: Form
    file: str
    bytes: int


@dataclass(frozen=True, slots=True)
class ReceiptView:
    """What a receipt says, unverified.

    form: json, html or tlog-proof. origin, size, root (hexadecimal): of its checkpoint.
    signed_by: names on the checkpoint. record: the entry, decoded; None where it has none.
    row: number and content of one row of a block. keys: key statements that it carries.
    """

    form: Form
    index: int
    origin: str
    size: int
    root: str
    signed_by: tuple[str, ...]
    record: dict[str, Any] | None
    row: dict[str, Any] | None
    keys: int
    verified: Literal[False] = False


def get(
    entry: Entry,
    *,
    out: Annotated[
        Path, Param("File to write, or - for standard output.", "FILE", short="o", holds="output")
    ],
    ledger: LedgerFolder = None,
    row: Annotated[int | None, Param("A row of a block statement, from 0.", "N")] = None,
    html: Annotated[
        bool, Param("One page that checks itself in a browser; so it is for .html.")
    ] = False,
    tlog_proof: Annotated[
        bool, Param("A C2SP tlog-proof, for other tools; it does not prove who signed.")
    ] = False,
) -> Saved | Document:
    """Write the receipt of an entry: proof for ever, without the ledger.

    Raises InputError with code receipt.form, receipt.not-a-block, receipt.proof-row or file.ending,
    NotFound with code entry.index, entry.leaf or block.row-number, and as `write_file`.
    """
    if html and tlog_proof:
        raise InputError("receipt.form", "expected --html or --tlog-proof, found both")
    if tlog_proof and row is not None:
        raise InputError(
            "receipt.proof-row",
            "expected a whole entry for a tlog-proof, found a row",
            hint="A tlog-proof cannot hold a row's own proof: leave out --tlog-proof.",
        )
    asked: Form | None = "html" if html else "tlog-proof" if tlog_proof else None
    form = form_by_ending(out, asked, _ENDINGS, "json")
    with open_published(ledger, entry) as opened:
        index = find_entry(opened, entry)
        receipt = opened.receipt(index, row)
        data = format_receipt(receipt, form, opened)
    if out == STANDARD_STREAM:
        return Document([data], MEDIA_TYPES[form])
    write_file(out, data)
    size = parse_signed(receipt.checkpoint.encode()).size
    return Saved(index, row, size, form, shown(out), len(data))


def show(
    file: Annotated[
        Path, Param("A receipt in any form, or - for standard input.", "FILE", holds="file")
    ],
    *,
    channel: Channel,
) -> ReceiptView:
    """Show what a receipt says, without verifying it.

    Raises InputError when it is no receipt, and as `read_file`.
    """
    data = read_input(file, channel, RECEIPT_MAX_BYTES)
    with told_apart(data, "a receipt", "a tlog-proof"):
        form, found = parse_receipt(data)
    row, keys = None, 0
    if isinstance(found, Receipt):
        signed, index, entry = found.checkpoint.encode(), found.record.index, found.record.entry
        keys = len(found.keys)
        if found.row is not None:
            row = {"row": found.row.row, "content": found.row.content}
    else:
        signed, index, entry = found.checkpoint, found.index, found.extra or b""
    checkpoint = parse_signed(signed)
    return ReceiptView(
        form=form,
        index=index,
        origin=checkpoint.origin,
        size=checkpoint.size,
        root=checkpoint.root.hex(),
        signed_by=tuple(line.name for line in note.parse(signed).signatures),
        record=view(index, entry).to_json() if entry else None,
        row=row,
        keys=keys,
    )


def open_published(given: Path | None, entry: str | None = None) -> Ledger:
    """Open a ledger beside its owner when its published checkpoint covers an entry, if it has it.

    entry: index or leaf; None for all that are there. Entries wait to be published for a moment
    after they were recorded; where their recorder was killed they wait for the next owner, which
    this becomes. Raises as `find_ledger`, `open_ledger` and `find_entry`.
    """
    folder = find_ledger(given)
    ledger = open_for_reading(folder)
    try:
        index = ledger.size - 1 if entry is None else find_entry(ledger, entry)
        until = time.monotonic() + _PUBLISH_WAIT_S
        while _published_size(ledger) <= index < ledger.size and time.monotonic() < until:
            with contextlib.suppress(Conflict, Unavailable), open_for_writing(folder) as owned:
                owned.publish()
            time.sleep(_POLL_S)
    except BaseException:
        ledger.close()
        raise
    return ledger


def _published_size(ledger: Ledger) -> int:
    try:
        return parse_signed(ledger.published()).size
    except NotFound:
        return 0
