"""Hold what a power cut left on two disks against what a ledger's users were promised.

Looks first without changing anything, then opens the ledger by the normal path and goes on.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import counterfoil
from counterfoil.errors import CounterfoilError
from counterfoil.ledger import Layout, Ledger
from counterfoil.ledger.audit import audit
from counterfoil.ledger.state import state_folder
from counterfoil.log import parse_signed
from counterfoil.proofs.trust import OWN_WITNESS
from counterfoil.storage import TileFiles
from counterfoil.witness import WitnessMemory
from tests.faults.power_anchors import BOOK_FILE, check_book
from tests.faults.power_child import content_of
from tests.rfc6962 import mth

__all__ = ["Promised", "check"]

_WITNESSED = "self-witnessed"


class Promised:
    """What a ledger's users were told: records, keys, published checkpoints, and anchors."""

    def __init__(self) -> None:
        self.made = False
        self.entries: dict[int, Mapping[str, Any]] = {}
        self.roots: dict[int, str] = {}
        self.anchors: list[Mapping[str, Any]] = []
        self.wrong: list[str] = []

    def hear(self, fact: Mapping[str, Any]) -> None:
        """Take up what a process told."""
        kind = fact["kind"]
        self.made |= kind == "open"
        if kind in ("ack", "block", "keys"):
            if self.entries.setdefault(fact["index"], fact) != fact:
                self.wrong.append(f"acknowledged twice at one place: {fact}")
        elif kind == "published":
            if self.roots.setdefault(fact["size"], fact["root"]) != fact["root"]:
                self.wrong.append(f"published two histories: {fact}")
            if fact["grade"] != _WITNESSED:
                self.wrong.append(f"published without the witness: {fact}")
        elif kind in ("wish", "sent", "final"):
            self.anchors.append(fact)
        elif kind == "bug":
            self.wrong.append(f"told: {fact['text']}")


def check(folder: Path, told: Promised, seed: int) -> dict[str, Any]:
    """Check a ledger's folder and the state folder after a cut.

    Gives what is wrong, in words; how many acknowledged entries are lost; the ledger's size.
    """
    choice = random.Random(seed)
    if not Layout(folder).exists():
        lost = len(told.entries)
        wrong = ["the ledger was made, and is lost"] if told.made else []
        return {"wrong": wrong, "lost": lost, "size": 0, "ahead": False}
    wrong, remembered = _check_memory(folder, told)
    wrong += check_book(folder.parent / BOOK_FILE, told.anchors)
    report = audit(folder, full=True)
    wrong += [f"audit: {finding}" for finding in report.findings]
    lost = sum(index >= report.size for index in told.entries)
    found = {"lost": lost, "size": report.size, "ahead": remembered > report.published_size}
    try:
        with counterfoil.open(folder) as ledger:
            wrong += _check_entries(ledger, told)
            wrong += _go_on(ledger, told, choice)
    except CounterfoilError as err:
        wrong.append(f"refused: {err.code}: {err.message}")
    return {"wrong": wrong, **found}


def _check_memory(folder: Path, told: Promised) -> tuple[list[str], int]:
    """Check that the witness remembers every state that it cosigned and that somebody saw."""
    signed = TileFiles(folder).published()
    if signed is None:
        return (["nothing is published"] if told.made else []), 0
    published = parse_signed(signed)
    with closing(WitnessMemory(state_folder() / "witness" / "witness.db")) as memory:
        last = memory.remembered(published.origin)
    size = last.checkpoint.size if last is not None else 0
    seen = max((published.size, *told.roots))
    if size >= seen:
        return [], size
    return [f"{OWN_WITNESS} cosigned {seen} entries, and remembers {size}"], size


def _check_entries(ledger: Ledger, told: Promised) -> list[str]:
    """Check that every acknowledged entry stands where it was said to stand, and only there."""
    wrong = []
    entries = list(ledger.entries())
    for size in sorted(told.roots)[-3:]:
        if mth(entries[:size]).hex() != told.roots[size]:
            wrong.append(f"published {size} entries, and is another history")
    places = {}
    for view in ledger.views():
        content = view.content
        if "run" in content:
            place = content["run"], content["number"]
            if place in places or content != content_of(*place):
                wrong.append(f"entry {view.index} is twice in the log, or damaged")
            places[place] = view.index
    for index, fact in told.entries.items():
        if fact["kind"] != "ack":
            if index >= len(entries):
                wrong.append(f"acknowledged, and lost: {fact}")
        elif places.get((fact["run"], fact["number"])) != index:
            wrong.append(f"acknowledged, and lost: {fact}")
    return wrong[:5]


def _go_on(ledger: Ledger, told: Promised, choice: random.Random) -> list[str]:
    """Record and publish one more, and prove it and some of what was acknowledged."""
    after = ledger.record({"after": "the cut"}).index
    wrong = []
    known = sorted(told.entries)
    for index in [after, *choice.sample(known, min(3, len(known)))]:
        row = 7 if index in told.entries and told.entries[index]["kind"] == "block" else None
        verified = ledger.verify(ledger.receipt(index, row))
        if verified.grade != _WITNESSED:
            wrong.append(f"entry {index} is {verified.grade}")
    return wrong
