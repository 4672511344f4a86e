"""Sign: derive public keys from seeds, sign bytes, and make note signatures.

Keys are arguments here and stay in no variable afterwards. This module refuses to create
randomness (the caller brings the seed), to read key files, and to show a seed in any message. It
is apart from `proofs.signature` so that a verifier can be shipped without a line that signs.

Ed25519 signatures are deterministic (RFC 8032). ML-DSA-44 signatures are hedged: the library
mixes fresh randomness into each (FIPS 204, 3.4), so two over the same bytes differ and both verify.
"""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from counterfoil.errors import InputError
from counterfoil.formats import checkpoint, cose, cosignature
from counterfoil.formats.note import NoteSignature
from counterfoil.formats.vkey import KEY_ID_BYTES, KeyType, SigningKey, VerifierKey

__all__ = ["NoteSigner", "note_signature", "public_of", "sign", "signing_key"]


def signing_key(name: str, key_type: KeyType, seed: bytes) -> SigningKey:
    """Make a signing key from its 32-byte secret seed, with the key id that belongs to it.

    Raises InputError with code key.name, key.type or key.length.
    """
    unknown = bytes(KEY_ID_BYTES)
    key = SigningKey(name, key_type, seed, unknown)
    return SigningKey(name, key.type, seed, _derive(key).key_id)


def public_of(key: SigningKey) -> VerifierKey:
    """Derive the verifier key of a signing key.

    Raises InputError with code key.id when the key's stated id is not that of its seed, as after
    a key file was edited or mixed up.
    """
    derived = _derive(key)
    if derived.key_id != key.key_id:
        raise InputError(
            "key.id",
            f"expected key id {derived.key_id.hex()} for this signing key, got {key.key_id.hex()}",
            hint="The key file's name, id or seed was changed: restore it from its backup.",
        )
    return derived


def sign(key: SigningKey, message: bytes) -> bytes:
    """Sign `message` and return the bare signature: 64 bytes (Ed25519) or 2420 (ML-DSA-44).

    Source: RFC 8032, 5.1.6; FIPS 204, algorithm 2, empty context.
    """
    return _private(key).sign(message)


class NoteSigner:
    """Signs notes with one key, derived once: for those who sign many.

    Raises InputError with code key.id as `public_of` does.
    """

    def __init__(self, key: SigningKey) -> None:
        self.public = public_of(key)
        self._private = _private(key)

    def sign_root(self, protected: bytes, root: bytes) -> bytes:
        """Sign a tree's root for a COSE receipt; protected: its protected header.

        What is signed begins with a byte, 0x84, that no note's text can begin with, so neither can
        be taken for the other. Raises InputError with code key.type for a key that is no Ed25519
        key of a log. Source: RFC 9942; RFC 9052, 4.4.
        """
        if self.public.type is not KeyType.ED25519:
            raise InputError(
                "key.type", f"expected a key of type 1 to sign a root, got {self.public.type}"
            )
        return self._private.sign(cose.to_be_signed(protected, root))

    def sign(self, text: bytes, time_s: int | None = None) -> NoteSignature:
        """Sign the text of a note; see `note_signature`."""
        key = self.public
        if (time_s is None) != (key.type is KeyType.ED25519):
            raise InputError(
                "cosignature.time",
                f"expected {'no time' if key.type is KeyType.ED25519 else 'a time in seconds'} "
                f"for a key of type {int(key.type)}, got {time_s}",
                hint="Keys of type 1 sign without a time; types 4 and 6 sign with one.",
            )
        if time_s is None:
            return NoteSignature(key.name, key.key_id, self._private.sign(text))
        if key.type is KeyType.COSIGNATURE_ED25519:
            message = cosignature.message_ed25519(time_s, text)
        else:
            tree = checkpoint.parse(text)
            message = cosignature.message_mldsa44(
                key.name, time_s, tree.origin, 0, tree.size, tree.root
            )
        stamped = cosignature.TimestampedSignature(time_s, self._private.sign(message))
        return NoteSignature(key.name, key.key_id, cosignature.format(stamped))


def note_signature(key: SigningKey, text: bytes, time_s: int | None = None) -> NoteSignature:
    """Sign the text of a note, as the key's type asks.

    text: the note text with its final newline; a checkpoint for the types that cosign.
    time_s: POSIX seconds for a cosignature; None, and only then, for type 1 (Ed25519).
    Raises InputError with code key.id, cosignature.time or, for ML-DSA-44, checkpoint.*.
    Source: C2SP signed-note, "Signatures"; C2SP tlog-cosignature, "Format".
    """
    return NoteSigner(key).sign(text, time_s)


def _private(key: SigningKey) -> Ed25519PrivateKey | MLDSA44PrivateKey:
    if key.type is KeyType.COSIGNATURE_MLDSA44:
        return MLDSA44PrivateKey.from_seed_bytes(key.seed)
    return Ed25519PrivateKey.from_private_bytes(key.seed)


def _derive(key: SigningKey) -> VerifierKey:
    return VerifierKey(key.name, key.type, _private(key).public_key().public_bytes_raw())
