"""Tell Counterfoil's story once, on data of our own: record, prove, tamper, find.

Needs no key, network or question. The payments are simulated (`testing.payments`); everything
else is real, and left to look at with --keep. This module refuses to touch a folder that is not
empty.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

from counterfoil.errors import InputError, Unavailable, VerificationError
from counterfoil.formats import json_text
from counterfoil.formats import policy as policies
from counterfoil.ledger import Ledger, create_ledger, open_ledger
from counterfoil.ledger.audit import AuditReport, audit
from counterfoil.ops.files import shown
from counterfoil.ops.phases import told
from counterfoil.ops.receipt_files import format_receipt
from counterfoil.ops.verification import Verification, verify_bytes
from counterfoil.ports import Param, Progress, SystemClock, no_progress
from counterfoil.testing.payments import Payment, payments

__all__ = ["Step", "demo"]

_SEED: Final = 2026
_START_MS: Final = 1_767_225_600_000  # 2026-01-01
_DAYS: Final = 10
_SOURCE: Final = "simulated-payments"
_ROWS: Final = 1000


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the story, when it is done.

    name: ledger, record, receipt, page, damage, forgery or end. says: what happened, a sentence.
    facts: what it is made of. seconds: that it took.
    """

    name: str
    says: str
    facts: dict[str, Any]
    seconds: float


def demo(
    folder: Annotated[
        Path | None, Param("Folder to leave everything in; else a temporary one.", "DIR")
    ] = None,
    *,
    keep: Annotated[bool, Param("Keep the temporary folder to look at.")] = False,
    progress: Progress = no_progress,
) -> Iterator[Step]:
    """See it work: payments recorded, a receipt checked offline, a changed byte found.

    Raises InputError with code demo.folder, Unavailable with code demo.broken when something did
    not work as told.
    """
    place = Path(tempfile.mkdtemp(prefix="counterfoil-demo-")) if folder is None else folder
    if folder is not None and folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(
            "demo.folder",
            f"expected an empty or no folder at {shown(folder)}, found something there",
            hint="Name another folder, or none for a temporary one.",
        )
    return _story(place, progress, kept=keep or folder is not None)


def _story(place: Path, progress: Progress, *, kept: bool) -> Iterator[Step]:
    began = time.monotonic()
    try:
        place.mkdir(parents=True, exist_ok=True)
        story = _Story(place, progress)
        for tell in (
            story.make_ledger,
            story.record,
            story.take_receipt,
            story.write_page,
            story.damage_tile,
            story.forge_receipt,
        ):
            started = time.monotonic()
            name, says, facts = tell()
            yield Step(name, says, facts, round(time.monotonic() - started, 3))
        left = {"folder": shown(place)} if kept else {}
        says = f"Everything is in {shown(place)}." if kept else "Nothing is left behind."
        yield Step("end", says, left, round(time.monotonic() - began, 3))
    finally:
        if not kept:
            shutil.rmtree(place, ignore_errors=True)


_Told = tuple[str, str, dict[str, Any]]


class _Story:
    """The demonstration, step by step, in one folder."""

    def __init__(self, place: Path, progress: Progress) -> None:
        self._progress = progress
        self._ledger = place / "ledger"
        self._receipt = place / "receipt.json"
        self._page = place / "receipt.html"
        self._policy = place / "policy.txt"

    def make_ledger(self) -> _Told:
        """Make a ledger, and copy its policy out, as a reader would have it."""
        create_ledger(self._ledger, SystemClock(), name="demo", organisation="urn:example:shop")
        shutil.copyfile(self._ledger / "policy.txt", self._policy)
        says = "A ledger is made: a folder with a log, keys, and a policy for its readers."
        return "ledger", says, {"folder": shown(self._ledger), "policy": shown(self._policy)}

    def record(self) -> _Told:
        """Record some thousands of payments, durably."""
        sold = list(payments(_SEED, start_ms=_START_MS, days=_DAYS))
        began = time.monotonic()
        with open_ledger(self._ledger) as ledger:
            for first in range(0, len(sold), _ROWS):
                rows = [json_text.format(p.content()) for p in sold[first : first + _ROWS]]
                ledger.record_rows(rows, _SOURCE, first).result()
                self._progress(first + len(rows), len(sold), "payments recorded")
            self._dearest = _index_of_dearest(ledger, sold)
            size = ledger.size
        rate = round(len(sold) / (time.monotonic() - began))
        says = (
            f"{len(sold):,} simulated payments are recorded, each durable under a signed "
            f"checkpoint before it counted as recorded."
        )
        return "record", says, {"payments": len(sold), "entries": size, "payments_per_s": rate}

    def take_receipt(self) -> _Told:
        """Take a receipt, and verify it from bytes alone."""
        with open_ledger(self._ledger, read_only=True) as ledger:
            receipt = ledger.receipt(self._dearest)
            self._receipt.write_bytes(format_receipt(receipt, "json", ledger))
            self._page.write_bytes(format_receipt(receipt, "html", ledger))
        proven = self._verify(self._receipt.read_bytes())
        says = (
            f"The receipt of the largest one, entry {proven.index}, verifies offline, from the "
            f"file and the policy alone: {proven.grade}."
        )
        facts = {
            "file": shown(self._receipt),
            "bytes": self._receipt.stat().st_size,
            "index": proven.index,
            "size": proven.size,
            "grade": proven.grade,
            "content": proven.record["content"],
        }
        return "receipt", says, facts

    def write_page(self) -> _Told:
        """Read the page that checks itself back."""
        proven = self._verify(self._page.read_bytes())
        says = "The same receipt is also one HTML page that checks itself in a browser, offline."
        facts = {
            "file": shown(self._page),
            "bytes": self._page.stat().st_size,
            "index": proven.index,
        }
        return "page", says, facts

    def damage_tile(self) -> _Told:
        """Change one byte of the log on disk, see it found and named, and put it back."""
        tile = self._ledger / "tile" / "entries" / "000"
        whole = tile.read_bytes()
        at = len(whole) // 2
        _overwrite(tile, _flipped(whole, at))
        found = self._audit()
        _overwrite(tile, whole)
        if not found.damaged or self._audit().damaged:
            raise _broken("an audit to find a changed byte, and nothing once it is put back")
        finding = str(found.findings[0])
        says = (
            f"One bit of byte {at:,} in tile/entries/000 is changed, and the audit names it: "
            f"{finding}. Put back, the log is whole again."
        )
        return "damage", says, {"file": shown(tile), "byte": at, "finding": finding}

    def forge_receipt(self) -> _Told:
        """Change one letter of the receipt, and see it refused."""
        whole = self._receipt.read_bytes()
        at = whole.index(b'"entry":"') + 200
        other = b"A" if whole[at : at + 1] != b"A" else b"B"
        try:
            self._verify(whole[:at] + other + whole[at + 1 :])
        except VerificationError as err:
            says = f"One letter of the receipt is changed, and it is refused: {err.message}."
            return "forgery", says, {"byte": at, "code": err.code, "message": err.message}
        raise _broken("a changed receipt to be refused")

    def _verify(self, data: bytes) -> Verification:
        return verify_bytes(data, policies.parse(self._policy.read_bytes()))

    def _audit(self) -> AuditReport:
        return audit(self._ledger, progress=told(self._progress))


def _index_of_dearest(ledger: Ledger, sold: list[Payment]) -> int:
    """Ask for the place of the largest payment: rows that stand already answer with theirs."""
    number, dearest = max(enumerate(sold), key=lambda pair: pair[1].amount_minor)
    row = [json_text.format(dearest.content())]
    (index,) = ledger.record_rows(row, _SOURCE, number).result().indices
    return index


def _flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def _overwrite(path: Path, data: bytes) -> None:
    path.chmod(0o644)
    path.write_bytes(data)


def _broken(expected: str) -> Unavailable:
    return Unavailable(
        "demo.broken",
        f"expected {expected}, but it was not so",
        hint="This is a bug of Counterfoil: please report it.",
    )
