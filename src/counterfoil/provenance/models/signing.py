"""Sign a model's files so that the OpenSSF package model-signing accepts it, and the other way.

The signature is a Sigstore bundle: a DSSE envelope over an in-toto statement that lists the digest
of every file. Keys are ECDSA on P-256, P-384 or P-521. This module refuses to know where keys are
kept, and says nothing of whether a model may be loaded: a pickle can be signed as well.
Source: https://github.com/sigstore/model-transparency, predicate signature/v1.0; DSSE v1.0.2.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import msgspec
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from counterfoil.errors import InputError, VerificationError
from counterfoil.formats import json_text
from counterfoil.formats.envelope import pae
from counterfoil.provenance.models.signed_files import (
    GIT_PATHS,
    Resource,
    Serialization,
    hash_files,
)

__all__ = ["SignedModel", "sign_model", "verify_model"]

_MEDIA_TYPE: Final = "application/vnd.dev.sigstore.bundle.v0.3+json"
_PAYLOAD_TYPE: Final = "application/vnd.in-toto+json"
_STATEMENT: Final = "https://in-toto.io/Statement/v1"
_PREDICATE: Final = "https://model_signing/signature/v1.0"
_HASHES: Final[dict[str, type[hashes.HashAlgorithm]]] = {
    "secp256r1": hashes.SHA256,
    "secp384r1": hashes.SHA384,
    "secp521r1": hashes.SHA512,
}


@dataclass(frozen=True, slots=True)
class SignedModel:
    """What a signature says, once it holds.

    name: of the model, for people. digest: SHA-256 over the digests of its files in order, 64
    hexadecimal digits. files: how many. key: SHA-256 of the public key's PEM text.
    """

    name: str
    digest: str
    files: int
    key: str

    def to_json(self) -> dict[str, Any]:
        """Turn it into what the command line and the API print."""
        return {"name": self.name, "digest": self.digest, "files": self.files, "key": self.key}


def sign_model(
    path: Path, key: bytes, *, password: bytes | None = None, ignore: Sequence[str] = ()
) -> tuple[bytes, SignedModel]:
    """Sign every file of a model.

    path: a file or folder. key: private key, PEM. ignore: paths below the folder that are not
    signed, such as the signature itself; git's own never are. Returns the bundle and what it says.
    Raises InputError with code model.key, model.link or model.empty, NotFound model.missing.
    """
    private = _private(key, password)
    how = Serialization("files", "sha256", (*ignore, *GIT_PATHS) if path.is_dir() else ())
    resources = hash_files(path, how)
    root = _root(resources)
    name = path.resolve().name
    payload = json_text.format(
        {
            "_type": _STATEMENT,
            "subject": [{"name": name, "digest": {"sha256": root}}],
            "predicateType": _PREDICATE,
            "predicate": {
                "serialization": how.to_json(),
                "resources": [
                    {"name": one.name, "algorithm": how.hash_type, "digest": one.digest}
                    for one in resources
                ],
            },
        }
    )
    public = private.public_key()
    signature = private.sign(pae(_PAYLOAD_TYPE, payload), ec.ECDSA(_hash_of(public)))
    bundle = {
        "mediaType": _MEDIA_TYPE,
        "verificationMaterial": {"publicKey": {"hint": _hint(public)}, "tlogEntries": []},
        "dsseEnvelope": {
            "payload": base64.b64encode(payload).decode(),
            "payloadType": _PAYLOAD_TYPE,
            "signatures": [{"sig": base64.b64encode(signature).decode(), "keyid": ""}],
        },
    }
    said = SignedModel(name, root, len(resources), _hint(public))
    return json_text.format(bundle) + b"\n", said


def verify_model(
    path: Path, bundle: bytes, key: bytes, *, ignore: Sequence[str] = ()
) -> SignedModel:
    """Check that a model is, file by file, the one that a key signed.

    bundle: the signature file. key: public key, PEM; never taken from the bundle.
    ignore: paths below the folder that need not be signed, such as the signature itself.
    Raises InputError with code model.signature-file or model.key; VerificationError with code
    model.signature, model.signature-key or model.signed-files, naming a file that differs.
    """
    public = _public(key)
    payload = _payload(bundle, public)
    try:
        said = msgspec.convert(json_text.parse(payload), _Statement)
    except msgspec.ValidationError as err:
        raise _malformed(f"an in-toto statement of {_PREDICATE}, but: {err}") from err
    if (said.type, said.predicate_type) != (_STATEMENT, _PREDICATE) or len(said.subject) != 1:
        raise _malformed(f"one subject under {_PREDICATE}, found {said.predicate_type[:80]!a}")
    how = said.predicate.serialization
    resources = [Resource(one.name, one.digest) for one in said.predicate.resources]
    if any(one.algorithm.split("-")[0] != how.hash_type for one in said.predicate.resources):
        raise _malformed(f"digests by {how.hash_type} alone")
    root = said.subject[0].digest.get("sha256", "")
    if _root(resources) != root:
        raise VerificationError(
            "model.signature",
            f"expected files whose digests hash to {root[:80]!a}, found {_root(resources)}",
        )
    left_out = msgspec.structs.replace(how, ignore_paths=(*how.ignore_paths, *ignore))
    _compare(resources, hash_files(path, left_out))
    return SignedModel(said.subject[0].name, root, len(resources), _hint(public))


class _Resource(msgspec.Struct):
    name: str
    algorithm: str
    digest: str


class _Predicate(msgspec.Struct):
    serialization: Serialization
    resources: list[_Resource]


class _Subject(msgspec.Struct):
    digest: dict[str, str]
    name: str = ""


class _Statement(msgspec.Struct):
    type: str = msgspec.field(name="_type")
    subject: list[_Subject]
    predicate_type: str = msgspec.field(name="predicateType")
    predicate: _Predicate


class _Signature(msgspec.Struct):
    sig: str


class _Envelope(msgspec.Struct, rename="camel"):
    payload: str
    payload_type: str
    signatures: list[_Signature]


class _PublicKey(msgspec.Struct):
    hint: str | None = None


class _Material(msgspec.Struct, rename="camel"):
    public_key: _PublicKey | None = None


class _Bundle(msgspec.Struct, rename="camel"):
    media_type: str
    verification_material: _Material
    dsse_envelope: _Envelope


def _payload(data: bytes, public: ec.EllipticCurvePublicKey) -> bytes:
    """Open the envelope and check its signature."""
    try:
        bundle = msgspec.convert(json_text.parse(data), _Bundle)
        envelope = bundle.dsse_envelope
        payload = base64.b64decode(envelope.payload, validate=True)
        signatures = [base64.b64decode(one.sig, validate=True) for one in envelope.signatures]
    except (InputError, msgspec.ValidationError, ValueError) as err:
        raise _malformed(f"a Sigstore bundle in JSON, but: {err}") from err
    if (bundle.media_type, envelope.payload_type) != (_MEDIA_TYPE, _PAYLOAD_TYPE):
        raise _malformed(f"{_MEDIA_TYPE}, found {bundle.media_type[:80]!a}")
    if len(signatures) != 1 or bundle.verification_material.public_key is None:
        raise _malformed("one signature by a key; certificates and Sigstore's are not read here")
    hint = bundle.verification_material.public_key.hint
    if hint and hint != _hint(public):
        raise VerificationError(
            "model.signature-key",
            f"expected a signature by the key {_hint(public)}, found one by {hint[:80]!a}",
            hint="Give the public key of whoever signed the model.",
        )
    try:
        public.verify(signatures[0], pae(_PAYLOAD_TYPE, payload), ec.ECDSA(_hash_of(public)))
    except InvalidSignature as err:
        raise VerificationError(
            "model.signature",
            "expected a signature by the given key, found one that does not hold",
            hint="The signature was changed, or another key made it.",
        ) from err
    return payload


def _compare(expected: Sequence[Resource], found: Sequence[Resource]) -> None:
    if list(expected) == list(found):
        return
    signed = {one.name: one.digest for one in expected}
    there = {one.name: one.digest for one in found}
    for name in sorted(signed.keys() | there.keys()):
        if signed.get(name) != there.get(name):
            what = "is missing" if name not in there else "was never signed"
            what = "was changed" if name in there and name in signed else what
            raise VerificationError(
                "model.signed-files",
                f"expected the signed files, found that {name!a} {what}",
                hint="This is not the model that was signed.",
            )
    raise VerificationError(
        "model.signed-files", "expected each file once and in order, found another list"
    )


def _root(resources: Sequence[Resource]) -> str:
    try:
        return sha256(b"".join(bytes.fromhex(one.digest) for one in resources)).hexdigest()
    except ValueError as err:
        raise _malformed(f"digests in hexadecimal, but: {err}") from err


def _private(pem: bytes, password: bytes | None) -> ec.EllipticCurvePrivateKey:
    try:
        key = serialization.load_pem_private_key(pem, password)
    except (ValueError, TypeError, UnsupportedAlgorithm) as err:
        raise _bad_key(f"a private key in PEM, but: {err}") from err
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise _bad_key(f"an elliptic curve key, found {type(key).__name__}")
    _hash_of(key.public_key())
    return key


def _public(pem: bytes) -> ec.EllipticCurvePublicKey:
    try:
        key = serialization.load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm) as err:
        raise _bad_key(f"a public key in PEM, but: {err}") from err
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise _bad_key(f"an elliptic curve key, found {type(key).__name__}")
    _hash_of(key)
    return key


def _hash_of(public: ec.EllipticCurvePublicKey) -> hashes.HashAlgorithm:
    try:
        return _HASHES[public.curve.name]()
    except KeyError as err:
        raise _bad_key(f"a key on {', '.join(_HASHES)}, found {public.curve.name}") from err


def _hint(public: ec.EllipticCurvePublicKey) -> str:
    pem = public.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return sha256(pem).hexdigest()


def _bad_key(what: str) -> InputError:
    return InputError(
        "model.key",
        f"expected {what}",
        hint="openssl ecparam -name prime256v1 -genkey -noout -out key.pem makes a key, and "
        "openssl ec -in key.pem -pubout -out pub.pem its public half.",
    )


def _malformed(what: str) -> InputError:
    return InputError(
        "model.signature-file",
        f"expected {what}",
        hint="Give the file that `counterfoil model sign` or `model_signing sign key` wrote.",
    )
