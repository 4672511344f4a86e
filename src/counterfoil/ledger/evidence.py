"""Read what readers of a log kept: receipts, proof files and checkpoints.

Whoever keeps one can show later that the log went back or was rewritten. This module refuses to
believe evidence that the log did not sign.
"""

from __future__ import annotations

from collections.abc import Mapping

from counterfoil.errors import CounterfoilError, InputError
from counterfoil.formats import note, tlog_proof
from counterfoil.formats import receipt as receipts
from counterfoil.formats.checkpoint import Checkpoint
from counterfoil.log.audit import Claim
from counterfoil.log.findings import Findings
from counterfoil.log.startup import OpenNote
from counterfoil.proofs.merkle import leaf_hash, verify_inclusion

__all__ = ["claims_of", "read_evidence"]

_PROOF_HEAD = b"c2sp.org/tlog-proof@"


def read_evidence(data: bytes) -> tuple[bytes, receipts.Receipt | None]:
    """Find the signed checkpoint in a receipt, a .tlog-proof or a checkpoint; and the receipt.

    Raises InputError as the parser of its kind does.
    """
    if data.lstrip()[:1] == b"{":
        receipt = receipts.parse(data)
        return receipt.checkpoint.encode("utf-8", "surrogatepass"), receipt
    if data.startswith(_PROOF_HEAD):
        return tlog_proof.parse(data).checkpoint, None
    note.parse(data)
    return data, None


def claims_of(
    evidence: Mapping[str, bytes], open_note: OpenNote, findings: Findings
) -> list[Claim]:
    """Turn evidence into claims for the hash audit.

    evidence: name -> bytes. open_note: checks a note under the log's own keys. What the log did
    not sign is a finding. Raises InputError, naming the evidence, when it is of no known kind.
    """
    claims = []
    for name, data in evidence.items():
        try:
            signed, receipt = read_evidence(data)
        except InputError as err:
            raise err.renewed(f"{name}: {err.message}") from err
        try:
            checkpoint = open_note(signed)
            if receipt is not None:
                _check_receipt(receipt, checkpoint)
        except CounterfoilError as err:
            findings.add(
                "audit.evidence", name, "a checkpoint of this log, and what it covers", err.message
            )
            continue
        claims.append(Claim(checkpoint.size, checkpoint.root, name, "audit.forked"))
    return claims


def _check_receipt(receipt: receipts.Receipt, checkpoint: Checkpoint) -> None:
    """Check that the entries of a receipt stand under its checkpoint."""
    proofs = [receipt.record, *receipt.keys]
    if receipt.batch is not None:
        proofs.append(receipt.batch.signature)
    for proof in proofs:
        leaf = leaf_hash(proof.entry)
        verify_inclusion(leaf, proof.index, checkpoint.size, proof.path, checkpoint.root)
