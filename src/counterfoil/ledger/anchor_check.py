"""Ask a chain whether what a receipt claims is so: turn a claim into a check.

Nothing is taken from the receipt but where to look: the log's id is computed from the reader's
own keys of the log, the contract's code is compared with ours, the root with the one that the
reader verified. This module refuses to say whether a chain is worth anything: it names who runs it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from counterfoil.errors import Unavailable, VerificationError
from counterfoil.formats.anchors import NamedAnchor
from counterfoil.formats.checkpoint import Checkpoint
from counterfoil.formats.policy import Policy
from counterfoil.formats.receipt import AnchorClaim
from counterfoil.formats.vkey import VerifierKey, format_vkey
from counterfoil.ledger.state import state_folder
from counterfoil.ports import Chain
from counterfoil.storage import SeenAnchors

if TYPE_CHECKING:
    from counterfoil.chain.anchor_contract import AnchorContract

__all__ = ["CheckedAnchor", "check_claim", "check_claims_on", "seen_anchors"]


@dataclass(frozen=True, slots=True)
class CheckedAnchor:
    """An anchor that a chain confirmed.

    network: what the chain is called; None for one that we do not know. run_by: who runs it, in
    words. time_s: of the block, Unix time. confirmations: blocks from it to the newest, both
    included. final: the chain itself says that it stays. named: the reader named contract and
    owner. url: of the node that was asked, without credentials.
    """

    chain_id: int
    network: str | None
    run_by: str
    contract: str
    owner: str
    log_id: str
    transaction: str
    block: int
    time_s: int
    confirmations: int
    final: bool
    named: bool
    url: str

    @property
    def words(self) -> str:
        """Say what it is worth, to stand beside the grade."""
        name = f" ({self.network})" if self.network else ""
        state = "" if self.final else f", not final yet after {self.confirmations} blocks"
        owner = "" if self.named else ", by an owner that your anchors file does not name"
        return f"anchored on chain {self.chain_id}{name}, run by {self.run_by}{state}{owner}"


def seen_anchors() -> SeenAnchors:
    """Give what this user's readers saw of anchors."""
    return SeenAnchors(state_folder() / "seen-anchors.db")


def check_claims_on(
    chains: Iterable[Chain],
    claims: Sequence[AnchorClaim],
    checkpoint: Checkpoint,
    policy: Policy,
    named: Sequence[NamedAnchor] = (),
    seen: SeenAnchors | None = None,
) -> tuple[CheckedAnchor, ...]:
    """Check the claims of each chain that was named.

    Raises VerificationError with code anchor.unclaimed when a chain has no claim, and as
    `check_claim`.
    """
    keys = [log.key for log in policy.logs if log.key.name == checkpoint.origin]
    checked = []
    for chain in chains:
        found = [claim for claim in claims if claim.chain_id == chain.chain_id]
        if not found:
            raise VerificationError(
                "anchor.unclaimed",
                f"expected the receipt to be anchored on chain {chain.chain_id} at {chain.url}, "
                f"found claims for {_listed(claims)}",
                hint="Name a node of a chain that the receipt names, or get a newer receipt.",
            )
        for claim in found:
            checked.append(check_claim(chain, claim, checkpoint, keys, named, seen))
    return tuple(checked)


def check_claim(
    chain: Chain,
    claim: AnchorClaim,
    checkpoint: Checkpoint,
    keys: Sequence[VerifierKey],
    named: Sequence[NamedAnchor] = (),
    seen: SeenAnchors | None = None,
) -> CheckedAnchor:
    """Check that a checkpoint is anchored as a receipt claims.

    chain: of the claim's chain id. keys: the log's, from the reader's policy. named: whom the
    reader trusts; one that names this log on this chain must agree. seen: what was seen
    before, for logs that `named` does not hold.
    Raises VerificationError with code anchor.contract, anchor.absent, anchor.differs,
    anchor.transaction, anchor.other-owner or anchor.changed, and what the chain raises.
    """
    from counterfoil.chain.anchor_contract import (
        AnchorContract,
        compute_log_id,
        hash_log_keys,
        hash_origin,
    )
    from counterfoil.chain.networks import NETWORKS
    from counterfoil.contracts import load_artifact

    ours = _named(claim, checkpoint.origin, named)
    artifact = load_artifact("anchor")
    contract = AnchorContract(chain, claim.contract, artifact.abi)
    if chain.code(contract.address) != artifact.runtime:
        raise VerificationError(
            "anchor.contract",
            f"expected our anchor contract at {claim.contract} on chain {claim.chain_id}, found "
            "other code or none",
            hint="Whatever stands there proves nothing: do not count this anchor.",
        )
    hashes = hash_origin(checkpoint.origin), hash_log_keys(map(format_vkey, keys))
    log_id = compute_log_id(claim.chain_id, contract.address, claim.owner, *hashes)
    _check_root(contract, log_id, claim, checkpoint)
    _check_transaction(contract, log_id, claim, checkpoint)
    if ours is None and seen is not None:
        _check_seen(seen, claim, checkpoint.origin, log_id)
    network = NETWORKS.get(claim.chain_id)
    return CheckedAnchor(
        chain_id=claim.chain_id,
        network=network.name if network else None,
        run_by=chain.run_by if ours is None else ours.run_by,
        contract=contract.address,
        owner=claim.owner,
        log_id=f"0x{log_id.hex()}",
        transaction=claim.transaction,
        block=claim.block,
        time_s=claim.time_s,
        confirmations=max(0, chain.head().number - claim.block + 1),
        final=chain.final().number >= claim.block,
        named=ours is not None,
        url=chain.url,
    )


def _named(claim: AnchorClaim, origin: str, named: Sequence[NamedAnchor]) -> NamedAnchor | None:
    """Find whom the reader names for a log on a chain, and refuse another one."""
    for one in named:
        if (one.origin, one.chain_id) != (origin, claim.chain_id):
            continue
        places = (one.contract.lower(), one.owner.lower())
        if places != (claim.contract.lower(), claim.owner.lower()):
            raise VerificationError(
                "anchor.other-owner",
                f"expected {origin} to be anchored on chain {claim.chain_id} in contract "
                f"{one.contract} by {one.owner}, found contract {claim.contract} and owner "
                f"{claim.owner}",
                hint="Somebody else registered this log, or its operator moved: ask for the new "
                "anchors.json by a way that you trust.",
            )
        return one
    return None


def _check_root(
    contract: AnchorContract, log_id: bytes, claim: AnchorClaim, ours: Checkpoint
) -> None:
    root = contract.anchored(log_id, ours.size, claim.time_s)
    if root is None:
        raise VerificationError(
            "anchor.absent",
            f"expected the contract {claim.contract} on chain {claim.chain_id} to hold a root of "
            f"{ours.size} entries from {claim.time_s} for owner {claim.owner} and the log keys "
            "of your policy, found none",
            hint="The claim is false, the node is not up to date, or your policy lacks one of "
            "the log's keys.",
        )
    if root != ours.root:
        raise VerificationError(
            "anchor.differs",
            f"expected root {ours.root.hex()} for {ours.size} entries, found {root.hex()} on "
            f"chain {claim.chain_id}: this log showed two histories",
            hint="Keep this receipt: with the chain it proves what the log's operator did.",
        )


def _check_transaction(
    contract: AnchorContract, log_id: bytes, claim: AnchorClaim, ours: Checkpoint
) -> None:
    receipt = contract.chain.tx_receipt(bytes.fromhex(claim.transaction[2:]))
    event = None if receipt is None else contract.find_event(receipt, log_id, ours.size)
    said = (ours.root, claim.time_s, claim.block)
    if event is None or (event.root, event.time_s, event.block) != said:
        found = "none" if event is None else f"{event.root.hex()} in block {event.block}"
        raise VerificationError(
            "anchor.transaction",
            f"expected transaction {claim.transaction} on chain {claim.chain_id} to anchor "
            f"{ours.root.hex()} in block {claim.block}, found {found}",
            hint="The root is anchored, but not by that transaction: get the receipt again.",
        )


def _check_seen(seen: SeenAnchors, claim: AnchorClaim, origin: str, log_id: bytes) -> None:
    try:
        first = seen.first(origin, claim.chain_id, log_id)
    except Unavailable:
        return  # a machine that keeps no state verifies all the same
    if first != log_id:
        raise VerificationError(
            "anchor.changed",
            f"expected {origin} to be anchored on chain {claim.chain_id} under the id "
            f"0x{first.hex()} that was seen here first, found 0x{log_id.hex()}",
            hint="Somebody else registered this log, or its operator began anew; if that is so, "
            "remove seen-anchors.db from the state folder.",
        )


def _listed(claims: Sequence[AnchorClaim]) -> str:
    return ", ".join(f"chain {claim.chain_id}" for claim in claims) or "none"
