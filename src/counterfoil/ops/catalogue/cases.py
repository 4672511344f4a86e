"""Operations on held payments: cases, and the escrow that holds the money meanwhile."""

from __future__ import annotations

from typing import Final

from counterfoil.ops.catalogue.entries import reads, writes
from counterfoil.ports import Operation

__all__ = ["OPERATIONS"]

OPERATIONS: Final[tuple[Operation, ...]] = (
    writes(
        "case desk",
        "finance.escrowed:desk",
        "Put escrow, gate and registry on a chain, make the desk's keys, and approve them.",
        "4f2a...9c --evidence 12 --per-payment 500000 --per-day 5000000 --ledger bank/",
        "4f2a...9c --evidence 12 --per-payment 500000 --per-day 5000000 --own-token TEUR",
        role="operator",
    ),
    writes(
        "case agree",
        "finance.escrowed:agree",
        "Record the terms of a payment that goes through the escrow, and give what its payer "
        "signs.",
        "p-17 --payer 0x5aAe... --payee 0xfB69... --amount 1250 --due 86400 --ledger bank/",
    ),
    writes(
        "case bring",
        "finance.escrowed:bring",
        "Bring a payment into the escrow by its payer's signature.",
        "p-17 0x9c1f...1b --ledger bank/",
    ),
    writes(
        "case hold",
        "finance.cases:hold",
        "Have the escrow hold the payment that a decision says to hold; once.",
        "412 --ledger bank/",
    ),
    reads(
        "case ls",
        "finance.cases:listing",
        "List held payments, the newest first, with what people decided.",
        "--state open --ledger bank/",
    ),
    writes(
        "case get",
        "finance.cases:get",
        "Show all that is known of a held payment.",
        "412 --actor 'Ada Example' --on-chain --ledger bank/",
        role="auditor",
    ),
    writes(
        "case page",
        "finance.cases:page",
        "Write a held payment's page: reasons, money, history and proofs that check themselves.",
        "412 -o case.html --actor 'Ada Example' --on-chain --ledger bank/",
        role="auditor",
    ),
    writes(
        "case decide",
        "finance.cases:decide",
        "Decide a case as a person, and have the escrow carry it out where it has the payment.",
        "412 release --by 'Ada Example' --why 'the cardholder was called' --ledger bank/",
    ),
    writes(
        "case settle",
        "finance.escrowed:settle",
        "Do what the clock has decided about a payment in the escrow; anybody may.",
        "p-17 --ledger bank/",
    ),
)
