"""Wrap a signed payload in DSSE, in one canonical form.

DSSE leaves the JSON around a signature free, so one signature has endless encodings, each of
which would be a "new" record of a log. Here a text is accepted only when formatting what was
parsed gives the same bytes back. This module refuses to look inside the payload and to verify:
`proofs` does that.
"""

from __future__ import annotations

from binascii import b2a_base64
from collections.abc import Sequence
from hashlib import sha256
from itertools import pairwise
from typing import Annotated, Final

import msgspec

from counterfoil.errors import InputError

__all__ = [
    "KEYID_HEX_LENGTH",
    "SIGNATURES_MAX",
    "STATEMENT_PAYLOAD_TYPE",
    "Envelope",
    "Signature",
    "format",
    "format_unsigned_statement",
    "identity",
    "is_unsigned_statement",
    "keyid_of",
    "pae",
    "pae_of_statement",
    "parse",
    "payload_of_unsigned",
]

STATEMENT_PAYLOAD_TYPE: Final = "application/vnd.in-toto+json"
"""Payload type of an in-toto Statement (in-toto attestation framework, "Envelope")."""

SIGNATURES_MAX: Final = 16
"""Most signatures in one envelope."""

KEYID_HEX_LENGTH: Final = 64
"""Length of a key id, hexadecimal digits."""

_KeyId = Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{64}\Z")]
_PayloadType = Annotated[str, msgspec.Meta(pattern=r"\A[!#-\[\]-~]{1,200}\Z")]


class Signature(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One signature over the pre-authentication encoding.

    keyid: 64 hexadecimal digits, see `keyid_of`. sig: 64 bytes, Ed25519.
    """

    keyid: _KeyId
    sig: bytes


class Envelope(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """A DSSE envelope.

    payload: the signed bytes. payload_type: their media type, visible ASCII, at most 200.
    signatures: at most one a key, sorted by keyid; none in a member of a signed batch.
    Source: DSSE v1.0.2, "Envelope".
    """

    payload: bytes
    payload_type: _PayloadType
    signatures: tuple[Signature, ...] = msgspec.field(default=())


_DECODE: Final = msgspec.json.Decoder(Envelope).decode
_DECODE_BYTES: Final = msgspec.json.Decoder(bytes).decode
_ENCODE: Final = msgspec.json.Encoder().encode
_MEMBER_HEAD: Final = b'{"payload":"'
_MEMBER_TAIL: Final = b'","payloadType":"%s","signatures":[]}' % STATEMENT_PAYLOAD_TYPE.encode()
_STATEMENT_PAE: Final = b"DSSEv1 %d %s " % (
    len(STATEMENT_PAYLOAD_TYPE),
    STATEMENT_PAYLOAD_TYPE.encode(),
)


def keyid_of(public: bytes) -> str:
    """Name an Ed25519 key: SHA-256(0x01 || public) as 64 hexadecimal digits; public: 32 bytes."""
    return sha256(b"\x01" + public).hexdigest()


def pae(payload_type: str, payload: bytes) -> bytes:
    """Encode what a DSSE signature signs. Source: DSSE v1.0.2, "Signature Definition".

    >>> pae("http://example.com/HelloWorld", b"hello world")
    b'DSSEv1 29 http://example.com/HelloWorld 11 hello world'
    """
    kind = payload_type.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


def pae_of_statement(payload: bytes) -> bytes:
    """Encode what a signature over an in-toto statement signs; as `pae`, but faster."""
    return b"%s%d %s" % (_STATEMENT_PAE, len(payload), payload)


def identity(envelope: Envelope) -> bytes:
    """Compute the identity of a record: SHA-256 of its pre-authentication encoding, 32 bytes.

    Who signed, and how, is no part of it: the same statement twice is one record.
    """
    return sha256(pae(envelope.payload_type, envelope.payload)).digest()


def parse(data: bytes) -> Envelope:
    """Parse an envelope that is in its canonical form.

    Canonical: keys payload, payloadType, signatures (keyid, sig) in this order, no white space,
    padded standard base64, signatures sorted by keyid and at most one a key.
    Raises InputError with code envelope.malformed or envelope.not-canonical.
    """
    try:
        envelope = _DECODE(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as err:
        raise InputError(
            "envelope.malformed", f"expected a DSSE envelope in JSON, found none: {err}"
        ) from err
    if _ENCODE(envelope) != data:
        raise InputError(
            "envelope.not-canonical",
            "expected an envelope in its one canonical form, found another encoding of it",
            hint="Write keys in order, without white space, with canonical base64.",
        )
    _require_ordered(envelope.signatures)
    return envelope


def format(envelope: Envelope) -> bytes:
    """Format an envelope in its canonical form. Raises InputError as `parse` does."""
    try:
        data = _ENCODE(envelope)
    except UnicodeEncodeError as err:
        raise InputError(
            "envelope.malformed", f"expected Unicode text in an envelope, found other: {err}"
        ) from err
    parse(data)
    return data


def format_unsigned_statement(payload: bytes) -> bytes:
    """Format a statement's envelope without signatures: a member of a signed batch.

    Equal to `format(Envelope(payload, STATEMENT_PAYLOAD_TYPE))` at a third of its cost.
    """
    return _MEMBER_HEAD + b2a_base64(payload, newline=False) + _MEMBER_TAIL


def _require_ordered(signatures: Sequence[Signature]) -> None:
    keyids = [signature.keyid for signature in signatures]
    if len(keyids) > SIGNATURES_MAX or any(a >= b for a, b in pairwise(keyids)):
        raise InputError(
            "envelope.not-canonical",
            f"expected at most {SIGNATURES_MAX} signatures, sorted, one a key, found {len(keyids)}",
        )
    for signature in signatures:
        if len(signature.sig) != 64:
            raise InputError(
                "envelope.malformed",
                f"expected signatures of 64 bytes, found one of {len(signature.sig)}",
            )


def is_unsigned_statement(data: bytes) -> bool:
    """Tell whether an entry is a member of a signed batch, by its last bytes; not a full parse."""
    return data.startswith(_MEMBER_HEAD) and data.endswith(_MEMBER_TAIL)


def payload_of_unsigned(data: bytes) -> bytes:
    """Cut the statement out of a member of a signed batch, which must be one.

    Raises InputError with code envelope.malformed or envelope.not-canonical: it is as strict as
    `parse`, at a third of its cost.
    """
    try:
        payload = _DECODE_BYTES(data[len(_MEMBER_HEAD) - 1 : 1 - len(_MEMBER_TAIL)])
    except (msgspec.MsgspecError, UnicodeDecodeError) as err:
        raise InputError(
            "envelope.malformed", f"expected base64 in an envelope, found none: {err}"
        ) from err
    if format_unsigned_statement(payload) != data:
        raise InputError(
            "envelope.not-canonical",
            "expected an envelope in its one canonical form, found another encoding of it",
        )
    return payload
