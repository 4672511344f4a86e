"""Take receipts away, and look into one without believing it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from counterfoil.errors import Conflict, InputError, NotFound
from counterfoil.formats import note, tlog_proof
from counterfoil.formats import receipt as receipts
from counterfoil.formats.receipt import RECEIPT_MAX_BYTES, Receipt
from counterfoil.formats.tlog_proof import TlogProof
from counterfoil.ledger import Ledger, open_ledger
from counterfoil.ledger.view import view
from counterfoil.log import parse_signed
from counterfoil.ops.files import read_input, shown, write_file
from counterfoil.ops.place import LedgerFolder, find_ledger
from counterfoil.ops.records import Entry, find_entry
from counterfoil.ports import STANDARD_STREAM, Channel, Document, Param

__all__ = ["ReceiptFile", "ReceiptView", "Saved", "get", "parse_any", "show"]

Form = Literal["json", "html", "tlog-proof"]

_MEDIA: Final = {
    "json": "application/json",
    "html": "text/html; charset=utf-8",
    "tlog-proof": "text/plain; charset=utf-8",
}
_PUBLISH_WAIT_S: Final = 10.0


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


@dataclass(frozen=True, slots=True)
class ReceiptFile:
    """A receipt in any of its forms, parsed: `receipt`, or `proof` where it is a tlog-proof."""

    form: Form
    receipt: Receipt | None
    proof: TlogProof | None


def get(
    entry: Entry,
    *,
    out: Annotated[Path, Param("File to write, or - for standard output.", "FILE", short="o")],
    ledger: LedgerFolder = None,
    row: Annotated[int | None, Param("A row of a block statement, from 0.", "N")] = None,
    html: Annotated[bool, Param("One page that checks itself in a browser.")] = False,
    tlog_proof: Annotated[
        bool, Param("A C2SP tlog-proof, for other tools; it does not prove who signed.")
    ] = False,
) -> Saved | Document:
    """Write the receipt of an entry: proof for ever, without the ledger.

    Raises InputError with code receipt.form, receipt.not-a-block or receipt.proof-row, NotFound
    with code entry.index, entry.leaf or block.row-number, and as `write_file`.
    """
    if html and tlog_proof:
        raise InputError("receipt.form", "expected --html or --tlog-proof, found both")
    if tlog_proof and row is not None:
        raise InputError(
            "receipt.proof-row",
            "expected a whole entry for a tlog-proof, found a row",
            hint="A tlog-proof cannot hold a row's own proof: leave out --tlog-proof.",
        )
    form: Form = "html" if html else "tlog-proof" if tlog_proof else "json"
    with _published(find_ledger(ledger), entry) as opened:
        index = find_entry(opened, entry)
        receipt = opened.receipt(index, row)
    data = _format(receipt, form)
    if out == STANDARD_STREAM:
        return Document([data], _MEDIA[form])
    write_file(out, data)
    size = parse_signed(receipt.checkpoint.encode()).size
    return Saved(index, row, size, form, shown(out), len(data))


def show(
    file: Annotated[Path, Param("A receipt in any form, or - for standard input.", "FILE")],
    *,
    channel: Channel,
) -> ReceiptView:
    """Show what a receipt says, without verifying it.

    Raises InputError when it is no receipt, and as `read_file`.
    """
    found = parse_any(read_input(file, channel, RECEIPT_MAX_BYTES))
    if found.receipt is not None:
        signed, proof, row = found.receipt.checkpoint.encode(), found.receipt.record, found.receipt.row
        entry: bytes | None = proof.entry
        index, keys = proof.index, len(found.receipt.keys)
    else:
        assert found.proof is not None  # noqa: S101
        signed, index, entry, row, keys = (
            found.proof.checkpoint,
            found.proof.index,
            found.proof.extra,
            None,
            0,
        )
    checkpoint = parse_signed(signed)
    return ReceiptView(
        form=found.form,
        index=index,
        origin=checkpoint.origin,
        size=checkpoint.size,
        root=checkpoint.root.hex(),
        signed_by=tuple(line.name for line in note.parse(signed).signatures),
        record=view(index, entry).to_json() if entry else None,
        row={"row": row.row, "content": row.content} if row else None,
        keys=keys,
    )
