"""Take receipts away, and look into one without believing it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from counterfoil.errors import (
    Conflict,
    InputError,
    NotFound,
    Unavailable,
    VerificationError,
)
from counterfoil.formats import note
from counterfoil.formats.cose_receipt import CoseReceipt
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
from counterfoil.proofs.merkle import leaf_hash, root_from_inclusion

__all__ = ["ReceiptView", "Saved", "get", "open_published", "show"]

_ENDINGS: Final[dict[str, Form]] = {".json": "json", ".html": "html", ".htm": "html"}
_SIGNED: Final = ("cose", "cose-statement")
_WHOLE: Final = ("tlog-proof", *_SIGNED)
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

    form: json, html, tlog-proof, cose or cose-statement. origin, size, root (hexadecimal): of its
    checkpoint; of a COSE receipt the root is empty where it cannot be known without the entry.
    signed_by: names on the checkpoint, or whose COSE receipt it is. record: the entry, decoded;
    None where it has none.
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
    cose: Annotated[
        bool, Param("A COSE receipt (RFC 9942), which the log's key signs; so it is for .cose.")
    ] = False,
    transparent: Annotated[
        bool, Param("A statement in COSE (SCITT) with its COSE receipt in it.")
    ] = False,
) -> Saved | Document:
    """Write the receipt of an entry: proof for ever, without the ledger.

    A COSE receipt is signed where the ledger is owned: by its owner, or here where nobody owns it.
    Raises InputError with code receipt.form, receipt.not-a-block, receipt.proof-row,
    scitt.not-cose or file.ending, NotFound with code entry.index, entry.leaf or block.row-number,
    and as `write_file`.
    """
    asked = _asked({"html": html, "tlog-proof": tlog_proof, "cose": cose}, transparent=transparent)
    in_cose: Form = "cose-statement" if transparent else "cose"
    form = form_by_ending(out, asked, {**_ENDINGS, ".cose": in_cose}, "json")
    if form in _WHOLE and row is not None:
        raise InputError(
            "receipt.proof-row",
            f"expected a whole entry for this form ({form}), found a row",
            hint="Only JSON and HTML can hold a row's own proof.",
        )
    with open_for_writing(ledger) if form in _SIGNED else open_published(ledger, entry) as opened:
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
    with told_apart(data, "a receipt", "a tlog-proof", "a COSE receipt"):
        form, found = parse_receipt(data)
    if isinstance(found, tuple):
        return _show_cose(form, found[0])
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


def _show_cose(form: Form, found: CoseReceipt) -> ReceiptView:
    """Show a COSE receipt; its root follows from the entry alone, or stands beside it."""
    entry, beside, root = found.entry, found.checkpoint, b""
    if beside is not None:
        root = parse_signed(beside).root
    elif entry is not None:
        with contextlib.suppress(VerificationError):  # told by whoever verifies it
            root = root_from_inclusion(leaf_hash(entry), found.index, found.size, found.path)
    names = () if beside is None else (line.name for line in note.parse(beside).signatures)
    return ReceiptView(
        form=form,
        index=found.index,
        origin=found.origin,
        size=found.size,
        root=root.hex(),
        signed_by=tuple(dict.fromkeys((found.origin, *names))),
        record=None if entry is None else view(found.index, entry).to_json(),
        row=None,
        keys=0,
    )


def _asked(flags: Mapping[Form, bool], *, transparent: bool) -> Form | None:
    """Tell the form that options ask for; raises InputError with code receipt.form for two."""
    asked: list[Form] = [form for form, given in flags.items() if given]
    if transparent:  # it has a COSE receipt in it, so both are one wish
        asked = [*(form for form in asked if form != "cose"), "cose-statement"]
    if len(asked) > 1:
        raise InputError(
            "receipt.form", f"expected one form of a receipt, found {' and '.join(asked)}"
        )
    return asked[0] if asked else None


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
