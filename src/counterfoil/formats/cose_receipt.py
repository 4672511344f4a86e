"""Read and write COSE receipts: an inclusion proof of this tree, its root signed by the log.

The root is detached, so that nobody can check the signature and forget the proof. What proves a
quorum of witnesses, the cosigned checkpoint of the same root, may travel in the unprotected header
under a name of ours, and so may the entry; other verifiers pass over both. This module refuses to
verify: `proofs.cose_receipt` does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from counterfoil.errors import InputError
from counterfoil.formats import cbor, cose, cose_key, signed_statement
from counterfoil.formats.ascii import MAX_INT63
from counterfoil.formats.cose import Sign1
from counterfoil.formats.cose_key import PublicKey
from counterfoil.formats.tlog_proof import PATH_MAX
from counterfoil.units import HASH_BYTES

__all__ = [
    "MEDIA_TYPE",
    "CoseReceipt",
    "attach",
    "attached",
    "format",
    "is_receipt",
    "parse",
    "protected_header",
]

MEDIA_TYPE: Final = "application/cose"
"""Of receipts and statements (RFC 9052, 11.1)."""

_VDS, _VDP = 395, 396
_RFC9162_SHA256: Final = 1
_INCLUSION: Final = -1
_ISS, _SUB = 1, 2
_CHECKPOINT: Final = "counterfoil.checkpoint"
_ENTRY: Final = "counterfoil.entry"
_SIZE: Final = "counterfoil.size"
_RECEIPTS_MAX: Final = 16


@dataclass(frozen=True, slots=True)
class CoseReceipt:
    """A receipt of inclusion under RFC9162_SHA256.

    protected: the protected header, as signed. origin: the log, from the claim `iss`. subject:
    claim `sub`, what the entry is about. signed_size: the tree's size in the protected header;
    None where it is not there. size, index: of the tree, and of the entry in it, by the proof,
    which nobody signed. path: up to 63 hashes of 32 bytes, the leaf's sibling first. signature:
    64 bytes, Ed25519, over the tree's root. checkpoint: the signed note of that root, or None.
    entry: the entry, or None.
    """

    protected: bytes
    origin: str
    subject: str
    signed_size: int | None
    size: int
    index: int
    path: tuple[bytes, ...]
    signature: bytes
    checkpoint: bytes | None = None
    entry: bytes | None = None


def protected_header(origin: str, subject: str, size: int, public: bytes) -> bytes:
    """Make the protected header of a receipt: who says it, of what, by which key, in which tree.

    size: of the tree. It is signed, under a name of ours, since one root and path can be read as
    those of trees of several sizes, with the entry at another index. public: the log's Ed25519
    key, 32 bytes; it is named by its COSE Key Thumbprint.
    Source: RFC 9942, "Receipt of Inclusion"; RFC 9943, "Receipts".
    """
    return cbor.format(
        {
            cose.ALG: -8,
            cose.KID: cose_key.thumbprint(PublicKey("EdDSA", public)),
            cose.CWT_CLAIMS: {_ISS: origin, _SUB: subject},
            _VDS: _RFC9162_SHA256,
            _SIZE: size,
        }
    )


def parse(data: bytes) -> CoseReceipt:
    """Parse a receipt.

    Raises InputError with code cose.receipt, cose.algorithm, or as `cose.parse`.
    """
    message = cose.parse(data)
    headers = cose.headers_of(message.protected)
    tree = headers.get(_VDS)
    if type(tree) is not int or tree != _RFC9162_SHA256:
        raise _bad("a receipt of an RFC9162_SHA256 tree (395: 1)", "another message")
    if cose.algorithm_of(headers) != "EdDSA" or len(message.signature) != cose.SIGNATURE_BYTES:
        raise _bad("a signature by Ed25519, 64 bytes", "another")
    if message.payload is not None:
        raise _bad("a detached root", "a payload")
    if cose.CRIT in headers:
        raise _bad("no critical labels in a receipt", "some")
    claims = headers.get(cose.CWT_CLAIMS)
    origin, subject = (claims.get(_ISS), claims.get(_SUB)) if isinstance(claims, dict) else (0, 0)
    if not isinstance(origin, str) or not isinstance(subject, str):
        raise _bad("the CWT claims iss and sub", "none")
    size, index, path = _inclusion(message.unprotected.get(_VDP))
    signed = headers.get(_SIZE)
    if signed is not None and type(signed) is not int:
        raise _bad("a tree size that is an integer", "another value")
    checkpoint, entry = (_octets(message, label) for label in (_CHECKPOINT, _ENTRY))
    return CoseReceipt(
        message.protected,
        origin,
        subject,
        signed,
        size,
        index,
        path,
        message.signature,
        checkpoint,
        entry,
    )


def format(receipt: CoseReceipt) -> bytes:
    """Format a receipt. Raises InputError as `parse` does."""
    proof = cbor.format([receipt.size, receipt.index, receipt.path])
    unprotected: dict[int | str, Any] = {_VDP: {_INCLUSION: [proof]}}
    if receipt.checkpoint is not None:
        unprotected[_CHECKPOINT] = receipt.checkpoint
    if receipt.entry is not None:
        unprotected[_ENTRY] = receipt.entry
    data = cose.format(Sign1(receipt.protected, unprotected, None, receipt.signature))
    parse(data)
    return data


def is_receipt(message: Sign1) -> bool:
    """Tell a receipt from a statement: it names its tree."""
    return _VDS in cose.headers_of(message.protected)


def attach(entry: bytes, receipts: Sequence[bytes]) -> bytes:
    """Make a transparent statement: a statement's entry with its receipts.

    Raises InputError as `signed_statement.parse_entry`. Source: RFC 9943; RFC 9942, "Usage".
    """
    message = signed_statement.parse_entry(entry).message
    return cose.format(replace(message, unprotected={signed_statement.RECEIPTS: list(receipts)}))


def attached(message: Sign1) -> tuple[bytes, ...]:
    """List the receipts that come with a statement. Raises InputError with code cose.receipt."""
    found = message.unprotected.get(signed_statement.RECEIPTS, [])
    if not isinstance(found, list) or len(found) > _RECEIPTS_MAX:
        raise _bad(f"a list of up to {_RECEIPTS_MAX} receipts (394)", "another value")
    if not all(isinstance(one, bytes) for one in found):
        raise _bad("receipts in bytes (394)", "others")
    return tuple(found)


def _inclusion(proofs: Any) -> tuple[int, int, tuple[bytes, ...]]:
    """Read the one inclusion proof of a receipt. Source: RFC 9942, "Inclusion Proof"."""
    found = proofs.get(_INCLUSION) if isinstance(proofs, dict) else None
    if not isinstance(found, list) or len(found) != 1 or not isinstance(found[0], bytes):
        raise _bad("one inclusion proof (396, -1)", "another number or form of them")
    value = cbor.parse(found[0])
    if not isinstance(value, list) or len(value) != 3:
        raise _bad("a tree size, an index and a path in a proof", "another value")
    size, index, path = value
    if type(size) is not int or type(index) is not int or not 0 <= index < size <= MAX_INT63:
        raise _bad("an index below the tree's size", "others")
    if (
        not isinstance(path, list)
        or len(path) > PATH_MAX
        or any(not isinstance(one, bytes) or len(one) != HASH_BYTES for one in path)
    ):
        raise _bad(f"a path of up to {PATH_MAX} hashes of {HASH_BYTES} bytes", "another")
    return size, index, tuple(path)


def _octets(message: Sign1, label: str) -> bytes | None:
    value = message.unprotected.get(label)
    if value is not None and not isinstance(value, bytes):
        raise _bad(f"bytes under {label}", type(value).__name__)
    return value


def _bad(expected: str, found: str) -> InputError:
    return InputError(
        "cose.receipt",
        f"expected {expected}, found {found}",
        hint="`counterfoil receipt get INDEX --cose --out FILE` writes one.",
    )
