"""Speak with the anchor contract: register a log, anchor its trees, and ask what stands there.

A log's id is computed here and held against the contract's own; what it refuses comes as an error
of ours. This module refuses to send: it makes calls, which `anchor_queue` writes down first, and
reads. It knows no ledger: sizes, roots and proofs are arguments.
Source: `contracts/anchor.vy`; EIP-712.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from counterfoil.chain.abi import ContractAbi
from counterfoil.chain.quantities import address_of, keccak
from counterfoil.errors import CounterfoilError, NotFound, Refused, VerificationError
from counterfoil.ports import Chain, ChainCall, TxReceipt

if TYPE_CHECKING:
    from counterfoil.chain.accounts import Account

__all__ = [
    "AnchorContract",
    "Anchored",
    "Standing",
    "compute_log_id",
    "hash_log_keys",
    "hash_origin",
    "refused_by_contract",
]

NO_ADDRESS: Final = "0x" + "00" * 20


@dataclass(frozen=True, slots=True)
class Standing:
    """What a log anchored last. root: 32 bytes. time_s: of the block, Unix time."""

    size: int
    root: bytes
    time_s: int


@dataclass(frozen=True, slots=True)
class Anchored:
    """An event: this root was anchored at this size. tx_hash, block_hash: 32 bytes."""

    log_id: bytes
    size: int
    root: bytes
    time_s: int
    tx_hash: bytes
    block: int
    block_hash: bytes


def hash_origin(origin: str) -> bytes:
    """Hash a log's origin as the contract knows it: Keccak-256 of its UTF-8 text."""
    return keccak(origin.encode())


def hash_log_keys(vkeys: Iterable[str]) -> bytes:
    """Hash a log's verifier keys: Keccak-256 of their texts, sorted, one a line, no last newline.

    Sorted, since the order of lines in somebody's policy says nothing.
    """
    return keccak("\n".join(sorted(vkeys)).encode())


def compute_log_id(
    chain_id: int, contract: str, owner: str, origin_hash: bytes, log_key_hash: bytes
) -> bytes:
    """Compute a log's id, 32 bytes: who registers our origin first gets another one.

    keccak256(abi.encode(chain id, contract, owner, origin_hash, log_key_hash)).
    """
    words = (
        chain_id.to_bytes(32, "big"),
        bytes.fromhex(contract[2:]).rjust(32, b"\0"),
        bytes.fromhex(owner[2:]).rjust(32, b"\0"),
        origin_hash,
        log_key_hash,
    )
    return keccak(b"".join(words))


class AnchorContract:
    """The anchor at an address of a chain.

    abi: as `contracts.load_artifact` gives it. Reads raise what `Chain.call` raises, and
    VerificationError with code chain.answer when no such contract stands there.
    """

    def __init__(self, chain: Chain, address: str, abi: Sequence[dict[str, Any]]) -> None:
        self.chain = chain
        self.address = address_of(address)
        self._abi = ContractAbi(abi)

    def log_id(self, owner: str, origin_hash: bytes, log_key_hash: bytes) -> bytes:
        """Compute a log's id and hold it against what the contract computes.

        Raises VerificationError with code anchor.log-id.
        """
        ours = compute_log_id(self.chain.chain_id, self.address, owner, origin_hash, log_key_hash)
        (theirs,) = self._view("log_id_of", owner, origin_hash, log_key_hash)
        if theirs != ours:
            raise VerificationError(
                "anchor.log-id",
                f"expected the contract {self.address} to compute the log id 0x{ours.hex()}, "
                f"found 0x{theirs.hex()}",
                hint="Another contract stands at that address, or the node lies.",
            )
        return ours

    def owner_of(self, log_id: bytes) -> str | None:
        """Tell who registered a log; None for an unknown one."""
        return _or_none(self._view("owner_of", log_id)[0])

    def anchor_key_of(self, log_id: bytes) -> str | None:
        """Tell which account may anchor now; None while the owner keeps the log frozen."""
        return _or_none(self._view("anchor_key_of", log_id)[0])

    def latest(self, log_id: bytes) -> Standing:
        """Tell what was anchored last. Raises NotFound with code anchor.unregistered."""
        try:
            size, root, time_s = self._view("latest", log_id)
        except Refused as err:
            if err.code != "chain.reverted":
                raise
            raise NotFound(
                "anchor.unregistered",
                f"expected the log 0x{log_id.hex()} in the anchor {self.address} on chain "
                f"{self.chain.chain_id}, found none",
                hint="`counterfoil anchor now` registers it; check chain, contract and owner.",
            ) from err
        return Standing(size, root, time_s)

    def anchored(self, log_id: bytes, size: int, time_s: int) -> bytes | None:
        """Read the root that was anchored at a size and time; None where nothing was."""
        (root,) = self._view("anchored", log_id, size, time_s)
        return root if any(root) else None

    def includes(
        self,
        log_id: bytes,
        at: tuple[int, int],
        index: int,
        leaf_hash: bytes,
        path: Sequence[bytes],
    ) -> bool:
        """Ask the contract whether a leaf stands under the root anchored at (size, time)."""
        found: bool = self._view("verify_inclusion", log_id, *at, index, leaf_hash, list(path))[0]
        return found

    def quorum_of(self, log_id: bytes) -> tuple[tuple[str, ...], int]:
        """Tell which organisations must cosign, and how many of them; 0: there is no quorum."""
        members, threshold, _ = self._view("quorum_of", log_id)
        return members, threshold

    def register(self, origin_hash: bytes, log_key_hash: bytes, anchor_key: str) -> ChainCall:
        """Make the call by which an owner registers a log."""
        return self._call("register", origin_hash, log_key_hash, anchor_key)

    def rotate_anchor_key(self, log_id: bytes, anchor_key: str | None) -> ChainCall:
        """Make the call by which the owner lets another account anchor; None freezes the log."""
        return self._call("rotate_anchor_key", log_id, anchor_key or NO_ADDRESS)

    def anchor(
        self, log_id: bytes, sizes: tuple[int, int], new_root: bytes, proof: Sequence[bytes]
    ) -> ChainCall:
        """Make the call by which the anchor key anchors. sizes: the old and the new one."""
        return self._call("anchor", log_id, *sizes, new_root, list(proof))

    def anchor_by_signature(
        self,
        log_id: bytes,
        sizes: tuple[int, int],
        new_root: bytes,
        proof: Sequence[bytes],
        signed: tuple[int, bytes],
    ) -> ChainCall:
        """Make the call by which anybody relays; signed: deadline (Unix s) and signature."""
        return self._call("anchor_by_signature", log_id, *sizes, new_root, list(proof), *signed)

    def sign_anchor(
        self,
        account: Account,
        log_id: bytes,
        sizes: tuple[int, int],
        new_root: bytes,
        deadline_s: int,
    ) -> bytes:
        """Sign an anchoring for others to relay (EIP-712), 65 bytes; good until `deadline_s`."""
        said = {
            "log_id": log_id,
            "old_size": sizes[0],
            "new_size": sizes[1],
            "new_root": new_root,
            "deadline": deadline_s,
        }
        kinds = ("bytes32", "uint64", "uint64", "bytes32", "uint256")
        return self._sign(account, "Anchor", said, kinds)

    def sign_cosignature(self, account: Account, log_id: bytes, size: int, root: bytes) -> bytes:
        """Cosign a root by an organisation's witness key (EIP-712), 65 bytes."""
        said = {"log_id": log_id, "size": size, "root": root}
        return self._sign(account, "Cosignature", said, ("bytes32", "uint64", "bytes32"))

    def sign_enrolment(self, account: Account, organisation: str) -> bytes:
        """Let a witness key say for which organisation it signs (EIP-712), 65 bytes."""
        return self._sign(account, "Enrolment", {"organisation": organisation}, ("address",))

    def enrol(self, witness_key: str, signature: bytes) -> ChainCall:
        """Make the call by which an organisation takes a witness key."""
        return self._call("enrol", witness_key, signature)

    def leave(self) -> ChainCall:
        """Make the call by which an organisation stops witnessing."""
        return self._call("leave")

    def set_quorum(self, log_id: bytes, members: Sequence[str], threshold: int) -> ChainCall:
        """Make the call by which an owner asks for cosignatures; a change waits for a week."""
        return self._call("set_quorum", log_id, sorted(members, key=str.lower), threshold)

    def apply_quorum(self, log_id: bytes) -> ChainCall:
        """Make the call that puts a proposed quorum in force after its delay."""
        return self._call("apply_quorum", log_id)

    def anchor_with_quorum(
        self,
        log_id: bytes,
        sizes: tuple[int, int],
        new_root: bytes,
        proof: Sequence[bytes],
        cosignatures: Sequence[bytes],
        signed: tuple[int, bytes] = (0, b""),
    ) -> ChainCall:
        """Make the call for a log with a quorum; signed: as for `anchor_by_signature`, to relay."""
        arguments = (*sizes, new_root, list(proof), *signed, list(cosignatures))
        return self._call("anchor_with_quorum", log_id, *arguments)

    def find_event(self, receipt: TxReceipt, log_id: bytes, size: int) -> Anchored | None:
        """Find the event of a size in a transaction's receipt; None where it has none."""
        for log in receipt.logs:
            if log.address != self.address:
                continue
            event = self._abi.event(log)
            if event is None or event[0] != "Anchored":
                continue
            said = event[1]
            if (said["log_id"], said["size"]) == (log_id, size):
                return Anchored(
                    log_id, size, said["root"], said["time"], log.tx_hash, log.block, log.block_hash
                )
        return None

    def events(self, log_id: bytes, size: int | None, first: int, last: int) -> list[Anchored]:
        """List the events of a log, of one size or of all, in blocks `first` to `last`."""
        topics = [self._abi.topic("Anchored"), log_id]
        if size is not None:
            topics.append(size.to_bytes(32, "big"))
        found = []
        for log in self.chain.logs(self.address, first, last, topics):
            event = self._abi.event(log)
            if event is None:  # pragma: no cover - the topic was asked for
                continue
            said = event[1]
            found.append(
                Anchored(
                    log_id,
                    said["size"],
                    said["root"],
                    said["time"],
                    log.tx_hash,
                    log.block,
                    log.block_hash,
                )
            )
        return found

    def _view(self, function: str, *arguments: object) -> tuple[Any, ...]:
        call = self._call(function, *arguments)
        return self._abi.decode(function, self.chain.call(call))

    def _call(self, function: str, *arguments: object) -> ChainCall:
        return ChainCall(self.address, self._abi.encode(function, *arguments))

    def _sign(
        self, account: Account, kind: str, said: dict[str, Any], types: Sequence[str]
    ) -> bytes:
        domain = {
            "name": "Counterfoil Anchor",
            "version": "1",
            "chainId": self.chain.chain_id,
            "verifyingContract": self.address,
        }
        fields = [{"name": name, "type": type_} for name, type_ in zip(said, types, strict=True)]
        own = [
            {"name": "name", "type": "string"},
            {"name": "version", "type": "string"},
            {"name": "chainId", "type": "uint256"},
            {"name": "verifyingContract", "type": "address"},
        ]
        return account.sign_typed_data(
            {
                "types": {"EIP712Domain": own, kind: fields},
                "primaryType": kind,
                "domain": domain,
                "message": said,
            }
        )


def refused_by_contract(err: Refused, address: str) -> CounterfoilError:
    """Turn a revert of the anchor into an error that says what to do; others stay as they are."""
    if err.code != "chain.reverted":
        return err
    if "not the anchor key" in err.message:
        return Refused(
            "anchor.key",
            f"expected the account {address} to be the log's anchor key, found another one",
            hint="The owner rotated it, or froze the log: bring back the key that it names.",
        )
    if "quorum" in err.message:
        return Refused(
            "anchor.quorum",
            "expected a log that its anchor key may anchor alone, found one with a quorum of "
            "other organisations",
            hint="Collect their cosignatures and send them with the anchor.",
        )
    if "fork" in err.message or "new root" in err.message or "old root" in err.message:
        return VerificationError(
            "anchor.forked",
            f"expected the anchored tree to be an earlier state of this log, but: {err.message}",
            hint="Another history of this log was anchored: look at `counterfoil audit`.",
        )
    return err


def _or_none(address: str) -> str | None:
    return None if address == NO_ADDRESS else address
