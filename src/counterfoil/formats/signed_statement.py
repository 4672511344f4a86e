"""Read SCITT signed statements: COSE_Sign1 messages that say who speaks, and of what.

As an entry a statement has an empty unprotected header. Nobody signs that header, so that whatever
stood in it would make new leaves of one statement; what comes with a statement (receipts of
others, certificates) is taken off before it is recorded. This module refuses detached payloads, a
log holds what it proves, and statements that leave open who speaks or by which key.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any, Final

from counterfoil.errors import InputError
from counterfoil.formats import cbor, cose, json_text
from counterfoil.formats.ascii import encode_base64
from counterfoil.formats.cose import Algorithm, Sign1
from counterfoil.units import ENTRY_MAX_BYTES, MAX_SAFE_INTEGER

__all__ = [
    "KIND",
    "RECEIPTS",
    "HashEnvelope",
    "SignedStatement",
    "describe",
    "entry_of",
    "identity",
    "issued_ms",
    "parse",
    "parse_entry",
    "signed_by",
    "signed_bytes",
]

KIND: Final = "signed-statement"
"""Names such entries among the kinds of statements."""

RECEIPTS: Final = 394
"""Label of the unprotected header in which a transparent statement has its receipts."""

_PAYLOAD_HASH_ALG, _PREIMAGE_TYPE, _PAYLOAD_LOCATION = 258, 259, 260
_ISS, _SUB, _IAT = 1, 2, 6
_CLAIMS: Final = {3: "aud", 4: "exp", 5: "nbf", 6: "iat", 7: "cti"}
_NAMED: Final = frozenset({*_CLAIMS.values(), "iss", "sub"})
_TYP: Final = 16
_HASHES: Final = {-16: ("sha256", 32), -43: ("sha384", 48), -44: ("sha512", 64)}
_HASH_LABELS: Final = (_PAYLOAD_HASH_ALG, _PREIMAGE_TYPE, _PAYLOAD_LOCATION)
_COSE_LABELS: Final = (cose.ALG, cose.CONTENT_TYPE, cose.KID, cose.CWT_CLAIMS, _TYP, cose.X5T)
_UNDERSTOOD: Final = frozenset((*_COSE_LABELS, *_HASH_LABELS))
_TEXT_MAX: Final = 512
_KID_MAX_BYTES: Final = 64
_X5T_HASHES: Final = {-16: 32}


@dataclass(frozen=True, slots=True)
class HashEnvelope:
    """Says that the payload is a digest. algorithm: sha256, sha384 or sha512.

    content_type, location: of what was hashed, where they are given.
    """

    algorithm: str
    content_type: str | int | None
    location: str | None


@dataclass(frozen=True, slots=True)
class SignedStatement:
    """A signed statement.

    message: what was read. payload: its bytes. issuer, subject: CWT claims `iss` and `sub`, 1 to
    512 characters. key: how it names its key, `kid:` or `x5t:` and hexadecimal digits.
    content_type: a media type, a CoAP number, or None. claims: all CWT claims. hashed: where the
    payload is a digest.
    """

    message: Sign1
    payload: bytes
    algorithm: Algorithm
    issuer: str
    subject: str
    key: str
    content_type: str | int | None
    claims: dict[int | str, Any]
    hashed: HashEnvelope | None


def parse(data: bytes) -> SignedStatement:
    """Parse a signed statement, whatever its unprotected header holds.

    Raises InputError with code scitt.detached, scitt.claims, scitt.key, scitt.critical,
    scitt.content-type or scitt.hash, cose.algorithm, and as `cose.parse`.
    Source: RFC 9943, "Signed Statements"; RFC 9597 (CWT claims); RFC 9052, 3.1.
    """
    message = cose.parse(data)
    headers = cose.headers_of(message.protected)
    if message.payload is None:
        raise InputError(
            "scitt.detached",
            "expected a statement with its payload, found it detached",
            hint="Attach the payload, or sign its hash (COSE hash envelope).",
        )
    algorithm = cose.algorithm_of(headers)
    if len(message.signature) != cose.SIGNATURE_BYTES:
        raise InputError(
            "cose.malformed",
            f"expected a signature of {cose.SIGNATURE_BYTES} bytes, found {len(message.signature)}",
        )
    _require_understood(headers)
    claims = headers.get(cose.CWT_CLAIMS)
    if not isinstance(claims, dict):
        raise _bad("scitt.claims", "CWT claims (15) in the protected header", "none")
    return SignedStatement(
        message,
        message.payload,
        algorithm,
        _claim(claims, _ISS, "iss"),
        _claim(claims, _SUB, "sub"),
        _key(headers),
        _content_type(headers.get(cose.CONTENT_TYPE)),
        claims,
        _hashed(headers, message.payload),
    )


def parse_entry(data: bytes) -> SignedStatement:
    """Parse a statement as an entry: its unprotected header is empty.

    Raises InputError with code scitt.unprotected, and as `parse`.
    """
    found = parse(data)
    if found.message.unprotected:
        raise _bad(
            "scitt.unprotected", "an empty unprotected header in an entry", "something in it"
        )
    return found


def entry_of(statement: SignedStatement) -> bytes:
    """Give the entry of a statement: it, with an empty unprotected header.

    Raises InputError with code entry.size for more than 65,535 bytes.
    """
    data = cose.format(replace(statement.message, unprotected={}))
    if len(data) > ENTRY_MAX_BYTES:
        raise InputError(
            "entry.size",
            f"expected an entry of 1 to {ENTRY_MAX_BYTES} bytes, found {len(data)}",
            hint="Sign the payload's hash instead (COSE hash envelope), and keep it elsewhere.",
        )
    return data


def signed_bytes(statement: SignedStatement) -> bytes:
    """Give the bytes that the statement's signature is over (RFC 9052, 4.4)."""
    return cose.to_be_signed(statement.message.protected, statement.payload)


def identity(statement: SignedStatement) -> bytes:
    """Compute the identity of a statement: SHA-256 of what is signed, 32 bytes.

    Signed anew it is no new record: an ECDSA signature can be changed by anybody and still holds.
    """
    return sha256(signed_bytes(statement)).digest()


def signed_by(statement: SignedStatement) -> tuple[str, ...]:
    """Name the key: a key id as it is, in hexadecimal digits; a certificate with `x5t:`."""
    return (statement.key.removeprefix("kid:"),)


def issued_ms(statement: SignedStatement) -> int | None:
    """Tell when it was issued by its issuer's clock (claim `iat`), Unix ms; None where unsaid."""
    at_s = statement.claims.get(_IAT)
    if type(at_s) is not int or not 0 <= at_s <= MAX_SAFE_INTEGER // 1000:
        return None
    return at_s * 1000


def describe(statement: SignedStatement) -> dict[str, Any]:
    """Show a statement as a JSON object.

    payload: where it is JSON by its content type; else payload_base64. claims: other than iss and
    sub; bytes in them become hexadecimal digits, and text labels that would pass for a registered
    claim, which is a number, stand in quotes.
    """
    found: dict[str, Any] = {"subject": statement.subject, "algorithm": statement.algorithm}
    found["key"] = statement.key
    if statement.content_type is not None:
        found["content_type"] = statement.content_type
    others = {label: item for label, item in statement.claims.items() if label not in (_ISS, _SUB)}
    if others:
        found["claims"] = {_claim_name(label): _plain(item) for label, item in others.items()}
    if statement.hashed is not None:
        hashed = statement.hashed
        found["payload_hash"] = {hashed.algorithm: statement.payload.hex()}
        if hashed.content_type is not None:
            found["preimage_content_type"] = hashed.content_type
        if hashed.location is not None:
            found["payload_location"] = hashed.location
        return found
    found["payload_sha256"] = sha256(statement.payload).hexdigest()
    if isinstance(statement.content_type, str) and "json" in statement.content_type:
        try:
            found["payload"] = json_text.parse(statement.payload)
        except InputError:
            pass  # it says that it is JSON, and is none that two readers see alike
        else:
            return found
    found["payload_base64"] = encode_base64(statement.payload)
    return found


def _require_understood(headers: dict[int | str, Any]) -> None:
    """Refuse what its issuer says must not be passed over, and is not known here."""
    if cose.CRIT not in headers:
        return
    critical = headers[cose.CRIT]
    if not isinstance(critical, list) or not critical:
        raise _bad("scitt.critical", "a list of labels in `crit`", "another value")
    for label in critical:
        if type(label) is not int or label not in _UNDERSTOOD or label not in headers:
            raise _bad("scitt.critical", "critical labels that are known here", str(label)[:40])


def _claim(claims: dict[Any, Any], label: int, name: str) -> str:
    value = claims.get(label)
    if not isinstance(value, str) or not _is_line(value):
        came = "none" if value is None else "another"
        raise _bad(
            "scitt.claims", f"a claim `{name}` of 1 to {_TEXT_MAX} characters, one line", came
        )
    return value


def _is_line(text: str) -> bool:
    return 0 < len(text) <= _TEXT_MAX and text.isprintable()


def _key(headers: dict[int | str, Any]) -> str:
    """Name the key: by its id, else by the SHA-256 of its certificate."""
    if cose.KID in headers:
        kid = headers[cose.KID]
        if not isinstance(kid, bytes) or not 0 < len(kid) <= _KID_MAX_BYTES:
            raise _bad("scitt.key", f"a `kid` of 1 to {_KID_MAX_BYTES} bytes", "another")
        return f"kid:{kid.hex()}"
    named = headers.get(cose.X5T)
    if isinstance(named, list) and len(named) == 2:
        algorithm, digest = named
        if (
            type(algorithm) is int
            and isinstance(digest, bytes)
            and _X5T_HASHES.get(algorithm) == len(digest)
        ):
            return f"x5t:{digest.hex()}"
    raise _bad(
        "scitt.key", "a `kid` (4) or an `x5t` (34) by SHA-256 in the protected header", "neither"
    )


def _content_type(value: Any) -> str | int | None:
    if value is None or (type(value) is int and 0 <= value <= 65_535):
        return value
    if isinstance(value, str) and _is_line(value):
        return value
    raise _bad("scitt.content-type", "a media type or a CoAP number as content type", "another")


def _hashed(headers: dict[int | str, Any], payload: bytes) -> HashEnvelope | None:
    """Read what a hash envelope says of its payload."""
    if not any(label in headers for label in _HASH_LABELS):
        return None
    algorithm = headers.get(_PAYLOAD_HASH_ALG)
    found = _HASHES.get(algorithm) if type(algorithm) is int else None
    if found is None or len(payload) != found[1]:
        raise _bad("scitt.hash", "a digest by SHA-256, SHA-384 or SHA-512 as payload", "another")
    if cose.CONTENT_TYPE in headers:
        raise _bad(
            "scitt.hash", "the content type of what was hashed (259) alone", "one of the digest"
        )
    location = headers.get(_PAYLOAD_LOCATION)
    if location is not None and not (isinstance(location, str) and _is_line(location)):
        raise _bad("scitt.hash", f"a location of 1 to {_TEXT_MAX} characters, one line", "another")
    return HashEnvelope(found[0], _content_type(headers.get(_PREIMAGE_TYPE)), location)


def _claim_name(label: Any) -> str:
    """Name a claim; a text label that reads like a number's name, or a number, is in quotes."""
    if isinstance(label, int):
        return _CLAIMS.get(label, str(label))
    if isinstance(label, bytes):
        return f"h'{label.hex()}'"
    return f"'{label}'" if label in _NAMED or label.lstrip("-").isdigit() else label


def _plain(value: Any) -> Any:
    """Turn a CBOR value into one that JSON has."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {
            key.hex() if isinstance(key, bytes) else str(key): _plain(value[key]) for key in value
        }
    if isinstance(value, cbor.Tagged):
        return {f"tag {value.number}": _plain(value.value)}
    if isinstance(value, float) or (type(value) is int and abs(value) > MAX_SAFE_INTEGER):
        return str(value)
    return value


def _bad(code: str, expected: str, found: str) -> InputError:
    return InputError(
        code,
        f"expected {expected}, found {found}",
        hint="Its protected header names alg, a kid or x5t, and the CWT claims iss and sub.",
    )
