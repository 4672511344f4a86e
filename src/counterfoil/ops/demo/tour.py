"""The demonstration's story, step by step: record, decide, prove, cheat, and look.

Each step is done when it is told. This module refuses to tell what did not come true.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from counterfoil.errors import VerificationError
from counterfoil.formats import policy as policies
from counterfoil.ledger import Layout, Ledger, create_ledger, open_ledger
from counterfoil.ops.demo.cheats import Cheats
from counterfoil.ops.demo.onchain import (
    HOW_TO_GET_IT,
    AnchoredNow,
    anchor,
    check_on_chain,
    has_chain,
    use_chain,
)
from counterfoil.ops.demo.place import DemoPlace
from counterfoil.ops.demo.steps import Step, Told, broken, timed
from counterfoil.ops.demo.watch import Decided, Watch
from counterfoil.ops.files import shown, write_file
from counterfoil.ops.receipt_files import format_receipt
from counterfoil.ops.verification import Verification, verify_bytes
from counterfoil.ports import Progress, SystemClock

__all__ = ["FIRST_PAYMENTS", "Tour"]

FIRST_PAYMENTS: Final = 8_000
"""Payments of the first run, about three weeks of 200 customers."""

_MORE_PAYMENTS: Final = 400
_LAST_PAYMENTS: Final = 40  # after the copy that the cheats put back


class Tour:
    """The story in one folder."""

    def __init__(self, place: DemoPlace, progress: Progress) -> None:
        self._place, self._progress = place, progress
        self._anchored: AnchoredNow | None = None
        self._worst: list[Decided] = []

    def steps(self) -> Iterator[Step]:
        """Tell the story."""
        for tell in (
            self._make_ledger,
            self._watch,
            self._take_receipt,
            self._write_page,
            self._ask_chain,
        ):
            yield timed(tell)
        yield from self._hold_payments()
        cheats = Cheats(self._place, on_chain=self._anchored is not None)
        for cheat in cheats.all():
            yield timed(cheat)
        shutil.rmtree(self._place.scratch, ignore_errors=True)
        yield timed(_limits)

    def places(self) -> dict[str, str]:
        """Tell what lies where, for who wants to look."""
        place = self._place
        found = {
            "folder": place.folder,
            "ledger": place.ledger,
            "receipt": place.receipt,
            "page": place.page,
            "policy": place.policy,
            "evidence": place.evidence,
        }
        told = {name: shown(path) for name, path in found.items()}
        if self._anchored is not None:
            told["case"] = shown(place.case)
            told["anchors"] = shown(place.anchors)
            told["rpc"] = f"embedded:{shown(Layout(place.ledger).chain)}"
        return told

    def _make_ledger(self) -> Told:
        """Make the ledger, or go on with the one that stands; copy its policy out."""
        place = self._place
        begun = place.begun
        if not begun:
            create_ledger(place.ledger, SystemClock(), name="demo", organisation="urn:example:shop")
        if has_chain():
            use_chain(Layout(place.ledger))
        with open_ledger(place.ledger, read_only=True) as ledger:
            size, origin = ledger.size, ledger.origin
        shutil.copyfile(place.ledger / "policy.txt", place.policy)
        says = (
            f"Your ledger of an earlier run goes on: {size:,} entries."
            if begun
            else "A ledger is made: a folder with a log, its keys, and a policy for its readers. "
            "Its witness remembers it elsewhere."
        )
        facts = {"folder": shown(place.ledger), "origin": origin, "entries": size, "new": not begun}
        return "ledger", says, {**facts, "policy": shown(place.policy)}

    def _watch(self) -> Told:
        """Record payments and decide about them; keep a copy from shortly before the end."""
        place = self._place
        with open_ledger(place.ledger) as ledger:
            watch = Watch(ledger, place)
            count = max(FIRST_PAYMENTS - watch.payments, _MORE_PAYMENTS)
            self._take(watch, count, count + _LAST_PAYMENTS)
            watch.save()
            ledger.publish()
            self._anchor(ledger)
        _copy(place.ledger, place.scratch / "before")
        with open_ledger(place.ledger) as ledger:
            last = Watch(ledger, place)
            last.take(_LAST_PAYMENTS, lambda done: self._tell(count + done, count + _LAST_PAYMENTS))
            ledger.publish()
            self._anchor(ledger)
            size = ledger.size
        if not watch.worst:
            raise broken("decisions about the payments")
        self._worst = watch.worst
        self._decision = watch.worst[0].index
        held, found = watch.held + last.held, watch.found + last.found
        planted = watch.planted + last.planted
        says = (
            f"{count + _LAST_PAYMENTS:,} simulated payments are recorded, each durable before it "
            "counted. A model of what is normal for each account scored each before it learned "
            f"from it; {held:,} are held, {found:,} of them among the {planted:,} frauds that the "
            "simulation planted and tells nobody. Each decision is a record with its reasons."
        )
        facts = {
            "payments": last.payments,
            "new": count + _LAST_PAYMENTS,
            "held": held,
            "found": found,
        }
        return "watch", says, {**facts, "entries": size}

    def _hold_payments(self) -> Iterator[Step]:
        """Let a contract hold the strangest payments, and a person decide; try to get around it."""
        if self._anchored is None:
            return
        from counterfoil.ops.demo.held import HeldPayments

        with (
            open_ledger(self._place.ledger) as ledger,
            HeldPayments(ledger, self._place, self._worst) as held,
        ):
            self._progress(0, None, "waiting for contracts")
            yield timed(held.hold)
            yield timed(held.decide)
            for cheat in held.cheats():
                yield timed(cheat)

    def _anchor(self, ledger: Ledger) -> None:
        if has_chain():
            self._progress(0, None, "waiting for a block")
            self._anchored = anchor(ledger)
            shutil.copyfile(Layout(self._place.ledger).anchors, self._place.anchors)

    def _take(self, watch: Watch, count: int, total: int) -> None:
        watch.take(count, lambda done: self._tell(done, total))

    def _tell(self, done: int, total: int) -> None:
        self._progress(done, total, "payments decided")

    def _take_receipt(self) -> Told:
        """Take a receipt of the decision about the strangest payment, and verify its bytes."""
        place = self._place
        with open_ledger(place.ledger, read_only=True) as ledger:
            receipt = ledger.receipt(self._decision)
            write_file(place.receipt, format_receipt(receipt, "json", ledger))
            write_file(place.page, format_receipt(receipt, "html", ledger))
        proven = self._verify(place.receipt)
        content = proven.record["content"]
        says = (
            f"The receipt of the decision about the strangest payment, entry {proven.index:,}, "
            f"verifies offline, from the file and the policy alone: {proven.grade}."
        )
        facts = {
            "file": shown(place.receipt),
            "bytes": place.receipt.stat().st_size,
            "index": proven.index,
            "size": proven.size,
            "grade": proven.grade,
            "content": content,
        }
        return "receipt", says, facts

    def _write_page(self) -> Told:
        """Read the page that checks itself back."""
        page = self._place.page
        proven = self._verify(page)
        says = "The same receipt is also one HTML page that checks itself in a browser, offline."
        facts: dict[str, Any] = {"file": shown(page), "bytes": page.stat().st_size}
        return "page", says, {**facts, "index": proven.index}

    def _ask_chain(self) -> Told:
        """Ask the chain what it holds, and let the contract check the receipt's own proof."""
        if self._anchored is None:
            says = (
                "No chain: what an embedded EVM needs is not installed, so anchors are left out "
                f"here. To have them: {HOW_TO_GET_IT}"
            )
            return "chain", says, {"left_out": True}
        checked, proven = check_on_chain(self._place, self._place.receipt)
        if not proven:
            raise broken("the anchor contract to accept the receipt's proof")
        says = (
            "The ledger's checkpoints are anchored on its own embedded EVM chain. Asked, the "
            f"chain confirms the receipt's claim ({checked.words}), and the contract itself "
            "accepts the proof of the decision."
        )
        facts = {
            "chain_id": checked.chain_id,
            "contract": checked.contract,
            "transaction": checked.transaction,
            "block": checked.block,
        }
        return "chain", says, facts

    def _verify(self, file: Path) -> Verification:
        try:
            return verify_bytes(file.read_bytes(), policies.parse(self._place.policy.read_bytes()))
        except VerificationError as err:
            raise broken(f"a receipt that verifies ({err.message})") from err


def _copy(folder: Path, copy: Path) -> None:
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(folder, copy)


def _limits() -> Told:
    """Say what remains possible, and who would notice; the words of LIMITS.md, short."""
    says = (
        "What one operator with everything can still do: change the ledger, the witness's memory "
        "and the chain of this machine together. Who would notice: everybody who kept a receipt "
        "or a checkpoint, other organisations' witnesses and mirrors, and a chain that somebody "
        "else runs. And a log proves what was recorded, not that it was true or everything."
    )
    return "limits", says, {"read": "LIMITS.md"}
