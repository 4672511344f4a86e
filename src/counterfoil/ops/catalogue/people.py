"""Operations on people and what is sealed."""

from __future__ import annotations

from typing import Final

from counterfoil.ops.catalogue.entries import reads, writes
from counterfoil.ports import Operation

__all__ = ["OPERATIONS"]

OPERATIONS: Final[tuple[Operation, ...]] = (
    writes(
        "person ls",
        "people:listing",
        "List the people of a ledger by their handles: what is kept, and what binds it.",
        "--ledger shop",
        "c-17 --ledger shop",
        role="auditor",
    ),
    writes(
        "person open",
        "people:open_sealed",
        "Open the sealed fields of an entry, after the log says who does and why.",
        '12 --actor "dana@shop.example" --purpose complaint --ledger shop',
        role="auditor",
    ),
    writes(
        "person export",
        "people:export",
        "Gather all that a ledger holds about a person, and who saw what, when and why.",
        "c-17 --actor dpo@shop.example --ledger shop",
        role="auditor",
    ),
    writes(
        "person erase",
        "people:erase",
        "Erase a person, or classes of their data, for good; receipts still verify.",
        "c-17 --ledger shop",
        '--ledger shop --data-class contact --why "consent withdrawn" c-17',
        role="operator",
    ),
    writes(
        "person expire",
        "people:expire",
        "Erase personal data that is over the ceiling of its class; what is held stays.",
        "--ledger shop",
        role="operator",
    ),
    writes(
        "person consent",
        "people:consent",
        "Record that a person allows purposes, or no longer does.",
        "c-17 --purpose marketing --until 2027-12-31 --ledger shop",
        "c-17 --purpose marketing --withdraw --ledger shop",
    ),
    writes(
        "person grant",
        "people:grant",
        "Let a holder open classes of a person's data; prints their token, this once.",
        "c-17 auditor.example --purpose audit --data-class contact --ledger shop",
        role="operator",
    ),
    writes(
        "person revoke",
        "people:revoke",
        "End a holder's grants for a person's data: what was wrapped for them is deleted.",
        "c-17 auditor.example --ledger shop",
        role="operator",
    ),
    writes(
        "person hold",
        "people:hold",
        "Keep a person's data from being erased, all of it or classes.",
        'c-17 --why "lawsuit 12/26" --ledger shop',
        role="operator",
    ),
    writes(
        "person lift",
        "people:lift",
        "Lift the holds on a person's data, all of them or those on classes.",
        "c-17 --why settled --ledger shop",
        role="operator",
    ),
    writes(
        "person disclose",
        "people:disclose",
        "Show one sealed field to one reader: a file that proves it offline, and nothing else.",
        "12 customer.name --actor auditor.example --purpose audit --ledger shop",
        role="auditor",
    ),
    reads(
        "person verify",
        "people:verify_field",
        "Verify a disclosed field offline, against your own policy.",
        "field.json --policy policy.txt",
    ),
)
