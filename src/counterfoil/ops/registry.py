"""All operations, by the words that people call them with; every shell is made from this.

Listing them loads none: a target is imported when it is chosen. This module refuses to hold an
operation that is not there yet.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any, Final

from counterfoil.ports import Operation

__all__ = ["GROUPS", "OPERATIONS", "find", "load"]

GROUPS: Final[dict[str, str]] = {
    "record": "Record things, and find them again.",
    "receipt": "Take proof away, and look into it.",
    "checkpoint": "The signed states of the log.",
    "prove": "Proofs for other tools.",
    "key": "The keys that sign for the ledger's organisation.",
    "witness": "Those who see that a log only grows.",
    "anchor": "Checkpoints on EVM chains, out of the operator's reach.",
    "mirror": "Verified copies of other parties' logs.",
    "monitor": "Watch a log from several sides.",
    "network": "Several organisations, each with its own log.",
    "evidence": "Proof that a log told two histories.",
}
"""What the operations that share a first word are about."""


def _operation(words: str, target: str, summary: str, *examples: str, writes: bool) -> Operation:
    lines = tuple(f"counterfoil {words} {rest}".rstrip() for rest in examples)
    return Operation(tuple(words.split()), f"counterfoil.ops.{target}", summary, writes, lines)


def _reads(words: str, target: str, summary: str, *examples: str) -> Operation:
    return _operation(words, target, summary, *examples, writes=False)


def _writes(words: str, target: str, summary: str, *examples: str) -> Operation:
    return _operation(words, target, summary, *examples, writes=True)


OPERATIONS: Final = (
    _writes(
        "demo",
        "demo:demo",
        "See it work: payments decided, proofs checked, cheats caught, and a page to look around.",
        "",
        "tour --fresh --once",
    ),
    _writes(
        "init",
        "ledgers:init",
        "Make a new ledger: its log, its keys and the trust policy for its readers.",
        "shop --organisation https://shop.example",
    ),
    _reads(
        "status",
        "ledgers:status",
        "Say how a ledger stands: its size, last checkpoint, sources and keys.",
        "--ledger shop",
    ),
    _writes(
        "record add",
        "records:add",
        "Record one JSON object and wait until it is durable.",
        """'{"payment": "P-1", "amount_minor": 4200}' --ledger shop""",
        "payment.json --ledger shop --expect account/7=5000:800",
    ),
    _writes(
        "record batch",
        "batch:batch",
        "Record each line or row of a file as a record of its own.",
        "payments.parquet --ledger shop",
        "- --source terminal-7 --ledger shop < payments.ndjson",
    ),
    _reads(
        "record get",
        "records:get",
        "Show one entry, decoded.",
        "3 --ledger shop",
    ),
    _reads(
        "record search",
        "searches:search",
        "Find records by any of their public fields.",
        "currency=EUR 'amount_minor>100000' --ledger shop",
    ),
    _reads(
        "record tail",
        "records:tail",
        "Show the last records, oldest first.",
        "-n 5 --follow --ledger shop",
    ),
    _reads(
        "receipt get",
        "receipts:get",
        "Write the receipt of an entry: proof for ever, without the ledger.",
        "3 --ledger shop --out receipt.json",
        "3 --ledger shop --out receipt.html --html",
    ),
    _reads(
        "receipt show",
        "receipts:show",
        "Show what a receipt says, without verifying it.",
        "receipt.json",
    ),
    _reads(
        "verify",
        "verification:verify",
        "Verify a receipt against your own trust policy, offline.",
        "receipt.json --policy policy.txt",
        "receipt.json --policy policy.txt --rpc embedded:shop/chain.db --anchors anchors.json",
    ),
    _reads(
        "audit",
        "audits:audit",
        "Check the whole log: hashes, tree, database, and with --full every signature.",
        "--ledger shop --full",
        "--ledger shop --against receipt.json --policy policy.txt",
    ),
    _reads(
        "checkpoint ls",
        "checkpoints:listing",
        "List the checkpoints that the ledger keeps, oldest first.",
        "--ledger shop",
    ),
    _reads(
        "checkpoint get",
        "checkpoints:get",
        "Print a checkpoint's signed note, byte for byte.",
        "--ledger shop",
    ),
    _reads(
        "prove inclusion",
        "checkpoints:inclusion",
        "Prove that an entry stands in the log.",
        "3 --ledger shop",
    ),
    _reads(
        "prove consistency",
        "checkpoints:consistency",
        "Prove that the log only grew from one size to another.",
        "3 --ledger shop",
    ),
    _reads(
        "key ls",
        "keys:listing",
        "List all keys that were ever added, oldest first.",
        "--ledger shop",
    ),
    _writes(
        "key new",
        "keys:new",
        "Make a further key and state it in the log.",
        "intake-2 --role producer --ledger shop",
    ),
    _writes(
        "key rotate",
        "keys:rotate",
        "Replace the producer key by a new one; earlier entries stay good.",
        "--why 'a year is over' --ledger shop",
    ),
    _writes(
        "key revoke",
        "keys:revoke",
        "End a key from an entry on; what it signed before stays good.",
        "3f2a --why 'laptop lost' --ledger shop",
    ),
    _reads(
        "export",
        "exports:export",
        "Write entries as NDJSON, CSV or Parquet; a file appears whole or not at all.",
        "--format csv --kind record --out payments.csv --ledger shop",
    ),
    _reads(
        "backup",
        "backups:backup",
        "Copy a ledger while it is in use; again into the same folder copies only what is new.",
        "shop /mnt/disk/shop",
    ),
    _writes(
        "recover",
        "recovery:recover",
        "Bring a damaged ledger back: from its own tiles, from a copy, or as a successor.",
        "shop --from /mnt/disk/shop --last-known receipt.json",
    ),
    _writes(
        "witness run",
        "witnesses:run",
        "Cosign the checkpoints of other people's logs over HTTP, until a signal.",
        "--state witness --logs logs.txt --init --name witness.example/w1",
        "--state witness --logs logs.txt --listen 127.0.0.1:8421",
    ),
    _reads(
        "witness key",
        "witnesses:key",
        "Print a witness's verifier keys, which go into the policies of those who trust it.",
        "--state witness",
    ),
    _writes(
        "witness add",
        "witnesses:add",
        "Show a ledger's checkpoints to a further witness, from the ledger's next start on.",
        "https://witness.example/w1 VKEY --name w1 --ledger shop",
    ),
    _reads(
        "witness ls",
        "witnesses:listing",
        "List the witnesses of a ledger, and what they have cosigned of what is published.",
        "--ledger shop",
    ),
    _writes(
        "anchor now",
        "anchors:now",
        "Anchor the published checkpoint on every chain of the ledger's settings, and wait.",
        "--ledger shop",
    ),
    _reads(
        "anchor ls",
        "anchors:listing",
        "List a ledger's final anchors, smallest first.",
        "--ledger shop",
    ),
    _reads(
        "anchor status",
        "anchors:status",
        "Say how anchoring stands on each chain, by what is written down; no chain is asked.",
        "--ledger shop",
    ),
    _reads(
        "anchor verify",
        "anchors:verify",
        "Ask the chains whether every anchor of a ledger is there.",
        "--ledger shop",
    ),
    _reads(
        "serve",
        "serve:serve",
        "Serve a ledger's or mirror's public files over HTTP, read-only, until a signal.",
        "--ledger shop --listen 127.0.0.1:8420",
    ),
    _reads(
        "network card",
        "network:card",
        "Write this organisation's card: its keys, each of which signs that they belong together.",
        "--ledger shop --log-url https://shop.example",
    ),
    _reads(
        "network found",
        "network:found",
        "Propose a new network of the organisations of these cards.",
        "shop.json farm.json mill.json",
    ),
    _reads(
        "network invite",
        "network:invite",
        "Propose to admit an organisation, or a member's new keys or log.",
        "card.json --ledger shop",
    ),
    _writes(
        "network join",
        "network:join",
        "Record a proposal that founds a network with this organisation, or admits it.",
        "proposal.json --ledger shop",
    ),
    _writes(
        "network agree",
        "network:agree",
        "Agree to a proposal in this member's log.",
        "proposal.json --ledger shop",
    ),
    _writes(
        "network update",
        "network:update",
        "Go by what came into force: the ledger's policy, and whose logs are watched.",
        "--ledger shop",
    ),
    _reads(
        "network ls",
        "network:listing",
        "Show the members of this ledger's network, and what is proposed.",
        "--ledger shop",
    ),
    _reads(
        "network retire",
        "network:retire",
        "Propose that a member leaves.",
        "https://mill.example --ledger shop",
    ),
    _writes(
        "network freeze",
        "network:freeze",
        "End this ledger's log for good, or state with which checkpoint another's ended.",
        "--successor next.example/7 --why 'the key was stolen' --ledger shop",
    ),
    _writes(
        "network accuse",
        "network:accuse",
        "Record evidence against a log; it is witnessed no more.",
        "equivocation.json --ledger shop",
    ),
    _writes(
        "network demo",
        "network_demo:network_demo",
        "Let three organisations witness and mirror each other; one is killed, one lies.",
        "",
    ),
    _writes(
        "network run",
        "member:run",
        "Own a ledger and serve it, witness the peers' logs, and mirror them, until a signal.",
        "--ledger shop --listen 127.0.0.1:8420",
    ),
    _reads(
        "mirror run",
        "mirrors:run",
        "Keep a verified full copy of a log, and tell of each round that changed something.",
        "https://log.example copy --policy policy.txt --once",
        "https://log.example copy --policy policy.txt --mode all --listen 127.0.0.1:8422",
    ),
    _reads(
        "mirror receipt",
        "mirrors:receipt",
        "Write the receipt of an entry from a mirror alone, also when the log is gone.",
        "3 copy --out receipt.json",
    ),
    _reads(
        "monitor run",
        "monitors:run",
        "Watch a log from several sides: one history, witnessed, growing; and who signs.",
        "https://log.example https://mirror.example --policy policy.txt --state seen --once",
        "https://log.example --policy policy.txt --state seen --watch-key 3f2a91c4",
    ),
    _reads(
        "evidence make",
        "monitors:make",
        "Make evidence of two checkpoints that one log signed and that exclude each other.",
        "mine.json theirs.json --policy policy.txt --from https://mirror.example --out proof.json",
    ),
    _reads(
        "evidence verify",
        "monitors:verify",
        "Verify evidence that a log signed two histories, offline and whoever made it.",
        "equivocation.json --policy policy.txt",
    ),
    _reads(
        "doctor",
        "health:doctor",
        "Look over a ledger's disk, database, keys and clock, and say what to do.",
        "--ledger shop",
    ),
    _reads(
        "schema",
        "schemas:schema",
        "Print the JSON Schema of a core statement's predicate, or list the statements.",
        "record",
    ),
)
"""Every operation, in the order in which help lists them."""


def find(words: tuple[str, ...]) -> Operation | None:
    """Find the operation with exactly these words."""
    return next((operation for operation in OPERATIONS if operation.words == words), None)


def load(operation: Operation) -> Callable[..., Any]:
    """Import an operation's function."""
    module, _, name = operation.target.partition(":")
    function: Callable[..., Any] = getattr(import_module(module), name)
    return function
