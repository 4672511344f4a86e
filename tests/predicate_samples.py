"""One full example of each predicate of the core."""

from __future__ import annotations

from typing import Any

import msgspec

from counterfoil.formats.ascii import encode_base64
from counterfoil.formats.predicates import (
    Anchoring,
    Block,
    ContentRef,
    Equivocation,
    Evidence,
    ForkPoint,
    Header,
    IssuerKey,
    Key,
    KeyBinding,
    LogFrozen,
    Mandate,
    Organisation,
    Party,
    Policy,
    Record,
)
from tests.statements import ORG, ORIGIN, Actor

__all__ = ["HEADER", "SAMPLES"]

HASH = "0f" * 32
KEY = Actor("sample")

HEADER: dict[str, Any] = {
    "issuer": ORG,
    "source": "sha256:00",
    "number": 3,
    "at_ms": 1_700_000_000_000,
    "on_behalf_of": "urn:uuid:1",
    "audience": ORIGIN,
    "nonce": "0f" * 16,
    "corrects": HASH,
    "supersedes": HASH,
    "expect": {"stock": (None, 1), "state": ("open", "closed")},
}

_PUBLIC = encode_base64(KEY.public)

SAMPLES: dict[type[Header], dict[str, Any]] = {
    Record: {"content": msgspec.Raw(b'{"a": 1.5}')},
    Block: {
        "rows": 2,
        "root": HASH,
        "payload": ContentRef(HASH, 40),
        "columns": ("a", "b"),
    },
    IssuerKey: {
        "iss": "https://vendor.example",
        "key": "kid:6b31",
        "action": "add",
        "public": f"EdDSA:{_PUBLIC}",
        "why": "agreed",
    },
    Organisation: {
        "organisation": ORG,
        "name": "Org",
        "evidence": (Evidence("lei", "5299", HASH),),
    },
    Party: {
        "party": "urn:party:1",
        "keys": (KeyBinding("sign", "ed25519", _PUBLIC, _PUBLIC),),
    },
    Key: {
        "organisation": ORG,
        "action": "add",
        "keyid": KEY.keyid,
        "role": "producer",
        "public": _PUBLIC,
        "from_index": 3,
        "until_index": 9,
        "replaces": HASH,
        "why": "rotated",
    },
    Policy: {"members": (ORG,), "policy": "quorum none\n"},
    Mandate: {
        "principal": ORG,
        "delegate": "urn:party:1",
        "scope": ("pay",),
        "from_ms": 1,
        "until_ms": 2,
    },
    LogFrozen: {
        "origin": ORIGIN,
        "size": 4,
        "root": HASH,
        "successor": "log.example/2",
        "checkpoint": "note",
        "why": "moved",
    },
    Equivocation: {
        "origin": ORIGIN,
        "vkey": "a+00000000+AA==",
        "first": "one",
        "second": "two",
        "fork": ForkPoint(1, HASH, (HASH,), HASH, ()),
    },
    Anchoring: {
        "origin": ORIGIN,
        "chain_id": 1,
        "contract": "0x" + "aB" * 20,
        "log_id": "0x" + HASH,
        "owner": "0x" + "01" * 20,
        "anchor_key": "0x" + "02" * 20,
    },
}
"""Class -> the fields that it adds to a header."""
