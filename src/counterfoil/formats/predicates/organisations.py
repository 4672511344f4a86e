"""Organisations, their parties and keys, and who may act for whom."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from counterfoil.formats.predicates.header import Count, Header, HexDigest, Millis, Name, Uri

__all__ = [
    "Evidence",
    "IssuerKey",
    "Key",
    "KeyBinding",
    "Mandate",
    "Organisation",
    "Party",
    "Policy",
]

Base64 = Annotated[str, msgspec.Meta(pattern=r"\A[A-Za-z0-9+/]+={0,2}\Z", max_length=8192)]
_Line = Annotated[
    str, msgspec.Meta(min_length=1, max_length=512, pattern=r"\A[^\x00-\x1f\x7f-\x9f]*\Z")
]
_KeyName = Annotated[str, msgspec.Meta(pattern=r"\A(kid|x5t):[0-9a-f]{2,128}\Z")]
_CosePublic = Annotated[str, msgspec.Meta(pattern=r"\A(EdDSA|ES256):[A-Za-z0-9+/]{43,86}={0,2}\Z")]
KeyRole = Literal["producer", "recovery", "log", "witness", "anchor", "decider"]


class Evidence(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Something that supports an identity; recorded, never resolved while verifying.

    kind: did:web, x509, oidc, lei or other. value: the identifier or text.
    """

    kind: Literal["did:web", "x509", "oidc", "lei", "other"]
    value: Annotated[str, msgspec.Meta(min_length=1, max_length=16384)]
    sha256: HexDigest | None = None


class Organisation(Header, frozen=True, kw_only=True):
    """An organisation that issues statements: its URI, name and evidence."""

    organisation: Uri
    name: Name
    evidence: tuple[Evidence, ...] = ()


class KeyBinding(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One key of a party, and its signature over the party's binding.

    proof: base64, a signature by this key over the text that
    `counterfoil.formats.predicates.registry.binding_text` gives.
    """

    purpose: Name
    algorithm: Literal["ed25519", "ml-dsa-44"]
    public: Base64
    proof: Base64


class Party(Header, frozen=True, kw_only=True):
    """Binds the keys of one party to each other: each key signs the same list."""

    party: Uri
    keys: Annotated[tuple[KeyBinding, ...], msgspec.Meta(min_length=1, max_length=16)]


class Key(Header, frozen=True, kw_only=True):
    """A key of an organisation comes into force, or ends.

    action: `add` or `revoke`. keyid: see `envelope.keyid_of`. public: base64, 32 bytes (with
    `add`). role: what it may sign; one key, one purpose. from_index: first entry index for which
    the action holds; the entry's own index when absent. A revocation may name an earlier index:
    entries before it stay good. until_index: last entry index (exclusive) for which an added key
    holds. replaces: keyid of the key that this one follows; it ends where this one begins, but
    not before the entry after this statement. proof: base64, the added key's signature over
    `registry.possession_text`; needed where the log's owner brings in another organisation, whose
    key it could otherwise have copied from anywhere. why: for people.
    """

    organisation: Uri
    action: Literal["add", "revoke"]
    keyid: HexDigest
    role: KeyRole
    public: Base64 | None = None
    from_index: Count | None = None
    until_index: Count | None = None
    replaces: HexDigest | None = None
    proof: Base64 | None = None
    why: Annotated[str, msgspec.Meta(max_length=1000)] = ""

    def __post_init__(self) -> None:
        if (self.action == "add") != (self.public is not None):
            raise ValueError("expected a public key with `add`, and only then")
        added = (self.until_index, self.replaces, self.proof)
        if self.action == "revoke" and added != (None, None, None):
            raise ValueError("expected until_index, replaces and proof only with `add`")


class IssuerKey(Header, frozen=True, kw_only=True):
    """A key by which an issuer's signed statements in COSE are registered, or are no more.

    iss: the issuer as its statements name it. key: how they name the key, `kid:` or `x5t:` and
    hexadecimal digits. action: `add`, or `revoke` for ever. public: algorithm and base64, see
    `formats.cose_key`; with `add`. why: for people. It changes a counter of its own, under
    `scitt/`, that nothing else may change.
    """

    iss: _Line
    key: _KeyName
    action: Literal["add", "revoke"]
    public: _CosePublic | None = None
    why: Annotated[str, msgspec.Meta(max_length=1000)] = ""

    def __post_init__(self) -> None:
        if (self.action == "add") != (self.public is not None):
            raise ValueError("expected a public key with `add`, and only then")


class Policy(Header, frozen=True, kw_only=True):
    """Whom a group of organisations trusts: members and a quorum, as a C2SP tlog-policy text.

    follows: digest of the charter that this one replaces; see `network.charter`. why: for people,
    what changed.
    """

    members: Annotated[tuple[Uri, ...], msgspec.Meta(max_length=256)]
    policy: Annotated[str, msgspec.Meta(min_length=1, max_length=32768)]
    follows: HexDigest | None = None
    why: Annotated[str, msgspec.Meta(max_length=1000)] = ""


class Mandate(Header, frozen=True, kw_only=True):
    """Lets one organisation or party act for another.

    principal lets delegate act within scope, from from_ms to until_ms (exclusive).
    """

    principal: Uri
    delegate: Uri
    scope: Annotated[tuple[Name, ...], msgspec.Meta(min_length=1, max_length=64)]
    from_ms: Millis
    until_ms: Millis

    def __post_init__(self) -> None:
        if self.until_ms <= self.from_ms:
            raise ValueError("expected until_ms after from_ms")
