"""A signed list of the records of a thing's page, so that one that is missing is noticed.

A log proves what was said, not that nothing else was. But who makes a page can sign which records
it knew of; whoever takes one out of the page later contradicts that list. It says, too, which
limits it names and what it doubts. This module refuses to say that the list is all there is.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Annotated, Final

import msgspec

from counterfoil.apps.supply.shopper.bundle import Bundle
from counterfoil.errors import InputError
from counterfoil.formats import entry as entries
from counterfoil.formats.entry import StatementEntry
from counterfoil.formats.predicates import Header
from counterfoil.formats.predicates.header import Count, HexDigest, Millis, Name, Uri
from counterfoil.formats.predicates.registry import URI_BASE
from counterfoil.formats.receipt import Receipt
from counterfoil.formats.statement import Subject
from counterfoil.formats.vkey import VerifierKey
from counterfoil.ledger import Ledger
from counterfoil.ledger.predicate_types import parse_registered
from counterfoil.ports import PredicateType
from counterfoil.proofs.merkle import leaf_hash
from counterfoil.provenance.statements.parts import Text

__all__ = ["SUPPLY_LABEL", "Listed", "SupplyLabel", "label_of_entry", "record_label"]

_SERIES: Final = "supply-labels"
_Celsius = Annotated[str, msgspec.Meta(pattern=r"\A(-?[0-9]{1,3}(\.[0-9]{1,3})?)?\Z")]


class Listed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Records of one log. origin: the log's. leaves: leaf hashes of their entries."""

    origin: Name
    leaves: Annotated[tuple[HexDigest, ...], msgspec.Meta(min_length=1, max_length=1000)]


class SupplyLabel(Header, frozen=True, kw_only=True):
    """The records of a thing's way that a shopper's page carries, as its maker knew them.

    thing: its canonical name. brand: the domain that pins the keys, or empty. policy: SHA-256 of
    the policy. records: which. left_out: how many more there are, for which the page has no room.
    low_c, high_c: limits for temperatures, degrees C, or empty. doubts: what the events do not
    let stand.
    """

    thing: Uri
    brand: Annotated[str, msgspec.Meta(max_length=300)]
    policy: HexDigest
    made_ms: Millis
    records: Annotated[tuple[Listed, ...], msgspec.Meta(min_length=1, max_length=256)]
    left_out: Count
    low_c: _Celsius = ""
    high_c: _Celsius = ""
    doubts: Annotated[tuple[Text, ...], msgspec.Meta(max_length=64)] = ()

    @property
    def leaves(self) -> frozenset[str]:
        """All leaf hashes."""
        return frozenset(leaf for one in self.records for leaf in one.leaves)


SUPPLY_LABEL: Final = PredicateType(f"{URI_BASE}supply-label/v1", SupplyLabel)


def label_of_entry(data: bytes) -> SupplyLabel | None:
    """Read the label that an entry states; None for another kind of entry."""
    parsed = entries.parse(data)
    if not isinstance(parsed, StatementEntry):
        return None
    if parsed.statement.predicate_type != SUPPLY_LABEL.uri:
        return None
    said = parse_registered(parsed.statement)
    return said if isinstance(said, SupplyLabel) else None


def record_label(
    ledger: Ledger, bundle: Bundle, receipts: Sequence[tuple[Receipt, VerifierKey]]
) -> int:
    """Sign and record which records a page carries; gives the index of the entry.

    ledger: one that this process can write. bundle: what the page says besides. Raises InputError
    with code label.empty without a record, and as `Ledger.record_statement`.
    """
    listed: dict[str, list[str]] = {}
    for receipt, key in receipts:
        listed.setdefault(key.name, []).append(leaf_hash(receipt.record.entry).hex())
    if not listed:
        raise InputError("label.empty", "expected records to list, found none")
    policy = sha256(bundle.policy.encode()).hexdigest()
    fields = {
        "thing": bundle.thing,
        "brand": bundle.brand,
        "policy": policy,
        "made_ms": bundle.made_ms,
        "records": [{"origin": name, "leaves": leaves} for name, leaves in listed.items()],
        "left_out": bundle.left_out,
        "low_c": bundle.low_c,
        "high_c": bundle.high_c,
        "doubts": list(bundle.doubts),
    }
    subject = Subject(digest={"sha256": policy}, name="policy")
    done = ledger.record_statement(SUPPLY_LABEL.uri, fields, subjects=[subject], source=_SERIES)
    return done.index
