"""Operations between parties: witnesses, anchors, mirrors, networks."""

from __future__ import annotations

from typing import Final

from counterfoil.ops.catalogue.entries import reads, writes
from counterfoil.ports import Operation

__all__ = ["OPERATIONS"]

OPERATIONS: Final[tuple[Operation, ...]] = (
    writes(
        "witness run",
        "witnesses:run",
        "Cosign the checkpoints of other people's logs over HTTP, until a signal.",
        "--state witness --logs logs.txt --init --name witness.example/w1",
        "--state witness --logs logs.txt --listen 127.0.0.1:8421",
    ),
    reads(
        "witness key",
        "witnesses:key",
        "Print a witness's verifier keys, which go into the policies of those who trust it.",
        "--state witness",
    ),
    writes(
        "witness add",
        "witnesses:add",
        "Show a ledger's checkpoints to a further witness, from the ledger's next start on.",
        "https://witness.example/w1 VKEY --name w1 --ledger shop",
        role="operator",
    ),
    reads(
        "witness ls",
        "witnesses:listing",
        "List the witnesses of a ledger, and what they have cosigned of what is published.",
        "--ledger shop",
    ),
    writes(
        "anchor now",
        "anchors:now",
        "Anchor the published checkpoint on every chain of the ledger's settings, and wait.",
        "--ledger shop",
        role="operator",
    ),
    reads(
        "anchor ls",
        "anchors:listing",
        "List a ledger's final anchors, smallest first.",
        "--ledger shop",
    ),
    reads(
        "anchor status",
        "anchors:status",
        "Say how anchoring stands on each chain, by what is written down; no chain is asked.",
        "--ledger shop",
    ),
    reads(
        "anchor verify",
        "anchors:verify",
        "Ask the chains whether every anchor of a ledger is there.",
        "--ledger shop",
    ),
    reads(
        "serve",
        "serve:serve",
        "Serve a ledger's or mirror's public files over HTTP, read-only, until a signal.",
        "--ledger shop --listen 127.0.0.1:8420",
    ),
    reads(
        "network card",
        "network:card",
        "Write this organisation's card: its keys, each of which signs that they belong together.",
        "--ledger shop --log-url https://shop.example",
        role="operator",
    ),
    reads(
        "network found",
        "network:found",
        "Propose a new network of the organisations of these cards.",
        "shop.json farm.json mill.json",
        role="operator",
    ),
    reads(
        "network invite",
        "network:invite",
        "Propose to admit an organisation, or a member's new keys or log.",
        "card.json --ledger shop",
        role="operator",
    ),
    writes(
        "network join",
        "network:join",
        "Record a proposal that founds a network with this organisation, or admits it.",
        "proposal.json --ledger shop",
        role="operator",
    ),
    writes(
        "network agree",
        "network:agree",
        "Agree to a proposal in this member's log.",
        "proposal.json --ledger shop",
        role="operator",
    ),
    writes(
        "network update",
        "network:update",
        "Go by what came into force: the ledger's policy, and whose logs are watched.",
        "--ledger shop",
        role="operator",
    ),
    reads(
        "network show",
        "network:show",
        "Show the members of this ledger's network, and what is proposed.",
        "--ledger shop",
    ),
    reads(
        "network retire",
        "network:retire",
        "Propose that a member leaves.",
        "https://mill.example --ledger shop",
        role="operator",
    ),
    writes(
        "network freeze",
        "network:freeze",
        "End this ledger's log for good, or state with which checkpoint another's ended.",
        "--successor next.example/7 --why 'the key was stolen' --ledger shop",
        role="operator",
    ),
    writes(
        "network accuse",
        "network:accuse",
        "Record evidence against a log; it is witnessed no more.",
        "equivocation.json --ledger shop",
        role="operator",
    ),
    writes(
        "network demo",
        "network_demo:network_demo",
        "Let three organisations witness and mirror each other; one is killed, one lies.",
        "",
    ),
    writes(
        "network run",
        "member:run",
        "Own a ledger and serve it, witness the peers' logs, and mirror them, until a signal.",
        "--ledger shop --listen 127.0.0.1:8420",
    ),
    reads(
        "mirror run",
        "mirrors:run",
        "Keep a verified full copy of a log, and tell of each round that changed something.",
        "https://log.example copy --policy policy.txt --once",
        "https://log.example copy --policy policy.txt --mode all --listen 127.0.0.1:8422",
    ),
    reads(
        "mirror receipt",
        "mirrors:receipt",
        "Write the receipt of an entry from a mirror alone, also when the log is gone.",
        "3 copy --out receipt.json",
    ),
    reads(
        "monitor run",
        "monitors:run",
        "Watch a log from several sides: one history, witnessed, growing; and who signs.",
        "https://log.example https://mirror.example --policy policy.txt --state seen --once",
        "https://log.example --policy policy.txt --state seen --watch-key 3f2a91c4",
    ),
    reads(
        "evidence make",
        "monitors:make",
        "Make evidence of two checkpoints that one log signed and that exclude each other.",
        "mine.json theirs.json --policy policy.txt --from https://mirror.example --out proof.json",
    ),
    reads(
        "evidence verify",
        "monitors:verify",
        "Verify evidence that a log signed two histories, offline and whoever made it.",
        "equivocation.json --policy policy.txt",
    ),
)
