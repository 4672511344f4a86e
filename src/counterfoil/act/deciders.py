"""The keys that sign verdicts: made here, bound to the organisation, never shown.

A decider's key does one thing. Its statement is signed by the organisation and carries the key's
own signature over the organisation's name, so that neither can claim the other. What a decider may
decide is said by the registry on a chain, not here. This module refuses a statement whose key did
not sign, and to let two keys have one name.
Source: EIP-191; SEC 2 for the curve secp256k1.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from counterfoil.chain import Account, create_account, load_account
from counterfoil.chain.accounts import signer_of_text
from counterfoil.errors import InputError, NotFound, VerificationError
from counterfoil.ledger import Layout, Recorded

if TYPE_CHECKING:
    from counterfoil.ledger import Ledger

__all__ = ["FoundDecider", "binding_text", "list_deciders", "load_decider", "new_decider"]

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_PREFIX: Final = "decider-"
_MOST: Final = 1000


@dataclass(frozen=True, slots=True)
class FoundDecider:
    """A decider of the ledger's organisation.

    name: what people call it. address: of its key, EIP-55. index, leaf: of its statement. held:
    its key is in this ledger's folder. revoked: the organisation let go of it.
    """

    name: str
    address: str
    index: int
    leaf: str
    held: bool
    revoked: bool

    def to_json(self) -> dict[str, Any]:
        """Turn it into what the command line and the API print."""
        return {
            "name": self.name,
            "address": self.address,
            "index": self.index,
            "leaf": self.leaf,
            "held": self.held,
            "revoked": self.revoked,
        }


def binding_text(organisation: str, address: str) -> bytes:
    """Make the text that a decider's key signs: for whom it speaks, and as what."""
    return f"counterfoil decider v1\norganisation {organisation}\nkey {address}\n".encode()


def new_decider(ledger: Ledger, name: str) -> Recorded:
    """Make a decider's key, unless it is there, and record that it speaks for the organisation.

    name: lower-case letters, digits and hyphens, at most 63. A crash in between is mended by
    calling it again. Raises InputError with code act.decider-name, and as `create_account` and
    `Ledger.record_statement`.
    """
    path = decider_path(ledger.layout, name)
    account = load_account(path) if path.exists() else create_account(path)
    organisation = ledger.config.organisation
    fields = {
        "decider": name,
        "address": account.address,
        "organisation": organisation,
        "proof": f"0x{account.sign_text(binding_text(organisation, account.address)).hex()}",
    }
    return _record(ledger, account.address, 0, fields)


def revoke_decider(ledger: Ledger, name: str, why: str) -> Recorded:
    """Record that the organisation lets go of a decider; its key's file stays.

    On each chain the registry goes on allowing it until it is revoked there. Raises NotFound with
    code act.decider.
    """
    found = find_decider(ledger, name)
    fields = {
        "decider": found.name,
        "address": found.address,
        "organisation": ledger.config.organisation,
        "action": "revoke",
        "why": why,
    }
    return _record(ledger, found.address, 1, fields)


def list_deciders(ledger: Ledger) -> Iterator[FoundDecider]:
    """List the deciders that the log names, oldest first; each key's signature is checked.

    Raises VerificationError with code act.decider-binding.
    """
    hits = list(ledger.search("kind=decider", limit=_MOST).hits)
    gone = {hit.content["address"] for hit in hits if hit.content.get("action") == "revoke"}
    for hit in reversed(hits):
        said = hit.content
        if said.get("action", "add") != "add":
            continue
        _check_binding(said)
        path = decider_path(ledger.layout, said["decider"])
        yield FoundDecider(
            said["decider"],
            said["address"],
            hit.index,
            hit.leaf,
            path.exists(),
            said["address"] in gone,
        )


def find_decider(ledger: Ledger, name: str) -> FoundDecider:
    """Find a decider by its name or address. Raises NotFound with code act.decider."""
    for found in list_deciders(ledger):
        if name in (found.name, found.address):
            return found
    raise _unknown(name)


def load_decider(ledger: Ledger, name: str) -> Account:
    """Load a decider's key. Raises NotFound with code act.decider, and as `load_account`."""
    path = decider_path(ledger.layout, name)
    if not path.exists():
        raise _unknown(name)
    return load_account(path)


def decider_path(layout: Layout, name: str) -> Path:
    """Name the file of a decider's key. Raises InputError with code act.decider-name."""
    if not _NAME.fullmatch(name):
        raise InputError(
            "act.decider-name",
            f"expected a name of lower-case letters, digits and hyphens, found {name[:80]!a}",
            hint="For example fraud-1.",
        )
    return layout.keys / "evm" / f"{_PREFIX}{name}.key"


def _record(ledger: Ledger, address: str, number: int, fields: dict[str, Any]) -> Recorded:
    return ledger.record_statement("decider", fields, source=f"decider:{address}", number=number)


def _check_binding(said: dict[str, Any]) -> None:
    text = binding_text(said["organisation"], said["address"])
    signer = signer_of_text(text, bytes.fromhex(said["proof"][2:]))
    if signer != said["address"]:
        raise VerificationError(
            "act.decider-binding",
            f"expected the key {said['address']} to sign that it speaks for "
            f"{said['organisation']}, found the signature of {signer}",
            hint="Do not trust that statement: its key did not agree to it.",
        )


def _unknown(name: str) -> NotFound:
    return NotFound(
        "act.decider",
        f"expected a decider of this ledger, found none called {name[:80]!a}",
        hint="`counterfoil act decider NAME` makes one; `counterfoil act deciders` lists them.",
    )
