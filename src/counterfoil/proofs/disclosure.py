"""Verify that one disclosed field is what was sealed, with nothing at hand but the reader's policy.

The receipt proves the statement; the statement names the root of the group; salt, value and path
lead to that root. This module refuses to say anything about the fields that are not shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from counterfoil.errors import VerificationError
from counterfoil.formats import disclosure as disclosures
from counterfoil.formats import json_text
from counterfoil.formats.disclosure import Disclosure
from counterfoil.formats.policy import Policy
from counterfoil.formats.sealed import Sealed, SealedField, field_leaf, sealed_of
from counterfoil.proofs.merkle import verify_inclusion
from counterfoil.proofs.verify import Verified, verify_receipt

__all__ = ["Disclosed", "verify_disclosure"]


@dataclass(frozen=True, slots=True)
class Disclosed:
    """What a disclosure proved.

    verified: what its receipt proved. sealed: the group, with the person's handle and the class.
    name, value: the field.
    """

    verified: Verified
    sealed: Sealed
    name: str
    value: Any


def verify_disclosure(
    disclosure: Disclosure | bytes, policy: Policy | bytes | str, *, now_s: int | None = None
) -> Disclosed:
    """Check a disclosure against the reader's policy, offline.

    Raises InputError when it is malformed, VerificationError with code disclosure.group,
    disclosure.name or disclosure.value, and as `verify_receipt`.
    """
    if not isinstance(disclosure, Disclosure):
        disclosure = disclosures.parse(disclosure)
    verified = verify_receipt(disclosure.receipt, policy, now_s=now_s)
    sealed = _group(verified, disclosure)
    if disclosure.name not in sealed.names:
        raise VerificationError(
            "disclosure.name",
            f"expected one of the fields {', '.join(sealed.names)[:200]}, "
            f"found {disclosure.name[:80]!a}",
        )
    place, text = sealed.names.index(disclosure.name), disclosure.text.encode()
    leaf = field_leaf(SealedField(disclosure.name, disclosure.salt, text))
    try:
        root = bytes.fromhex(sealed.root)
        verify_inclusion(leaf, place, len(sealed.names), disclosure.path, root)
    except VerificationError as err:
        raise VerificationError(
            "disclosure.value",
            f"expected the value that was sealed as {disclosure.name[:80]!a}, found another: "
            f"{err.message}",
        ) from err
    return Disclosed(verified, sealed, disclosure.name, json_text.parse(text))


def _group(verified: Verified, disclosure: Disclosure) -> Sealed:
    predicate: dict[str, Any] = {}
    if verified.statement is not None:
        predicate = msgspec.json.decode(verified.statement.predicate)
    groups = sealed_of(predicate).get(disclosure.field, [])
    if disclosure.group >= len(groups):
        raise VerificationError(
            "disclosure.group",
            f"expected a sealed group {disclosure.group} in {disclosure.field[:80]!a} of entry "
            f"{verified.index}, found {len(groups)} groups",
        )
    return groups[disclosure.group]
