"""The room for signed statements in COSE: register them, say whose, give their receipts.

This module refuses to sign: what signs a root is where the ledger is owned, and signs only roots
of checkpoints that the log has committed to.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from counterfoil.errors import InputError
from counterfoil.formats import cose_key, cose_receipt, signed_statement
from counterfoil.formats import entry as entries
from counterfoil.formats.cose_key import PublicKey
from counterfoil.formats.cose_receipt import CoseReceipt
from counterfoil.formats.entry import CoseEntry
from counterfoil.formats.statement import sha256_subject
from counterfoil.ledger.documents import log_key
from counterfoil.ledger.issuers import counter_of
from counterfoil.ledger.results import Recorded
from counterfoil.log import parse_signed
from counterfoil.proofs.merkle import leaf_hash

if TYPE_CHECKING:
    from counterfoil.ledger.ledger import Ledger

__all__ = ["Issuer", "Registered", "Scitt"]

_PAGE = 200


@dataclass(frozen=True, slots=True)
class Issuer:
    """A key of an issuer, as the log's owner stated it.

    issuer, key: as statements name them. public: algorithm and base64. index: where it was added.
    revoked_at: index of the statement that ended it, or None.
    """

    issuer: str
    key: str
    public: str
    index: int
    revoked_at: int | None = None


@dataclass(frozen=True, slots=True)
class Registered:
    """A signed statement that is durable. duplicate: it was in the log before."""

    index: int
    leaf: str
    issuer: str
    subject: str
    duplicate: bool


class Scitt:
    """Signed statements of one ledger, which for all but reading can be written."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def register(self, statement: bytes) -> Registered:
        """Register a signed statement and wait until it is durable.

        statement: a COSE_Sign1; its unprotected header is taken off.
        Raises as `registering.register_statement`, and as `Ledger.record`.
        """
        said = signed_statement.parse(statement)
        recorded = self._ledger.register(statement)
        return Registered(
            recorded.index, recorded.leaf, said.issuer, said.subject, recorded.duplicate
        )

    def trust(self, issuer: str, key: str, public: PublicKey, *, why: str = "") -> Recorded:
        """Add a key: statements of `issuer` that name it are registered from now on.

        key: `kid:` or `x5t:` and hexadecimal digits. The same again gets its first place. Raises
        Conflict with code scitt.key-twice for another key of that name, or one that was revoked,
        and as `Ledger.record_statement`.
        """
        fields = {"iss": issuer, "key": key, "action": "add", "public": cose_key.format(public)}
        return self._say(fields, why)

    def distrust(self, issuer: str, key: str, *, why: str = "") -> Recorded:
        """Revoke a key, for ever; what it signed and is registered stays so.

        Raises NotFound with code scitt.no-key, and as `Ledger.record_statement`.
        """
        return self._say({"iss": issuer, "key": key, "action": "revoke"}, why)

    def issuers(self) -> Iterator[Issuer]:
        """List the keys that were ever added, oldest first."""
        added: dict[str, Issuer] = {}
        after: int | None = None
        while True:
            page = self._ledger.search(
                "kind=issuer-key", limit=_PAGE, after=after, newest_first=False
            )
            for hit in page.hits:
                said = hit.content
                name = counter_of(said["iss"], said["key"])
                if hit.issuer != self._ledger.config.organisation:
                    continue  # another organisation's word changes nothing here
                if said["action"] == "add":
                    added[name] = Issuer(said["iss"], said["key"], said["public"], hit.index)
                elif name in added:
                    old = added[name]
                    added[name] = Issuer(old.issuer, old.key, old.public, old.index, hit.index)
            after = page.next
            if after is None:
                break
        yield from added.values()

    def receipt(self, index: int) -> bytes:
        """Make the COSE receipt of an entry, and have the log's key sign it.

        index: from 0. It proves the same state as `Ledger.receipt` does at the same moment, and
        carries that state's cosigned checkpoint beside the proof; of an entry that is no COSE
        statement it carries the entry, too. Raises as `Ledger.receipt`, and Refused with code
        ledger.read-only.
        """
        made = self._ledger.receipt(index)
        entry, note = made.record.entry, made.checkpoint.encode()
        parsed = entries.parse(entry)
        said = parsed.statement if isinstance(parsed, CoseEntry) else None
        subject = leaf_hash(entry).hex() if said is None else said.subject
        protected, signature = self._ledger.ask_signature(note, subject)
        checkpoint = parse_signed(note)
        return cose_receipt.format(
            CoseReceipt(
                protected,
                checkpoint.origin,
                subject,
                checkpoint.size,
                checkpoint.size,
                index,
                tuple(made.record.path),
                signature,
                note,
                entry if said is None else None,
            )
        )

    def transparent(self, index: int) -> bytes:
        """Make the transparent statement of an entry: the statement with its receipt.

        Raises InputError with code scitt.not-cose for an entry of another kind, and as `receipt`.
        """
        entry = self._ledger.entry(index)
        if not isinstance(entries.parse(entry), CoseEntry):
            raise InputError(
                "scitt.not-cose",
                f"expected a signed statement in COSE as entry {index}, found another entry",
                hint="Its receipt is a COSE receipt all the same: leave --transparent out.",
            )
        return cose_receipt.attach(entry, [self.receipt(index)])

    def key(self) -> PublicKey:
        """Give the key that signs this log's receipts.

        Raises NotFound with code receipt.log-key when the ledger's policy does not have it.
        """
        return PublicKey("EdDSA", log_key(self._ledger.policy, self._ledger.origin).public)

    def _say(self, fields: dict[str, str], why: str) -> Recorded:
        about = f"{fields['iss']} {fields['key']}"
        return self._ledger.record_statement(
            "issuer-key",
            {**fields, **({"why": why} if why else {})},
            subjects=[sha256_subject(fields["iss"], about.encode())],
        )
