"""Verify a receipt from its bytes and the reader's policy alone: no ledger, no network.

Whatever is wrong with the receipt, also that it cannot be read, is a failed verification; another
file of ours is a wrong use, and is told which command takes it. This module refuses to take trust
from anywhere but the policy.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

from counterfoil.errors import InputError, Unavailable, VerificationError
from counterfoil.formats import anchors as anchor_files
from counterfoil.formats import policy as policies
from counterfoil.formats import signed_statement
from counterfoil.formats.anchors import ANCHORS_MAX_BYTES, NamedAnchor
from counterfoil.formats.checkpoint import Checkpoint
from counterfoil.formats.entry import COSE_MARK
from counterfoil.formats.policy import Policy
from counterfoil.formats.receipt import RECEIPT_MAX_BYTES, Receipt
from counterfoil.formats.tlog_proof import TlogProof
from counterfoil.ledger.anchor_check import CheckedAnchor, check_claims_on, seen_anchors
from counterfoil.ledger.memory import seen_states
from counterfoil.ledger.seen import check_ledger, remember
from counterfoil.ledger.view import view
from counterfoil.ops.files import POLICY_MAX_BYTES, read_file, read_input
from counterfoil.ops.kinds import told_apart
from counterfoil.ops.place import open_for_reading
from counterfoil.ops.receipt_files import CoseReceipts, Form, parse_receipt
from counterfoil.ports import Channel, Param
from counterfoil.proofs.cose_receipt import verify_cose_receipt
from counterfoil.proofs.merkle import leaf_hash, verify_inclusion
from counterfoil.proofs.trust import Trusted, evaluate
from counterfoil.proofs.verify import grade, verify_receipt
from counterfoil.units import ENTRY_MAX_BYTES

__all__ = ["Signer", "Verification", "Witness", "verify", "verify_bytes"]


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signed the statement. organisation: URI. keyid: valid at the entry, as of the size.

    at_ms: when, by the signer's clock; None where it did not say.
    """

    organisation: str
    keyid: str
    at_ms: int | None


@dataclass(frozen=True, slots=True)
class Witness:
    """A witness of the policy that cosigned. time_s: POSIX seconds by its own clock."""

    name: str
    time_s: int


@dataclass(frozen=True, slots=True)
class Verification:
    """What was proven; that it exists says that everything held.

    grade: in words, who vouches. form: of the receipt. origin, size, root (hexadecimal): the
    checkpoint as of which it is proven. index, leaf: where the entry stands. signer: None for a
    tlog-proof and a COSE receipt, which do not prove who signed. witnesses, quorum: of the policy.
    record: the entry, decoded. content: the row, or the large content, that the receipt discloses
    beside the record. row: number of the row in its block. anchors: how many chains the receipt
    names. checked: those that were asked and confirmed it; the others stay claims. seen: the
    largest size of this log that was ever seen here; None where nothing is kept.
    """

    grade: str
    form: Form
    origin: str
    size: int
    root: str
    index: int
    leaf: str
    signer: Signer | None
    witnesses: tuple[Witness, ...]
    quorum: str
    record: dict[str, Any]
    content: str | None
    row: int | None
    anchors: int
    seen: int | None = None
    checked: tuple[CheckedAnchor, ...] = ()


def verify(
    file: Annotated[
        Path, Param("A receipt in any form, or - for standard input.", "FILE", holds="file")
    ],
    *,
    policy: Annotated[
        Path,
        Param(
            "Whom you trust: a C2SP tlog-policy that you did not get here.", "FILE", holds="file"
        ),
    ],
    entry: Annotated[
        Path | None,
        Param("The entry, for a proof that does not hold it.", "FILE", holds="file"),
    ] = None,
    ledger: Annotated[
        Path | None,
        Param("Hold the ledger in this folder to the receipt, too.", "DIR", holds="also-ledger"),
    ] = None,
    rpc: Annotated[
        tuple[str, ...],
        Param(
            "Ask this chain whether it is anchored there: a node, or embedded:PATH.",
            "URL",
            holds="machine",
        ),
    ] = (),
    anchors: Annotated[
        Path | None,
        Param(
            "Whose anchors you count: an anchors.json that you did not get here.",
            "FILE",
            holds="file",
        ),
    ] = None,
    channel: Channel,
) -> Verification:
    """Verify a receipt against your own trust policy, offline.

    A chain is asked only where one is named. What was verified is remembered in the state folder:
    a log that later signs another history is noticed. Raises VerificationError with the code of
    what does not hold, verify.malformed for what is no receipt, seen.forked, NotFound with code
    file.missing, InputError with code file.kind for another file of ours, for a malformed policy or
    entry, for a ledger as `open_ledger` and `check_ledger`, and for chains as `check_claims_on`.
    """
    trusted = policies.parse(read_file(policy, POLICY_MAX_BYTES))
    given = None if entry is None else read_file(entry, ENTRY_MAX_BYTES)
    try:
        data = read_input(file, channel, RECEIPT_MAX_BYTES)
    except InputError as err:  # empty, a folder, or larger than any receipt
        raise _malformed(err) from err
    named = () if anchors is None else anchor_files.parse(read_file(anchors, ANCHORS_MAX_BYTES))
    found, note = _verify(data, trusted, given, int(time.time()))
    if rpc:
        found = _with_anchors(found, data, trusted, rpc, named)
    if ledger is not None:
        with open_for_reading(ledger) as opened:
            check_ledger(opened, _checkpoint(found))
    return replace(found, seen=_remember(found, note))


def _with_anchors(
    found: Verification,
    data: bytes,
    policy: Policy,
    rpc: Sequence[str],
    named: Sequence[NamedAnchor],
) -> Verification:
    """Ask the chains, and say in the grade what they confirmed."""
    from counterfoil.chain import open_chain

    _, receipt = parse_receipt(data)
    claims = receipt.anchors if isinstance(receipt, Receipt) else ()
    with ExitStack() as opened:
        chains = []
        for url in rpc:
            chain = open_chain(url, read_only=True)
            opened.callback(chain.close)
            chains.append(chain)
        checked = check_claims_on(chains, claims, _checkpoint(found), policy, named, seen_anchors())
    words = "; ".join(dict.fromkeys((found.grade, *(one.words for one in checked))))
    return replace(found, grade=words, checked=checked)


def _remember(found: Verification, note: bytes) -> int | None:
    if not note:  # of a COSE receipt alone: nothing that could convict the log later
        return None
    try:
        now_ms = time.time_ns() // 1_000_000
        return remember(seen_states(), _checkpoint(found), note, now_ms)
    except Unavailable:
        return None  # a machine that keeps no state verifies all the same


def _checkpoint(found: Verification) -> Checkpoint:
    return Checkpoint(found.origin, found.size, bytes.fromhex(found.root))


def verify_bytes(
    data: bytes, policy: Policy, *, entry: bytes | None = None, now_s: int | None = None
) -> Verification:
    """Verify a receipt's bytes; see `verify`.

    now_s: POSIX seconds, to refuse cosignatures from the future; None judges no time.
    """
    return _verify(data, policy, entry, now_s)[0]


def _verify(
    data: bytes, policy: Policy, entry: bytes | None, now_s: int | None
) -> tuple[Verification, bytes]:
    """Verify a receipt's bytes; give what was proven and the signed checkpoint."""
    try:
        with told_apart(data, "a receipt", "a tlog-proof", "a COSE receipt"):
            form, receipt = parse_receipt(data)
        if isinstance(receipt, tuple):
            return _verify_cose(form, receipt, policy, entry, now_s)
        if isinstance(receipt, TlogProof):
            return _verify_proof(receipt, policy, entry, now_s), receipt.checkpoint
        return _verify_receipt(form, receipt, policy, now_s), receipt.checkpoint.encode()
    except InputError as err:
        if err.code == "file.kind":  # not a receipt that fails, but the wrong file
            raise
        raise _malformed(err) from err


def _malformed(err: InputError) -> VerificationError:
    return VerificationError(
        "verify.malformed",
        f"expected a receipt, but: {err.message}",
        hint=err.hint or "It was changed or cut: get it again.",
    )


def _verify_receipt(
    form: Form, receipt: Receipt, policy: Policy, now_s: int | None
) -> Verification:
    verified = verify_receipt(receipt, policy, now_s=now_s)
    named, shown = verified.signer, None
    signer = Signer(named.organisation, named.keyid, verified.signed_at_ms)
    if receipt.row is not None or receipt.content is not None:
        shown = (verified.content or b"").decode()
    return _result(
        verified.trusted,
        form,
        verified.index,
        receipt.record.entry,
        signer=signer,
        content=shown,
        row=verified.row,
        anchors=len(verified.anchors),
    )


def _verify_proof(
    proof: TlogProof, policy: Policy, entry: bytes | None, now_s: int | None
) -> Verification:
    data = _entry_of(entry or proof.extra)
    trusted = evaluate(policy, proof.checkpoint, now_s=now_s)
    checkpoint = trusted.checkpoint
    verify_inclusion(leaf_hash(data), proof.index, checkpoint.size, proof.path, checkpoint.root)
    return _result(trusted, "tlog-proof", proof.index, data)


def _verify_cose(
    form: Form, receipts: CoseReceipts, policy: Policy, entry: bytes | None, now_s: int | None
) -> tuple[Verification, bytes]:
    """Verify the receipt of a log that the policy names, where a statement has several."""
    named = {log.key.name for log in policy.logs}
    receipt = next((one for one in receipts if one.origin in named), receipts[0])
    data = _entry_of(entry or receipt.entry)
    if data.startswith(COSE_MARK):  # as it stands in a log, without what nobody signed
        data = signed_statement.entry_of(signed_statement.parse(data))
    proven = verify_cose_receipt(receipt, data, policy, now_s=now_s)
    return _result(proven.trusted, form, proven.index, data), receipt.checkpoint or b""


def _entry_of(given: bytes | None) -> bytes:
    if given is None:
        raise InputError(
            "verify.entry",
            "expected the entry, found a proof without it",
            hint="Name the entry's file with --entry.",
        )
    return given


def _result(
    trusted: Trusted,
    form: Form,
    index: int,
    entry: bytes,
    *,
    signer: Signer | None = None,
    content: str | None = None,
    row: int | None = None,
    anchors: int = 0,
) -> Verification:
    checkpoint = trusted.checkpoint
    return Verification(
        grade=grade(trusted),
        form=form,
        origin=checkpoint.origin,
        size=checkpoint.size,
        root=checkpoint.root.hex(),
        index=index,
        leaf=leaf_hash(entry).hex(),
        signer=signer,
        witnesses=tuple(Witness(seen.name, seen.time_s) for seen in trusted.cosigners),
        quorum=trusted.quorum,
        record=view(index, entry).to_json(),
        content=content,
        row=row,
        anchors=anchors,
    )
