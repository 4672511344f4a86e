"""A node of an embedded chain: makes it, opens it, appends to it one transaction a block.

What it serves is in `methods`. One lock lets one request in at a time, as the EVM is no place for
two threads. This module refuses to mine a transaction that would be reverted, to offer a way back
to an earlier block, and to sign.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

from counterfoil.chain.embedded.database import ChainDatabase, StoredLog
from counterfoil.chain.embedded.genesis import (
    Genesis,
    fresh_chain_id,
    parse_genesis,
    require_unknown,
)
from counterfoil.chain.embedded.machine import Machine, Message, Mined
from counterfoil.chain.embedded.owner import ChainOwner
from counterfoil.chain.small_files import sync_folder
from counterfoil.chain.transport import TRANSACTION_REJECTED, RpcError
from counterfoil.errors import InputError, NotFound, Unavailable, VerificationError
from counterfoil.ports import Clock, SystemClock

__all__ = ["EmbeddedNode", "create_node", "open_node", "stored_logs"]


class EmbeddedNode:
    """An embedded chain that is open; see `open_node`.

    genesis: what it began with. machine: its EVM, to be used inside `turn` only.
    """

    def __init__(
        self,
        database: ChainDatabase,
        genesis: Genesis,
        clock: Clock,
        owner: ChainOwner | None,
    ) -> None:
        self.genesis = genesis
        self.machine = Machine(database, genesis.chain_id)
        self.database = database
        self._clock = clock
        self._owner = owner
        self._turn = threading.RLock()
        self._closed = False

    @property
    def chain_id(self) -> int:
        """The chain's id (EIP-155)."""
        return self.genesis.chain_id

    def now_s(self) -> int:
        """Tell the Unix time, s."""
        return self._clock.now_ms() // 1000

    @contextlib.contextmanager
    def turn(self) -> Iterator[Machine]:
        """Have the machine for oneself, and one state of the chain, inside."""
        with self._turn:
            if self._closed:
                raise Unavailable("chain.unreachable", "expected an open chain, found it closed")
            with self.database.snapshot():
                yield self.machine

    def append(self, raw: bytes) -> bytes:
        """Put a signed transaction in a block of its own, durably, and give its hash.

        One that stands in a block already is fine. Raises RpcError when it may not be in a
        block; Unavailable with code chain.disk, then sending it again is safe.
        """
        with self.turn() as machine:
            transaction = machine.decode(raw)
            if machine.find(transaction.hash) is not None:
                return bytes(transaction.hash)
            if self.database.read_only:
                raise RpcError(TRANSACTION_REJECTED, "this chain is open for reading only")
            try:
                mined = machine.mine(transaction, self.now_s())
                number = mined.block.number
                self.database.commit(number, stored_logs(mined), head_facts(mined))
            except BaseException:
                self.database.discard()
                raise
            return bytes(transaction.hash)

    def call(self, message: Message, number: int | None) -> bytes:
        """Run a message; see `Machine.call`."""
        with self.turn() as machine:
            return machine.call(message, number, self.now_s())

    def estimate(self, message: Message) -> int:
        """Find the least gas for a message; see `Machine.estimate`."""
        with self.turn() as machine:
            return machine.estimate(message, self.now_s())

    def announce(self, url: str) -> None:
        """Write into the lock where the chain is served."""
        if self._owner is not None:
            self._owner.announce({"url": url})

    def close(self) -> None:
        """Let go of the file and of its lock. Calling it again does nothing."""
        with self._turn:
            self._closed = True
            self.database.close()
            if self._owner is not None:
                self._owner.release()


def stored_logs(mined: Mined) -> list[StoredLog]:
    """Give the events of a block of one transaction as they are kept."""
    return [
        StoredLog(
            mined.block.number,
            position,
            log.address,
            b"".join(int(topic).to_bytes(32, "big") for topic in log.topics),
            log.data,
            mined.transaction.hash,
            0,
        )
        for position, log in enumerate(mined.receipt.logs)
    ]


def head_facts(mined: Mined) -> Mapping[str, bytes]:
    """Give the facts that a block changes: which one is the newest."""
    return {"head": b"%d %s" % (mined.block.number, mined.block.hash.hex().encode())}


def create_node(
    path: Path,
    faucet: str,
    *,
    chain_id: int | None = None,
    contracts: Mapping[str, str] | None = None,
    clock: Clock | None = None,
) -> EmbeddedNode:
    """Make a new embedded chain in the file `path` and open it.

    faucet: the address that gets all coins. chain_id: drawn unless given. contracts: address ->
    runtime code in hexadecimal, there from block 0. A crash leaves no chain or a whole one.
    Raises InputError with code chain.exists or chain.id, Conflict with code chain.owned,
    Unavailable with code chain.disk.
    """
    if chain_id is not None:
        require_unknown(chain_id)
    clock = clock or SystemClock()
    genesis = Genesis(
        chain_id=chain_id or fresh_chain_id(),
        time_s=clock.now_ms() // 1000,
        faucet=faucet,
        contracts=dict(contracts or {}),
    )
    owner = ChainOwner(path)
    try:
        if path.exists():
            raise InputError(
                "chain.exists",
                f"expected no file at {path}, found one",
                hint="A chain is never overwritten: move the file away first.",
            )
        _make_file(path, genesis)
        return EmbeddedNode(ChainDatabase(path), genesis, clock, owner)
    except BaseException:
        owner.release()
        raise


def _make_file(path: Path, genesis: Genesis) -> None:
    """Make the file under another name first, so that a crash leaves no chain or a whole one."""
    unborn = path.with_name(f"{path.name}.new")
    try:
        for name in (unborn.name, f"{unborn.name}-wal", f"{unborn.name}-shm"):
            path.with_name(name).unlink(missing_ok=True)
        database = ChainDatabase(unborn, create=True)
        try:
            write_genesis(database, genesis)
        finally:
            database.close()  # folds the WAL into the file
        unborn.rename(path)
        sync_folder(path.parent)
    except OSError as err:
        raise Unavailable(
            "chain.disk",
            f"expected to write {path}, but: {err}",
            hint="Check the space and the permissions of the disk, then try again.",
        ) from err


def write_genesis(database: ChainDatabase, genesis: Genesis) -> None:
    """Make block 0 in an empty database."""
    machine = Machine(database, genesis.chain_id)
    block_hash = machine.genesis(genesis.time_s, genesis.accounts())
    database.commit(
        0, (), {"genesis": genesis.format(), "head": b"0 %s" % block_hash.hex().encode()}
    )


def open_node(path: Path, *, read_only: bool = False, clock: Clock | None = None) -> EmbeddedNode:
    """Open the embedded chain in the file `path`, at its last whole block.

    read_only: beside its owner, or where nobody shall write. Raises NotFound with code
    chain.missing, Conflict with code chain.owned, VerificationError with code chain.damaged,
    Unavailable with code chain.disk.
    """
    if not path.is_file():
        raise _missing(path)
    owner = None if read_only else ChainOwner(path)
    try:
        database = ChainDatabase(path, read_only=read_only)
        try:
            if "genesis" not in database.facts():
                raise _missing(path)
            genesis = parse_genesis(database.meta("genesis"))
            node = EmbeddedNode(database, genesis, clock or SystemClock(), owner)
            _check_head(node)
        except BaseException:
            database.close()
            raise
    except BaseException:
        if owner is not None:
            owner.release()
        raise
    return node


def _check_head(node: EmbeddedNode) -> None:
    """Check that the newest block is there and is the one that was noted with it."""
    with node.turn() as machine:
        try:
            head = machine.head()
            found = b"%d %s" % (head.block_number, head.hash.hex().encode())
            whole = machine.evm().chaindb.exists(head.state_root)
        except Exception as err:  # py-evm raises what it likes on bytes that are no header
            raise _damaged(node, f"{type(err).__name__} while reading its head") from err
        noted = node.database.meta("head")
        if found != noted or not whole:
            raise _damaged(node, f"head {found!a} beside the note {noted!a:.100}")


def _damaged(node: EmbeddedNode, found: str) -> VerificationError:
    return VerificationError(
        "chain.damaged",
        f"expected a whole chain at {node.database.path}, found {found}",
        hint="`verify_chain` names the block; put back a copy, or anchor anew elsewhere.",
    )


def _missing(path: Path) -> NotFound:
    return NotFound(
        "chain.missing",
        f"expected an embedded chain at {path}, found none",
        hint="Check the path; anchoring makes the chain of a ledger when it has none.",
    )
