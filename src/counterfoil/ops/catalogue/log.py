"""Operations on a ledger and its log."""

from __future__ import annotations

from typing import Final

from counterfoil.ops.catalogue.entries import reads, writes
from counterfoil.ports import Operation

__all__ = ["OPERATIONS"]

OPERATIONS: Final[tuple[Operation, ...]] = (
    writes(
        "demo",
        "demo:demo",
        "See it work: payments decided, proofs checked, cheats caught, and a page to look around.",
        "",
        "tour --fresh --once",
    ),
    writes(
        "init",
        "ledgers:init",
        "Make a new ledger: its log, its keys and the trust policy for its readers.",
        "shop --organisation https://shop.example",
    ),
    writes(
        "up",
        "up:up",
        "Serve a ledger: API, pages, watchers, anchoring, actions in one process, until a signal.",
        "--ledger shop",
        "--ledger shop --create --listen 127.0.0.1:0",
        "--ledger shop --listen 0.0.0.0:8420 --url https://ledger.example.org --public hashes",
    ),
    reads(
        "status",
        "ledgers:status",
        "Say how a ledger stands: its size, last checkpoint, sources and keys.",
        "--ledger shop",
    ),
    writes(
        "record add",
        "records:add",
        "Record one JSON object and wait until it is durable.",
        """'{"payment": "P-1", "amount_minor": 4200}' --ledger shop""",
        "payment.json --ledger shop --expect account/7=5000:800",
    ),
    writes(
        "record batch",
        "batch:batch",
        "Record each line or row of a file as a record of its own.",
        "payments.parquet --ledger shop",
        "- --source terminal-7 --ledger shop < payments.ndjson",
    ),
    reads(
        "record get",
        "records:get",
        "Show one entry, decoded.",
        "3 --ledger shop",
    ),
    reads(
        "record search",
        "searches:search",
        "Find records by any of their public fields.",
        "currency=EUR 'amount_minor>100000' --ledger shop",
    ),
    reads(
        "record tail",
        "records:tail",
        "Show the last records, oldest first.",
        "-n 5 --follow --ledger shop",
    ),
    reads(
        "receipt get",
        "receipts:get",
        "Write the receipt of an entry: proof for ever, without the ledger.",
        "3 --ledger shop --out receipt.json",
        "3 --ledger shop --out receipt.html --html",
    ),
    reads(
        "receipt show",
        "receipts:show",
        "Show what a receipt says, without verifying it.",
        "receipt.json",
    ),
    reads(
        "verify",
        "verification:verify",
        "Verify a receipt against your own trust policy, offline.",
        "receipt.json --policy policy.txt",
        "receipt.json --policy policy.txt --rpc embedded:shop/chain.db --anchors anchors.json",
    ),
    reads(
        "audit",
        "audits:audit",
        "Check the whole log: hashes, tree, database, and with --full every signature.",
        "--ledger shop --full",
        "--ledger shop --against receipt.json --policy policy.txt",
        role="auditor",
    ),
    reads(
        "checkpoint ls",
        "checkpoints:listing",
        "List the checkpoints that the ledger keeps, oldest first.",
        "--ledger shop",
    ),
    reads(
        "checkpoint get",
        "checkpoints:get",
        "Print a checkpoint's signed note, byte for byte.",
        "--ledger shop",
    ),
    reads(
        "prove inclusion",
        "checkpoints:inclusion",
        "Prove that an entry stands in the log.",
        "3 --ledger shop",
    ),
    reads(
        "prove consistency",
        "checkpoints:consistency",
        "Prove that the log only grew from one size to another.",
        "3 --ledger shop",
    ),
    reads(
        "key ls",
        "keys:listing",
        "List all keys that were ever added, oldest first.",
        "--ledger shop",
    ),
    writes(
        "key new",
        "keys:new",
        "Make a further key and state it in the log.",
        "intake-2 --role producer --ledger shop",
        role="operator",
    ),
    writes(
        "key rotate",
        "keys:rotate",
        "Replace the producer key by a new one; earlier entries stay good.",
        "--why 'a year is over' --ledger shop",
        role="operator",
    ),
    writes(
        "key revoke",
        "keys:revoke",
        "End a key from an entry on; what it signed before stays good.",
        "3f2a --why 'laptop lost' --ledger shop",
        role="operator",
    ),
    reads(
        "export",
        "exports:export",
        "Write entries as NDJSON, CSV, Parquet or Arrow, or add new ones to a Delta table.",
        "--format csv --kind record --out payments.csv --ledger shop",
    ),
    reads(
        "backup",
        "backups:backup",
        "Copy a ledger while it is in use; again into the same folder copies only what is new.",
        "shop /mnt/disk/shop",
    ),
    writes(
        "recover",
        "recovery:recover",
        "Bring a damaged ledger back: from its own tiles, from a copy, or as a successor.",
        "shop --from /mnt/disk/shop --last-known receipt.json",
    ),
    reads(
        "doctor",
        "health:doctor",
        "Look over a ledger's disk, database, keys and clock, and say what to do.",
        "--ledger shop",
        role="operator",
    ),
    reads(
        "schema",
        "schemas:schema",
        "Print the JSON Schema of a statement's predicate, or list the kinds of statements.",
        "record",
    ),
)
