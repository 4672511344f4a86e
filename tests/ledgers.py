"""Ledgers for tests: made once, copied for each test, and looked at by an independent Merkle tree.

Making a ledger costs a dozen syncs of the disk; copying a closed one costs none.
"""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Iterable
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import pymerkle
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

import counterfoil
from counterfoil.formats import checkpoint, envelope, note
from counterfoil.formats import receipt as receipts
from counterfoil.formats.ascii import encode_base64
from counterfoil.formats.checkpoint import Checkpoint
from counterfoil.formats.envelope import Envelope, Signature, pae
from counterfoil.formats.predicates.registry import binding_text
from counterfoil.formats.receipt import EntryProof, Receipt
from counterfoil.formats.vkey import format_vkey
from counterfoil.ledger import Layout, Ledger, create_ledger
from counterfoil.ledger.opening import Writing
from counterfoil.ledger.recorder import LocalRecorder
from counterfoil.ports import SystemClock
from counterfoil.proofs.merkle import leaf_hash
from counterfoil.proofs.signing import public_of
from counterfoil.proofs.verify import Verified
from counterfoil.storage import KeyFiles, StatementKey
from tests import c2sp

__all__ = [
    "CORE_STATEMENTS",
    "OWNER",
    "confirm_inclusion",
    "copy_ledger",
    "envelope_by",
    "key_of",
    "merkle_tree",
    "parts_of",
    "prove",
    "set_setting",
]

OWNER = "https://org.example"
"""Organisation of the ledgers that `copy_ledger` makes."""


def copy_ledger(folder: Path, *, post_quantum: bool = False) -> Path:
    """Put a new ledger into `folder`, which must not be there; it publishes without a pause.

    No witness watches it: all copies are one log, and a witness would notice that they differ.
    """
    shutil.copytree(_template(post_quantum), folder)
    return folder


@cache
def _template(post_quantum: bool) -> Path:
    parent = Path(tempfile.mkdtemp(prefix="counterfoil-tests-"))
    atexit.register(shutil.rmtree, parent, ignore_errors=True)
    folder = parent / "ledger"
    create_ledger(
        folder,
        SystemClock(),
        name="test",
        organisation=OWNER,
        post_quantum=post_quantum,
        witness=False,
    )
    set_setting(folder, "publish_interval_s", "0.01")
    return folder


def set_setting(folder: Path, name: str, value: str) -> None:
    """Change one line of a ledger's settings; value: as TOML."""
    path = Layout(folder).config
    lines = path.read_text(encoding="utf-8").splitlines()
    changed = [f"{name} = {value}" if line.startswith(f"{name} =") else line for line in lines]
    path.write_text("\n".join(changed) + "\n", encoding="utf-8")


def parts_of(ledger: Ledger) -> Writing:
    """Give the parts behind a ledger that this process owns."""
    assert isinstance(ledger._recorder, LocalRecorder)
    return ledger._recorder._writing


def prove(ledger: Ledger, index: int, row: int | None = None) -> Verified:
    """Get a receipt as a reader does, as JSON text, and verify it under the ledger's policy."""
    text = receipts.format(ledger.receipt(index, row))
    return counterfoil.verify(text, ledger.layout.policy.read_bytes())


def merkle_tree(entries: Iterable[bytes]) -> pymerkle.InmemoryTree:
    """Build the RFC 9162 tree of entries with an implementation that is not ours."""
    tree = pymerkle.InmemoryTree(algorithm="sha256")
    for entry in entries:
        tree.append_entry(entry)
    return tree


def confirm_inclusion(tree: pymerkle.InmemoryTree, receipt: Receipt, verified: Verified) -> None:
    """Check every path of a receipt by pymerkle: its own proof is ours, and ours convinces it."""
    checkpoint = verified.trusted.checkpoint
    assert tree.get_root(checkpoint.size) == checkpoint.root
    proofs = [receipt.record, *receipt.keys]
    if receipt.batch is not None:
        proofs.append(receipt.batch.signature)
    for proof in proofs:
        _confirm(tree, proof, checkpoint.size, checkpoint.root)


def _confirm(tree: pymerkle.InmemoryTree, proof: EntryProof, size: int, root: bytes) -> None:
    leaf = leaf_hash(proof.entry)
    theirs = tree.prove_inclusion(proof.index + 1, size)
    assert theirs.path == [leaf, *proof.path]
    ours = pymerkle.InclusionProof(
        "sha256", True, size, proof.index + 1, theirs.rule, [leaf, *proof.path]
    )
    pymerkle.verify_inclusion(leaf, root, ours, index=proof.index + 1, size=size)


def key_of(folder: Path, name: str = "producer") -> StatementKey:
    """Load one of a ledger's keys, as a thief or another program would."""
    return KeyFiles(Layout(folder).keys).load_statement_key(name)


def envelope_by(payload: bytes, payload_type: str, *keys: StatementKey) -> bytes:
    """Sign a payload by each key and wrap it in its canonical envelope."""
    signatures = [Signature(key.keyid, key.sign(pae(payload_type, payload))) for key in keys]
    ordered = tuple(sorted(signatures, key=lambda signature: signature.keyid))
    return envelope.format(Envelope(payload, payload_type, ordered))


def _note(root: bytes, size: int = 5) -> str:
    body = checkpoint.format(Checkpoint(c2sp.ORIGIN, size, root))
    return note.format(c2sp.signed(c2sp.LOG, body=body)).decode()


def _party(name: str) -> dict[str, Any]:
    keys = [Ed25519PrivateKey.from_private_bytes(sha256(b"%d" % n).digest()) for n in range(2)]
    listed = [
        (f"purpose {n}", "ed25519", encode_base64(key.public_key().public_bytes_raw()))
        for n, key in enumerate(keys)
    ]
    text = binding_text(name, listed)
    bound = [
        {"purpose": p, "algorithm": a, "public": k, "proof": encode_base64(key.sign(text))}
        for (p, a, k), key in zip(listed, keys, strict=True)
    ]
    return {"party": name, "keys": bound}


_ROOT, _OTHER_ROOT = sha256(b"root").digest(), sha256(b"another root").digest()

CORE_STATEMENTS: dict[str, dict[str, Any]] = {
    "organisation": {"organisation": "https://other.example", "name": "Another"},
    "party": _party("urn:party:1"),
    "policy": {"members": [OWNER], "policy": "quorum none\n"},
    "mandate": {
        "principal": OWNER,
        "delegate": "urn:party:1",
        "scope": ["pay"],
        "from_ms": 1,
        "until_ms": 2,
    },
    "log-frozen": {
        "origin": c2sp.ORIGIN,
        "size": 5,
        "root": _ROOT.hex(),
        "checkpoint": _note(_ROOT),
        "successor": "log.example/next",
    },
    "equivocation": {
        "origin": c2sp.ORIGIN,
        "vkey": format_vkey(public_of(c2sp.LOG)),
        "first": _note(_ROOT),
        "second": _note(_OTHER_ROOT),
    },
    "issuer-key": {
        "iss": "https://vendor.example",
        "key": "kid:6b31",
        "action": "add",
        "public": "EdDSA:" + encode_base64(_ROOT),
    },
    "anchoring": {
        "origin": c2sp.ORIGIN,
        "chain_id": 1,
        "contract": "0x" + "aB" * 20,
        "log_id": "0x" + _ROOT.hex(),
        "owner": "0x" + "01" * 20,
        "anchor_key": "0x" + "02" * 20,
    },
}
"""A sound example of each core statement that has its own verb nowhere: kind -> fields."""
