"""Cheat in every way that one operator can alone, on copies, and see who notices.

Each cheat works on a copy of the ledger's folder under the same state folder: the witness that
refuses the copy is the one that watches the ledger. This module refuses to call anything caught
that was not refused with the code that it should be.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final

from counterfoil.errors import CounterfoilError
from counterfoil.formats import policy as policies
from counterfoil.ledger import Layout, open_ledger
from counterfoil.ledger.audit import audit
from counterfoil.ops.demo.forgery import Forgery, second_witness, strangers_page
from counterfoil.ops.demo.onchain import ChainCheats
from counterfoil.ops.demo.place import DemoPlace
from counterfoil.ops.demo.steps import Told, broken
from counterfoil.ops.files import shown, write_file
from counterfoil.ops.verification import verify_bytes
from counterfoil.proofs import equivocation

__all__ = ["Cheats"]

_WITNESS: Final = "the ledger's witness"


class Cheats:
    """The cheats, in one demonstration's folder.

    `scratch/before` holds a copy of the ledger's folder from before its last records. on_chain:
    the ledger is anchored on its own chain.
    """

    def __init__(self, place: DemoPlace, *, on_chain: bool) -> None:
        self._place, self._on_chain = place, on_chain
        self._before = place.scratch / "before"
        self._policy = policies.parse(place.policy.read_bytes())
        self._forged: Forgery | None = None

    def all(self) -> Iterator[Callable[[], Told]]:
        """List them; each raises Unavailable with code demo.broken when nobody noticed."""
        yield self.change_a_byte
        yield self.cut_records
        yield self.put_files_back
        yield self.put_folder_back
        yield self.rewrite
        yield self.show_two_histories
        if self._on_chain:
            yield self.anchor_as_stranger
            yield self.anchor_another_history
            yield self.register_as_stranger
        yield self.change_a_receipt
        yield self.bring_own_keys

    def change_a_byte(self) -> Told:
        """Change one bit of an entry on disk."""
        copy = self._copy(self._place.ledger)
        tile = copy / "tile" / "entries" / "000"
        data = tile.read_bytes()
        at = len(data) // 2
        _overwrite(tile, data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        found = audit(copy)
        if not found.damaged:
            raise broken("an audit to find a changed byte")
        finding = found.findings[0]
        words = f"expected {finding.expected}, found {finding.found}"
        return _caught("one bit of an entry changed on disk", "the audit", finding.code, words)

    def cut_records(self) -> Told:
        """Cut the last records from the database, with a proper older checkpoint."""
        copy = self._copy(self._place.ledger)
        self._put_back(copy, "ledger.db", "checkpoint")
        return self._refused(
            "the last records cut", _WITNESS, {"witness.rolled-back"}, partial(open_ledger, copy)
        )

    def put_files_back(self) -> Told:
        """Put an older database and older tiles in place."""
        copy = self._copy(self._place.ledger)
        shutil.rmtree(copy / "tile")
        self._put_back(copy, "ledger.db", "checkpoint", "tile")
        return self._refused(
            "database and tiles put back from a copy",
            _WITNESS,
            {"witness.rolled-back"},
            partial(open_ledger, copy, read_only=True),
        )

    def put_folder_back(self) -> Told:
        """Put the whole folder back as it was, with keys, and with its chain."""
        copy = self._copy(self._before)
        return self._refused(
            f"the whole folder put back, with its keys{' and its chain' * self._on_chain}",
            _WITNESS,
            {"witness.rolled-back"},
            partial(open_ledger, copy),
        )

    def rewrite(self) -> Told:
        """Change one record, and make all hashes and signatures after it anew."""
        forged = self._forge()
        return self._refused(
            f"{forged.what}, all hashes made anew and signed with the log's own key",
            _WITNESS,
            {"witness.forked"},
            partial(open_ledger, forged.folder),
        )

    def show_two_histories(self) -> Told:
        """Show the rewritten history to another organisation's witness, which saw the other."""
        forged, place = self._forge(), self._place
        name, code, words = second_witness(place.ledger, forged, place.scratch / "second.db")
        data = forged.evidence(place.ledger)
        write_file(place.evidence, data)
        proven = equivocation.verify(data)
        tried = "that history shown to a second witness, which saw the first"
        told = _caught(tried, name, code, words)
        told[2]["evidence"] = shown(place.evidence)
        told[2]["proves"] = (
            f"the log's key signed two histories: they differ at entry {proven.index:,}"
            if proven.index is not None
            else "the log's key signed two histories"
        )
        return told

    def anchor_as_stranger(self) -> Told:
        """Anchor a true extension of the log from another account."""
        return self._refused(
            "a stranger anchors a true extension of this log on the chain",
            "the anchor contract",
            {"chain.reverted"},
            self._chain_cheats().stranger_anchors,
        )

    def anchor_another_history(self) -> Told:
        """Anchor the rewritten history over the true one, with the real anchor key."""
        return self._refused(
            "the operator anchors the rewritten history with the real anchor key",
            "the anchor contract, which checks the proof itself",
            {"chain.reverted"},
            self._chain_cheats().operator_forks,
        )

    def register_as_stranger(self) -> Told:
        """Register this log's origin and keys as one's own, and claim an anchor there."""
        return self._refused(
            "a stranger registers this log as its own, and claims an anchor there",
            "whoever verifies it with the log's anchors.json",
            {"anchor.other-owner"},
            self._chain_cheats().stranger_registers,
        )

    def change_a_receipt(self) -> Told:
        """Change one letter of a receipt."""
        whole = self._place.receipt.read_bytes()
        at = whole.index(b'"entry":"') + 200
        other = b"A" if whole[at : at + 1] != b"A" else b"B"
        changed = whole[:at] + other + whole[at + 1 :]
        return self._refused(
            "one letter of a receipt changed",
            "whoever verifies it",
            {"proof.root-mismatch"},
            partial(verify_bytes, changed, self._policy),
        )

    def bring_own_keys(self) -> Told:
        """Send a receipt's page that is all right under keys that it brings itself."""
        page = strangers_page(self._forge(), self._place.scratch / "stranger")
        return self._refused(
            "a receipt's page that brings its own key, under the log's name",
            "whoever verifies it by a policy of their own",
            {"trust.no-known-signature"},
            partial(verify_bytes, page, self._policy),
        )

    def _forge(self) -> Forgery:
        if self._forged is None:
            copy = self._place.scratch / "forged"
            shutil.copytree(self._before, copy)
            self._forged = Forgery(copy, self._place.ledger)
        return self._forged

    def _chain_cheats(self) -> ChainCheats:
        forged, before = self._forge().folder, self._copy(self._before)
        return ChainCheats(self._place, before, forged)

    def _copy(self, folder: Path) -> Path:
        copy = self._place.scratch / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(folder, copy)
        return copy

    def _put_back(self, copy: Path, *names: str) -> None:
        for beside in copy.glob(f"{Layout(copy).database.name}-*"):
            beside.unlink()
        for name in names:
            old = self._before / name
            if old.is_dir():
                shutil.copytree(old, copy / name)
            else:
                shutil.copyfile(old, copy / name)

    def _refused(self, tried: str, by: str, codes: set[str], attempt: Callable[[], object]) -> Told:
        try:
            attempt()
        except CounterfoilError as err:
            if err.code in codes:
                return _caught(tried, by, err.code, err.message)
            raise broken(f"{tried}: refused as {sorted(codes)}, not as {err.code}") from err
        raise broken(f"{tried}: refused")


def _caught(tried: str, by: str, code: str, words: str) -> Told:
    facts: dict[str, Any] = {"tried": tried, "caught_by": by, "code": code, "words": words}
    return "cheat", f"Tried: {tried}. Caught by {by}: {words}.", facts


def _overwrite(path: Path, data: bytes) -> None:
    path.chmod(0o644)
    path.write_bytes(data)
