"""The pages of checkpoints: the log's blocks, who vouches for each, and that it only grew."""

from __future__ import annotations

from contextlib import closing, suppress
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import msgspec

from counterfoil.errors import CounterfoilError, NotFound, VerificationError
from counterfoil.formats import note as notes
from counterfoil.formats.policy import Policy
from counterfoil.formats.vkey import VerifierKey
from counterfoil.http.pages.addresses import changed
from counterfoil.http.pages.kept import worked_out
from counterfoil.http.pages.page import Asked, Page
from counterfoil.http.site import Site
from counterfoil.ledger import Ledger
from counterfoil.ledger.anchored import read_anchored
from counterfoil.log import parse_signed
from counterfoil.ops import anchors, checkpoints
from counterfoil.proofs.merkle import verify_consistency
from counterfoil.proofs.trust import OWN_WITNESS, VerifiedSignature, evaluate, open_note
from counterfoil.proofs.verify import grade

__all__ = ["PAGES", "KnownCheckpoint", "known_checkpoints", "signature_lines"]

_LIMIT: Final = 50
_PAID_EVERY_S: Final = 3600.0
_ASKED_S: Final = 2.0
_PATH: Final = "/checkpoints"


@dataclass(frozen=True, slots=True)
class KnownCheckpoint:
    """A checkpoint that is kept, or that stands in a chain. at_ms: when it was signed, if known."""

    size: int
    note: bytes
    at_ms: int | None = None
    published: bool = False


def known_checkpoints(ledger: Ledger) -> list[KnownCheckpoint]:
    """List the checkpoints that are at hand, smallest first."""
    try:
        published = parse_signed(ledger.published()).size
    except NotFound:
        published = -1
    found = {one.size: KnownCheckpoint(one.size, one.note) for one in read_anchored(ledger.layout)}
    for kept in ledger.checkpoints():
        found[kept.size] = KnownCheckpoint(kept.size, kept.note, kept.at_ms, kept.size == published)
    return [found[size] for size in sorted(found)]


def _list(site: Site, asked: Asked) -> dict[str, Any]:
    known = known_checkpoints(site.ledger)
    anchored = _anchors(site.ledger)
    grown = {one.size: one.size - before.size for before, one in pairwise(known)}
    after = asked.integer("after", (1 << 53))
    older = [one for one in reversed(known) if one.size < after]
    shown = older[:_LIMIT]
    more = len(older) > _LIMIT
    return {
        "checkpoints": [
            {
                "size": one.size,
                "grew_by": grown.get(one.size, one.size),
                "at_ms": one.at_ms,
                "root": parse_signed(one.note).root.hex(),
                "signed_by": [line.name for line in notes.parse(one.note).signatures],
                "published": one.published,
                "chains": [found["chain_id"] for found in anchored.get(one.size, [])],
            }
            for one in shown
        ],
        "kept": len(known),
        "size": site.ledger.size,
        "chains": [msgspec.to_builtins(one) for one in _standing(site.ledger)],
        "_older": changed(_PATH, asked.query, after=shown[-1].size) if more else "",
        "_newer": changed(_PATH, asked.query) if "after" in asked.query else "",
        "_live": "after" not in asked.query,
    }


def _anchors(ledger: Ledger) -> dict[int, list[dict[str, Any]]]:
    found: dict[int, list[dict[str, Any]]] = {}
    for one in anchors.listing(ledger=ledger.layout.folder):
        found.setdefault(one.size, []).append(msgspec.to_builtins(one))
    return found


def _standing(ledger: Ledger) -> list[anchors.ChainStatus]:
    try:
        return list(anchors.status(ledger=ledger.layout.folder))
    except NotFound:  # nothing is published yet
        return []


def _one(site: Site, asked: Asked) -> dict[str, Any]:
    ledger, size = site.ledger, int(asked.path["size"])
    kept = known_checkpoints(ledger)
    this = next((one for one in kept if one.size == size), None)
    if this is None:
        near = min(kept, key=lambda one: abs(one.size - size), default=None)
        hint = "" if near is None else f"The nearest that is kept has size {near.size}."
        raise NotFound(
            "checkpoint.size",
            f"expected the size of a kept checkpoint, found {size}",
            hint=hint or "None is kept yet: record something first.",
        )
    checkpoint = parse_signed(this.note)
    sizes = [one.size for one in kept]
    at = sizes.index(size)
    return {
        "title": f"Checkpoint {size}",
        "origin": checkpoint.origin,
        "size": size,
        "root": checkpoint.root.hex(),
        "at_ms": this.at_ms,
        "note": this.note.decode(errors="replace"),
        "trust": _trust(ledger, this.note),
        "signatures": signature_lines(ledger.policy, this.note),
        "anchors": [one | _paid(ledger, one) for one in _anchors(ledger).get(size, [])],
        "covered_by": _covering(ledger, size),
        "smaller": sizes[at - 1] if at else None,
        "larger": sizes[at + 1] if at + 1 < len(sizes) else None,
        "consistency": _consistency(ledger, size, asked, sizes, at),
        "sizes": sizes[-200:],
    }


def _trust(ledger: Ledger, note: bytes) -> dict[str, Any]:
    """Say what a reader with this ledger's own policy makes of it."""
    try:
        trusted = evaluate(ledger.policy, note)
    except CounterfoilError as err:
        return {"state": "bad", "words": err.message, "quorum": None}
    return {"state": "ok", "words": grade(trusted), "quorum": trusted.quorum}


def signature_lines(policy: Policy, note: bytes) -> list[dict[str, Any]]:
    """List the signatures on a note: whose each is, and whether it holds.

    known: the policy has its key, by name and id. counts: it has, and the signature holds. Raises
    InputError as `note.parse`.
    """
    logs = {(one.key.name, one.key.key_id): one.key for one in policy.logs}
    witnesses = {(one.key.name, one.key.key_id): one for one in policy.witnesses}
    opened = notes.parse(note)
    found = []
    for line in opened.signatures:
        at = line.name, line.key_id
        log, witness = logs.get(at), witnesses.get(at)
        who = "log" if log else "witness" if witness else "stranger"
        if witness is not None and witness.name == OWN_WITNESS:
            who = "own witness"
        key = witness.key if witness is not None else log
        held = None if key is None else _held(notes.Note(opened.text, (line,)), key)
        found.append(
            {
                "name": line.name,
                "who": who,
                "time_s": None if held is None else held.time_s,
                "known": key is not None,
                "counts": held is not None,
            }
        )
    return found


def _held(alone: notes.Note, key: VerifierKey) -> VerifiedSignature | None:
    """Verify the one signature on a note; None where it does not hold."""
    try:
        return open_note(alone, [key])[0]
    except VerificationError:
        return None


def _covering(ledger: Ledger, size: int) -> dict[str, Any] | None:
    """Find the smallest anchor that is of this size or above: it vouches for this one, too."""
    larger = sorted(found for found in _anchors(ledger) if found >= size)
    return _anchors(ledger)[larger[0]][0] if larger else None


def _paid(ledger: Ledger, anchor: dict[str, Any]) -> dict[str, Any]:
    """Ask its chain what an anchor's transaction cost; nothing where that is not told in time."""
    places = {one.chain_id: one.chain for one in _standing(ledger)}
    place = places.get(anchor["chain_id"])

    def ask() -> tuple[int, int] | None:
        with closing(ledger.open_chain(place)) as chain:
            found = chain.tx_receipt(bytes.fromhex(anchor["transaction"][2:]))
        return None if found is None else (found.gas_used, found.gas_price)

    told = None
    if place is not None:
        with suppress(CounterfoilError):
            name = f"paid {anchor['transaction']}"
            told = worked_out(ledger, name, _PAID_EVERY_S, ask, wait_s=_ASKED_S)
    gas, price = told or (None, None)
    fee = None if gas is None or price is None else str(gas * price)  # beyond JSON's safe numbers
    return {"gas": gas, "gas_price_wei": price, "fee_wei": fee}


def _consistency(
    ledger: Ledger, size: int, asked: Asked, sizes: list[int], at: int
) -> dict[str, Any] | None:
    """Prove growth between this size and another, and check the proof."""
    near = sizes[at - 1] if at else sizes[at + 1] if at + 1 < len(sizes) else None
    if near is None and "to" not in asked.query:
        return None
    other = asked.integer("to", near or 0)
    old, new = min(size, other), max(size, other)
    try:
        found = checkpoints.consistency(old, new, ledger=ledger.layout.folder)
        verify_consistency(
            old,
            new,
            bytes.fromhex(found.old_root),
            bytes.fromhex(found.new_root),
            [bytes.fromhex(one) for one in found.path],
        )
    except CounterfoilError as err:
        return {"old": old, "new": new, "state": "bad", "why": err.message, "path": []}
    return {
        "old": old,
        "new": new,
        "old_root": found.old_root,
        "new_root": found.new_root,
        "path": list(found.path),
        "state": "ok",
        "why": "",
    }


PAGES: Final = (
    Page(_PATH, "Checkpoints", _list, "checkpoints.html", nav="checkpoints", rows="checkpoints"),
    Page("/checkpoints/{size:int}", "Checkpoint", _one, "checkpoint.html", nav="checkpoints"),
)
