"""A log of numbered leaves that is anchored on a chain: what the tests of anchoring share."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from counterfoil.chain import Account, NodeChain, account_of, deploy, transact
from counterfoil.chain.anchor_book import AnchorBook
from counterfoil.chain.anchor_contract import AnchorContract, hash_log_keys, hash_origin
from counterfoil.chain.anchor_queue import AnchorQueue
from counterfoil.chain.anchor_tables import ChainNote
from counterfoil.contracts import load_artifact
from counterfoil.ports import ChainCall
from counterfoil.proofs.merkle import (
    EMPTY_ROOT,
    consistency_path,
    inclusion_path,
    leaf_hash,
    reader_of,
    root_of_range,
)

__all__ = ["KEYS_HASH", "ORIGIN_HASH", "Anchoring", "NumberedLog", "TurnedClock", "anchoring"]

ORIGIN_HASH = hash_origin("log.example/anchored")
KEYS_HASH = hash_log_keys(["log.example/anchored+00000000+AA=="])
COINS = 10**18


class NumberedLog:
    """A log whose leaves are numbers, from `first` on; size: what is published."""

    def __init__(self, size: int = 0, first: int = 0) -> None:
        self.size = size
        self._hashes = [leaf_hash(b"%d" % number) for number in range(first, first + 300)]

    def published(self) -> tuple[int, bytes, bytes]:
        return self.size, self.root(self.size), b"note %d" % self.size

    def root(self, size: int) -> bytes:
        return root_of_range(0, size, self._nodes(size)) if size else EMPTY_ROOT

    def prove(self, old: int, new: int) -> Sequence[bytes]:
        return consistency_path(old, new, self._nodes(new))

    def include(self, index: int, size: int) -> tuple[bytes, Sequence[bytes]]:
        return self._hashes[index], inclusion_path(index, size, self._nodes(size))

    def _nodes(self, size: int) -> Any:
        return reader_of(self._hashes[:size])


class TurnedClock:
    """A clock that a test turns, from a fixed time on."""

    def __init__(self, now_ms: int = 1_800_000_000_000) -> None:
        self.at_ms = now_ms

    def now_ms(self) -> int:
        return self.at_ms


class Anchoring:
    """A registered log: chain, contract, accounts, book, and a queue that can be made anew."""

    def __init__(
        self,
        folder: Path,
        chain: NodeChain,
        contract: AnchorContract,
        known: ChainNote,
        owner: Account,
        account: Account,
    ) -> None:
        self.folder, self.chain, self.contract, self.known = folder, chain, contract, known
        self.owner, self.account = owner, account
        self.log_id = known.log_id
        self.log, self.clock = NumberedLog(5), TurnedClock()
        self.book = AnchorBook(folder / "anchor.db", create=True)
        self.book.add_chain(known)
        self.queue = self.over(chain)

    def over(self, chain: NodeChain, *, stuck_ms: int = 60_000) -> AnchorQueue:
        """Make a queue that asks another node of the chain, or the same one after a restart."""
        contract = AnchorContract(chain, self.contract.address, load_artifact("anchor").abi)
        return AnchorQueue(
            self.book, contract, self.account, self.known, self.log, self.clock, stuck_ms=stuck_ms
        )

    def restart(self) -> None:
        """Forget everything that is not in the book."""
        self.book.close()
        self.book = AnchorBook(self.folder / "anchor.db")
        self.queue = self.over(self.chain)

    def anchor(self, size: int) -> None:
        """Anchor a size by hand, past the queue, with the log's own key."""
        old = self.contract.latest(self.log_id).size
        proof = self.log.prove(old, size) if old else ()
        call = self.contract.anchor(self.log_id, (old, size), self.log.root(size), proof)
        transact(self.chain, self.account, call)

    def sizes(self) -> list[int]:
        """List the sizes that the chain has events of, in order."""
        head = self.chain.head().number
        return [event.size for event in self.contract.events(self.log_id, None, 0, head)]


def anchoring(folder: Path, chain: NodeChain, rich: Account, number: int = 1) -> Anchoring:
    """Deploy the contract and register a log; number: makes its accounts. rich: pays for all."""
    artifact = load_artifact("anchor")
    owner, account = (account_of(bytes([kind]) * 31 + bytes([number])) for kind in (7, 8))
    for one in (owner, account):
        transact(chain, rich, ChainCall(one.address, value_wei=COINS))
    deployment = deploy(chain, rich, artifact, folder / "deployments")
    contract = AnchorContract(chain, deployment.address, artifact.abi)
    log_id = contract.log_id(owner.address, ORIGIN_HASH, KEYS_HASH)
    if contract.owner_of(log_id) is None:
        transact(chain, owner, contract.register(ORIGIN_HASH, KEYS_HASH, account.address))
    known = ChainNote(
        chain.chain_id,
        chain.url,
        chain.run_by,
        contract.address,
        owner.address,
        account.address,
        log_id,
        deployment.block,
    )
    return Anchoring(folder, chain, contract, known, owner, account)
