"""Execute every block of an embedded chain again, and compare all that is kept with what comes out.

Signatures, state roots, receipts and parent hashes are checked by execution; beyond that every key
and event of the file must be the one that the replay writes, so that one flipped byte is named
with its block. It shows that the file follows from its genesis, not that it is the only one. This
module refuses to repair.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from counterfoil.chain.embedded.database import ChainDatabase, StoredLog
from counterfoil.chain.embedded.genesis import Genesis, parse_genesis
from counterfoil.chain.embedded.machine import Machine, Mined
from counterfoil.chain.embedded.node import head_facts, stored_logs, write_genesis
from counterfoil.errors import NotFound, VerificationError
from counterfoil.ports import Progress, no_progress

if TYPE_CHECKING:
    from eth.abc import BlockAPI

__all__ = ["ChainReport", "verify_chain"]


@dataclass(frozen=True, slots=True)
class ChainReport:
    """What a replay found in order.

    blocks: executed again, without genesis. head: hash of the newest, 32 bytes.
    """

    chain_id: int
    blocks: int
    head: bytes
    transactions: int
    logs: int


def verify_chain(path: Path, progress: Progress = no_progress) -> ChainReport:
    """Execute the embedded chain in the file `path` again from its genesis.

    It may run beside the chain's owner: it reads one state of the file.
    Raises VerificationError with code chain.damaged, naming the first block that is not what its
    transactions make; NotFound with code chain.missing, Unavailable with code chain.disk.
    """
    stored = ChainDatabase(path, read_only=True)
    try:
        with stored.snapshot():
            if complaints := stored.complaints():
                raise _damaged(path, f"a broken file: {complaints[0]!a:.200}")
            return _verify(stored, path, progress)
    finally:
        stored.close()


def _verify(stored: ChainDatabase, path: Path, progress: Progress) -> ChainReport:
    if "genesis" not in stored.facts():
        raise NotFound("chain.missing", f"expected an embedded chain at {path}, found none")
    genesis = parse_genesis(stored.meta("genesis"))
    if genesis.format() != stored.meta("genesis"):
        raise _damaged(path, "a genesis in another form, block 0")
    scratch = ChainDatabase(None)
    try:
        write_genesis(scratch, genesis)
        blocks = _replay(stored, scratch, genesis, path, progress)
        _compare(stored, scratch, path)
        head = Machine(scratch, genesis.chain_id).head()
        events = sum(1 for _ in scratch.all_logs())
        return ChainReport(genesis.chain_id, blocks, bytes(head.hash), blocks, events)
    finally:
        scratch.close()


def _replay(
    stored: ChainDatabase,
    scratch: ChainDatabase,
    genesis: Genesis,
    path: Path,
    progress: Progress,
) -> int:
    """Import every block of the file into an empty database; gives how many there are."""
    source, target = Machine(stored, genesis.chain_id), Machine(scratch, genesis.chain_id)
    number = 0
    try:
        total = int(source.head().block_number)
        for number in range(1, total + 1):
            mined = _import(target, source.block(number))
            scratch.commit(number, stored_logs(mined), head_facts(mined))
            progress(number, total, "blocks executed again")
    except VerificationError:
        raise
    except Exception as err:  # py-evm raises what it likes on bytes that are no block
        raise _damaged(
            path, f"block {number}, which cannot be executed again: {str(err)!a:.200}"
        ) from err
    return total


def _import(machine: Machine, block: BlockAPI) -> Mined:
    """Execute a block; py-evm compares each field of its header with what comes out."""
    evm = machine.evm()
    for transaction in block.transactions:
        transaction.validate()
        machine.decode(transaction.encode())  # its signature, and that it is for this chain
    imported = evm.import_block(block, perform_validation=True).imported_block
    (transaction,) = imported.transactions
    (receipt,) = imported.get_receipts(evm.chaindb)
    return Mined(imported, transaction, receipt)


def _compare(stored: ChainDatabase, scratch: ChainDatabase, path: Path) -> None:
    """Compare everything that is kept with what the replay wrote."""
    for have, want in _pairs(stored.nodes(), scratch.nodes()):
        if have != want:
            block = (want or have or (b"", b"", 0))[2]
            how = (
                "lacks a key" if have is None else "has a stray key" if want is None else "changed"
            )
            raise _damaged(path, f"block {block} unlike its transactions make it: it {how}")
    kept, made = _keyed(stored.all_logs()), _keyed(scratch.all_logs())
    for have_log, want_log in _pairs(kept, made):
        if have_log != want_log:
            place = (want_log or have_log or (b"", b"", 0))[2]
            raise _damaged(path, f"block {place} unlike its transactions make it: its events")
    if stored.facts() != scratch.facts():
        raise _damaged(path, "notes that the blocks do not make")


_Row = tuple[bytes, object, int]


def _keyed(logs: Iterator[StoredLog]) -> Iterator[_Row]:
    """Give events in the form in which keys are compared."""
    for log in logs:
        yield b"%020d %020d" % (log.block, log.position), log, log.block


def _pairs(
    left: Iterator[_Row] | Iterator[tuple[bytes, bytes, int]],
    right: Iterator[_Row] | Iterator[tuple[bytes, bytes, int]],
) -> Iterator[tuple[_Row | None, _Row | None]]:
    """Walk two lists that are ordered by key, side by side; None stands for what one lacks."""
    a, b = next(left, None), next(right, None)
    while a is not None or b is not None:
        if b is None or (a is not None and a[0] < b[0]):
            yield a, None
            a = next(left, None)
        elif a is None or b[0] < a[0]:
            yield None, b
            b = next(right, None)
        else:
            yield a, b
            a, b = next(left, None), next(right, None)


def _damaged(path: Path, found: str) -> VerificationError:
    return VerificationError(
        "chain.damaged",
        f"expected a whole chain at {path}, found {found}",
        hint="Keep the file; put back a copy, or anchor anew on another chain.",
    )
