"""Another organisation's witness that is met in person: no network, and a clock that is set.

It is a real witness with a memory; what it cosigns is added to a receipt. This module refuses to
show it anything but what the ledger has published.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec

from counterfoil.formats import note as notes
from counterfoil.formats.note import Note
from counterfoil.formats.policy import Group, Policy
from counterfoil.formats.receipt import Receipt
from counterfoil.formats.vkey import KeyType
from counterfoil.formats.witness_request import AddCheckpoint
from counterfoil.ledger import Layout
from counterfoil.ledger.policy_file import read_policy
from counterfoil.ledger.policy_history import change_policy
from counterfoil.log import LogReader, parse_signed
from counterfoil.proofs.merkle import consistency_path
from counterfoil.proofs.signing import NoteSigner
from counterfoil.storage import KeyFiles, TileFiles
from counterfoil.testing.clock import ManualClock
from counterfoil.witness import Witness, WitnessMemory
from counterfoil.witness.quorum import with_witness

__all__ = ["MetWitness"]


class MetWitness:
    """A witness of one ledger, met in person.

    ledger: its folder. state: of the witness's key and memory, which must not be there yet. clock:
    the witness's, which whoever plays may set. name: in the reader's policy.
    """

    def __init__(self, ledger: Path, state: Path, name: str = "w1") -> None:
        state.mkdir()
        self._folder, self.name, self.clock = ledger, name, ManualClock()
        self._memory = WitnessMemory(state / "witness.db", create=True)
        signer = NoteSigner(
            KeyFiles(state).create(
                "witness", f"witness.example/{name}", KeyType.COSIGNATURE_ED25519
            )
        )
        self.key = signer.public
        keys = [log.key for log in read_policy(Layout(ledger)).logs]
        self._witness = Witness(self._memory, [signer], lambda _: keys, self.clock)
        self._size = 0

    def join(self) -> Policy:
        """Put it into the ledger's policy, and give that of a reader who asks for it.

        The ledger's own policy does with any witness of its, so that receipts can be taken before
        this one was met; the reader's asks for more than half of those that are not the ledger's.
        """
        layout = Layout(self._folder)
        shown, before = LogReader(TileFiles(self._folder)).published()[0].size, read_policy(layout)
        reader = with_witness(before, self.name, self.key)
        either = Group("any", 1, tuple(one.name for one in reader.witnesses))
        change_policy(layout, shown + 1, replace(reader, groups=(either,), quorum="any"))
        return reader

    def cosign(self, receipt: Receipt) -> Receipt:
        """Show it the receipt's checkpoint, and add what it signs; raises as `add_checkpoint`."""
        note = receipt.checkpoint.encode()
        size = parse_signed(note).size
        reader = LogReader(TileFiles(self._folder))
        nodes = reader.nodes(reader.published()[0].size)
        grown = 0 < self._size < size
        proof = tuple(consistency_path(self._size, size, nodes)) if grown else ()
        lines = self._witness.add_checkpoint(AddCheckpoint(self._size, proof, note))
        self._size = size
        opened = notes.parse(note)
        signed = notes.format(Note(opened.text, (*opened.signatures, *lines)))
        return msgspec.structs.replace(receipt, checkpoint=signed.decode())

    def close(self) -> None:
        """Let go of its memory."""
        self._memory.close()
