"""Make what a cheat needs: a history written anew, a second witness, a stranger's receipt.

All of it is signed properly, by keys that the cheat really has. This module refuses to touch the
real ledger: it writes in copies.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import msgspec

from counterfoil.errors import CounterfoilError
from counterfoil.formats import evidence, json_text, note
from counterfoil.formats.note import Note
from counterfoil.formats.predicates.header import Header
from counterfoil.formats.receipt import Receipt
from counterfoil.formats.receipt_html import format_html
from counterfoil.formats.vkey import KeyType
from counterfoil.formats.witness_request import AddCheckpoint
from counterfoil.ledger import Layout, open_ledger
from counterfoil.ledger.policy_file import own_keys
from counterfoil.log import LogReader, parse_signed
from counterfoil.ops.demo.steps import broken
from counterfoil.ops.demo.watch import DECISIONS, PAYMENTS
from counterfoil.ports import Said, SystemClock
from counterfoil.proofs import equivocation
from counterfoil.proofs.merkle import NodeReader, consistency_path
from counterfoil.proofs.signing import NoteSigner
from counterfoil.storage import KeyFiles, TileFiles
from counterfoil.witness import Witness, WitnessMemory

__all__ = ["Forgery", "second_witness", "strangers_page"]

_SMALL_MINOR: Final = 100
_WRITTEN: Final = frozenset(Header.__struct_fields__)
_SECOND: Final = "witness.example/second"


class Forgery:
    """Another history of a ledger, made in `folder`, a copy from before the last records.

    honest: the ledger's folder. what: the one change. receipt: of the changed payment, in this
    history. The log's own key signed it all; the witness was not asked.
    """

    def __init__(self, folder: Path, honest: Path) -> None:
        self.folder = folder
        _set_witness(folder, on=False)
        self.what, self.receipt = self._rewrite(honest)
        _set_witness(folder, on=True)

    def evidence(self, honest: Path) -> bytes:
        """Prove that one key signed both histories, from the two folders' public files."""
        first, second = _published(honest), _published(self.folder)
        origin = parse_signed(first).origin
        key = own_keys(Layout(honest), origin).keys[0]
        bundle = equivocation.make(key, first, second, _nodes(honest), _nodes(self.folder))
        return evidence.format(bundle)

    def _rewrite(self, honest: Path) -> tuple[str, Receipt]:
        """Record what the honest ledger did since, but for one amount."""
        with open_ledger(honest, read_only=True) as real, open_ledger(self.folder) as forged:
            rows: dict[str, list[Any]] = {PAYMENTS: [], DECISIONS: []}
            first: dict[str, int] = {}
            for view in real.views(forged.size, real.size):
                if view.source in rows and view.number is not None:
                    first.setdefault(view.source, view.number)
                    rows[view.source].append(view.content)
            amounts = [content["amount_minor"] for content in rows[PAYMENTS]]
            changed = amounts.index(max(amounts))
            rows[PAYMENTS][changed]["amount_minor"] = _SMALL_MINOR
            texts = [json_text.format(content) for content in rows[PAYMENTS]]
            done = forged.record_rows(texts, PAYMENTS, first[PAYMENTS]).result()
            index = done.indices[changed]
            said = [Said("decision", _fields(content)) for content in rows[DECISIONS]]
            forged.record_statements(said, source=DECISIONS, first=first[DECISIONS]).result()
            while forged.size <= real.size:  # else the witness would only miss the rest
                forged.record({"nothing": "of note"})
            forged.publish()
            receipt = forged.receipt(index)
        what = f"one payment of {amounts[changed] / 100:.2f} made {_SMALL_MINOR / 100:.2f}"
        return what, receipt


def _fields(predicate: dict[str, Any]) -> dict[str, Any]:
    """Take a predicate's own fields, without what the recorder writes."""
    return {name: value for name, value in predicate.items() if name not in _WRITTEN}


def second_witness(honest: Path, forged: Forgery, memory: Path) -> tuple[str, str, str]:
    """Show both histories to another organisation's witness; gives its name, code and words."""
    first, second = _published(honest), _published(forged.folder)
    origin, size = parse_signed(first).origin, parse_signed(first).size
    keys = own_keys(Layout(honest), origin).keys
    signing = KeyFiles(memory.parent / "second-keys").create(
        "witness", _SECOND, KeyType.COSIGNATURE_ED25519
    )
    remembers = WitnessMemory(memory, create=True)
    try:
        witness = Witness(
            remembers,
            [NoteSigner(signing)],
            lambda asked: keys if asked == origin else None,
            SystemClock(),
        )
        witness.add_checkpoint(AddCheckpoint(0, (), first))
        path = consistency_path(size, parse_signed(second).size, _nodes(forged.folder))
        try:
            witness.add_checkpoint(AddCheckpoint(size, tuple(path), second))
        except CounterfoilError as err:
            return _SECOND, err.code, err.message
    finally:
        remembers.close()
    raise broken("a second witness to refuse another history")


def strangers_page(forged: Forgery, folder: Path) -> bytes:
    """Make a receipt's page that says what never was, all right under a key that it brings.

    The stranger's key bears the log's name. folder: where that key is made.
    """
    opened = note.parse(forged.receipt.checkpoint.encode())
    origin = parse_signed(forged.receipt.checkpoint.encode()).origin
    signer = NoteSigner(KeyFiles(folder).create("log", origin, KeyType.ED25519))
    signed = note.format(Note(opened.text, (signer.sign(opened.text),)))
    receipt = msgspec.structs.replace(forged.receipt, checkpoint=signed.decode())
    return format_html(receipt, signer.public)


def _set_witness(folder: Path, *, on: bool) -> None:
    config = Layout(folder).config
    words = {True: "witness = true", False: "witness = false"}
    config.write_text(config.read_text().replace(words[not on], words[on]))


def _published(folder: Path) -> bytes:
    found = TileFiles(folder).published()
    if found is None:
        raise broken("a published checkpoint")
    return found


def _nodes(folder: Path) -> NodeReader:
    return LogReader(TileFiles(folder)).nodes(parse_signed(_published(folder)).size)
