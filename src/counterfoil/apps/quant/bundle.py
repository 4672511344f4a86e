"""A track record as one file, verified without the ledger and without trust in its owner.

It holds a receipt of every commitment, reveal and count, and of every commitment the receipt that
shows its time. What the reader brings is the policy, and the prices. Every receipt has to stand
under a checkpoint for which the reader's quorum vouches. This module refuses a file from which
something is left out, and one whose receipts are of two logs or two histories.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Final

import msgspec

from counterfoil.apps.quant.book import Cosign, Said, cut, said_by
from counterfoil.apps.quant.bound import Anchored, Bound, bound_of, earliest
from counterfoil.apps.quant.keeping import proof_of
from counterfoil.apps.quant.records import (
    BUNDLE_TYPE,
    COMMITMENT,
    CUT,
    REVEAL,
    Commitment,
    Cut,
    Reveal,
)
from counterfoil.apps.quant.track import Track, follow
from counterfoil.errors import InputError, VerificationError
from counterfoil.formats import receipt as receipts
from counterfoil.formats.policy import Policy
from counterfoil.formats.receipt import Receipt
from counterfoil.ledger import Ledger
from counterfoil.proofs.verify import Verified, verify_receipt

__all__ = [
    "BUNDLE_MAX_BYTES",
    "AskChains",
    "Proven",
    "make_bundle",
    "track_of",
    "verify_bundle",
]

BUNDLE_MAX_BYTES: Final = 256 << 20
"""Largest bundle that is read, bytes."""

AskChains = Callable[[Receipt], Sequence[Anchored]]
"""Asks the chains that the reader chose about the anchors of a receipt."""

_KINDS: Final = {COMMITMENT.uri: Commitment, REVEAL.uri: Reveal, CUT.uri: Cut}


class _Bundle(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag=BUNDLE_TYPE
):
    """The file. statements: of each, once. times: earlier receipts of commitments."""

    statements: Annotated[tuple[Receipt, ...], msgspec.Meta(min_length=1, max_length=100_000)]
    times: Annotated[tuple[Receipt, ...], msgspec.Meta(max_length=100_000)] = ()


@dataclass(frozen=True, slots=True)
class Proven:
    """A track record that was verified. issuer: whose. origin: of the log. size: as of which."""

    track: Track
    issuer: str
    origin: str
    size: int


def track_of(ledger: Ledger, policy: Policy, now_ms: int, ask: AskChains | None = None) -> Track:
    """Put the forecasts of a ledger's organisation together.

    policy: whom to believe about times. ask: asks chains. Raises as `follow`.
    """
    statements = list(said_by(ledger))
    bounds: dict[str, Bound | None] = {}
    for one in statements:
        if isinstance(one.said, Commitment):
            found = [proof_of(ledger, one.said.digest, kind) for kind in ("receipt", "anchored")]
            known = [receipt for receipt in found if receipt is not None]
            bounds[one.leaf] = _time_of(one, known, policy, ask)
    return follow(statements, bounds, now_ms)


def make_bundle(ledger: Ledger, *, cosign: Cosign | None = None) -> bytes:
    """Write the track record of a ledger's organisation as one file, after counting it.

    cosign: gets further cosignatures.

    Raises InputError with code quant.nothing where nothing was committed, and as `cut`.
    """
    if not any(isinstance(one.said, Commitment) for one in said_by(ledger)):
        raise InputError(
            "quant.nothing",
            "expected a forecast that was committed, found none",
            hint="`counterfoil quant commit` commits one.",
        )
    cut(ledger)
    ledger.publish()
    places = sorted(said_by(ledger), key=lambda one: one.index)
    made = [ledger.receipt(one.index) for one in places]
    if cosign is not None:
        notes = {one.checkpoint: one for one in made}
        signed = {note: cosign(one).checkpoint for note, one in notes.items()}
        made = [msgspec.structs.replace(one, checkpoint=signed[one.checkpoint]) for one in made]
    times = [
        receipt
        for one in places
        if isinstance(one.said, Commitment)
        for kind in ("receipt", "anchored")
        if (receipt := proof_of(ledger, one.said.digest, kind)) is not None
    ]
    return msgspec.json.encode(_Bundle(tuple(made), tuple(times)))


def verify_bundle(data: bytes, policy: Policy, now_s: int, ask: AskChains | None = None) -> Proven:
    """Verify a track record from its bytes and the reader's policy.

    now_s: POSIX seconds; what is due is due by then. ask: asks chains about times. Raises
    VerificationError with code quant.bundle, quant.two-logs or quant.issuer, as `verify_receipt`,
    and as `follow`, which wants a count at the end.
    """
    try:
        bundle = msgspec.json.decode(data, type=_Bundle)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as err:
        raise VerificationError(
            "quant.bundle",
            f"expected a track record, but: {err}",
            hint="`counterfoil quant bundle` writes one.",
        ) from err
    statements = []
    issuer, origin, size = "", "", 0
    for receipt in bundle.statements:
        verified = _verified(receipt, policy, now_s)
        statements.append(_said(verified))
        whose, tree = verified.signer.organisation, verified.trusted.checkpoint
        if issuer not in ("", whose):
            raise VerificationError(
                "quant.issuer", f"expected forecasts of {issuer}, found one of {whose}"
            )
        if origin not in ("", tree.origin):
            raise _two_logs(f"statements of {origin}", f"one of {tree.origin}")
        issuer, origin, size = whose, tree.origin, max(size, tree.size)
    if len({one.index for one in statements}) != len(statements):
        raise _two_logs("each entry once", "one twice")
    bounds = _bounds(bundle.times, statements, policy, now_s, ask)
    return Proven(follow(statements, bounds, now_s * 1000, whole=True), issuer, origin, size)


def _bounds(
    times: Iterable[Receipt],
    statements: Sequence[Said],
    policy: Policy,
    now_s: int,
    ask: AskChains | None,
) -> dict[str, Bound | None]:
    """Find by when each commitment was there, from receipts of the very same entries."""
    known = {one.leaf: one for one in statements if isinstance(one.said, Commitment)}
    early: dict[str, list[Receipt]] = {leaf: [] for leaf in known}
    for receipt in times:
        verified = _verified(receipt, policy, now_s)
        place = known.get(verified.leaf.hex())
        if place is None or place.index != verified.index:
            raise _two_logs("the time of a forecast that is there", "that of another")
        early[place.leaf].append(receipt)
    return {leaf: _time_of(known[leaf], found, policy, ask) for leaf, found in early.items()}


def _time_of(
    place: Said, found: Sequence[Receipt], policy: Policy, ask: AskChains | None
) -> Bound | None:
    """Tell by when an entry was there; a receipt that does not prove this very entry is none."""
    bounds = []
    for receipt in found:
        with contextlib.suppress(VerificationError, InputError):
            verified = verify_receipt(receipt, policy)
            if (verified.index, verified.leaf.hex()) != (place.index, place.leaf):
                continue
            bound = bound_of(policy, receipt.checkpoint.encode())
            if ask is not None and receipt.anchors:
                bound = earliest(bound, ask(receipt))
            if bound is not None:
                bounds.append(bound)
    return min(bounds, key=lambda one: one.time_ms, default=None)


def _verified(receipt: Receipt, policy: Policy, now_s: int) -> Verified:
    """Verify a receipt as if it came alone: what is checked of its text is checked, too."""
    try:
        return verify_receipt(receipts.format(receipt), policy, now_s=now_s)
    except InputError as err:
        raise VerificationError(
            "quant.bundle",
            f"expected a receipt in a track record, but: {err.message}",
            hint="It was changed or cut: get it again.",
        ) from err


def _said(verified: Verified) -> Said:
    """Read a verified statement of the app."""
    statement = verified.statement
    kind = None if statement is None else _KINDS.get(statement.predicate_type)
    if statement is None or kind is None:
        raise VerificationError(
            "quant.bundle",
            f"expected a statement about forecasts at entry {verified.index}, found another",
        )
    try:
        said: Commitment | Reveal | Cut = msgspec.json.decode(statement.predicate, type=kind)
    except (msgspec.MsgspecError, ValueError, RecursionError) as err:
        raise VerificationError(
            "quant.bundle", f"expected a statement about forecasts, but: {err}"
        ) from err
    return Said(verified.index, verified.leaf.hex(), said)


def _two_logs(expected: str, found: str) -> VerificationError:
    return VerificationError(
        "quant.two-logs",
        f"expected {expected}, found {found}",
        hint="It was put together from two histories, or two logs.",
    )
