"""Keep the keys of foreign issuers under counters of the log, so that each is found at once.

A counter changes in the transaction of the statement that says so, is remade from the entries, and
is held against them by every audit. Only a statement `issuer-key` of the log's owner may change
one: `writer.refuse_reserved` keeps all others away. This module refuses to trust a key again that
was revoked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any, Final

from counterfoil.errors import Conflict, NotFound, Refused
from counterfoil.formats import cose_key
from counterfoil.formats.cose_key import PublicKey
from counterfoil.formats.predicates import IssuerKey
from counterfoil.log.submission import Condition
from counterfoil.ports.store import CounterValue

__all__ = [
    "ADDED",
    "PREFIX",
    "condition_of",
    "counter_of",
    "issuer_key",
    "place_of",
]

ADDED: Final = 0
"""Number, in its series, of the statement that adds a key; the one that ends it follows."""

PREFIX: Final = "scitt/"
"""Begins the name of every such counter."""

_REVOKED: Final = "revoked"


def counter_of(issuer: str, key: str) -> str:
    """Name the counter of an issuer's key; key: `kid:` or `x5t:` and hexadecimal digits."""
    return PREFIX + sha256(f"{issuer}\n{key}".encode()).hexdigest()


def place_of(fields: Mapping[str, Any]) -> tuple[str, int] | None:
    """Tell the series and number of an `issuer-key` statement: each key has a series of its own.

    fields: of the predicate, unchecked; None for such that it refuses. So that the statement which
    added a key is found at once, and none is added twice.
    """
    issuer, key = fields.get("iss"), fields.get("key")
    if not isinstance(issuer, str) or not isinstance(key, str):
        return None
    return counter_of(issuer, key), ADDED if fields.get("action") == "add" else ADDED + 1


def issuer_key(issuer: str, key: str, held: CounterValue) -> PublicKey:
    """Read a counter's value: the key that the issuer is known by.

    Raises Refused with code scitt.issuer for a key that was never added, scitt.revoked for one
    that was revoked.
    """
    if held == _REVOKED:
        raise Refused(
            "scitt.revoked",
            f"expected a key that still counts, found the revoked {key} of {issuer}",
            hint="Its issuer needs a new key, and the log's owner has to add it.",
        )
    if not isinstance(held, str):
        raise Refused(
            "scitt.issuer",
            f"expected an issuer and key that this log knows, found {issuer}, {key}",
            hint="The log's owner adds one: `counterfoil scitt trust ISSUER --key FILE`.",
        )
    return cose_key.parse(held)


def condition_of(said: IssuerKey, counter: Callable[[str], CounterValue]) -> dict[str, Condition]:
    """Work out how an `issuer-key` statement changes its counter.

    counter: reads one. Raises Conflict with code scitt.key-twice for another key of that name,
    NotFound with code scitt.no-key for one to revoke that is not, InputError with code cose.key.
    """
    name = counter_of(said.iss, said.key)
    held = counter(name)
    if said.public is not None:
        if held not in (None, said.public):  # the same again is answered with its first place
            state = "was revoked" if held == _REVOKED else "is there already, and another"
            raise Conflict(
                "scitt.key-twice",
                f"expected a new key of {said.iss}, found {said.key}, which {state}",
                hint="`counterfoil scitt issuers` lists them; a key that was revoked stays so.",
            )
        cose_key.parse(said.public)
        return {name: (None, said.public)}
    if not isinstance(held, str) or held == _REVOKED:
        raise NotFound(
            "scitt.no-key",
            f"expected a key of {said.iss} that counts, found none that is {said.key}",
            hint="`counterfoil scitt issuers` lists them.",
        )
    return {name: (held, _REVOKED)}
