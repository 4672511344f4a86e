# pragma version 0.4.3
# pragma evm-version cancun
# pragma optimize gas
# pragma nonreentrancy on
"""
@title Batches: one verdict that pays many
@license Apache-2.0
@notice A verdict names the root over chunks of rows. Each chunk is applied once, by anybody, in any
        order; a chunk may be one row, which its payee claims. What nobody claimed in time is the
        payer's again.
@dev A row is an account (20 bytes) and an amount (16 bytes, big-endian). One that names nobody,
     nothing, this contract, or more than the batch has left is skipped, and so stays for the payer:
     it must not keep the other rows of its chunk from being paid.
"""

import credits
import rfc9162
import terms

uses: credits


event BatchReleased:
    batch_id: indexed(bytes32)
    payment_id: indexed(bytes32)
    decision: indexed(bytes32)
    batch: terms.Batch


event ChunkApplied:
    batch_id: indexed(bytes32)
    index: uint64


event RowSkipped:
    batch_id: indexed(bytes32)
    index: uint64
    row: uint256


event BatchClosed:
    batch_id: indexed(bytes32)
    unclaimed: uint256


MAX_ROWS: constant(uint256) = 200
ROW: constant(uint256) = 36
MAX_CHUNK: constant(uint256) = MAX_ROWS * ROW
AMOUNT_MASK: constant(uint256) = 2**128 - 1

# What is left of a batch.
batch_left: public(HashMap[bytes32, uint256])
# A bit for each chunk, 256 a word.
_applied: HashMap[bytes32, HashMap[uint64, uint256]]


@external
@view
def is_applied(batch_id: bytes32, index: uint64) -> bool:
    """
    @notice Whether a chunk was applied.
    @param batch_id The batch.
    @param index The chunk.
    """
    return self._is_applied(batch_id, index)


@external
def apply_chunk(
    told: terms.Terms,
    batch: terms.Batch,
    index: uint64,
    rows: Bytes[MAX_CHUNK],
    path: DynArray[bytes32, rfc9162.MAX_PATH],
):
    """
    @notice Credit each row of a chunk; anybody may.
    @dev Reverts: "unknown batch", "too late", "applied", "rows", "inclusion".
    @param told The terms of the payment that the batch was released from.
    @param batch The batch.
    @param index Which of its chunks.
    @param rows The rows of the chunk.
    @param path From the chunk's leaf to the batch's root (RFC 9162, 2.1.3.1).
    """
    self._apply(told, batch, index, rows, path)


@external
def claim(
    told: terms.Terms,
    batch: terms.Batch,
    index: uint64,
    rows: Bytes[MAX_CHUNK],
    path: DynArray[bytes32, rfc9162.MAX_PATH],
) -> uint256:
    """
    @notice Apply a chunk unless somebody did, and take all of the sender's credit in its token.
    @dev Reverts like `apply_chunk`, but for "applied", and like `withdraw`.
    @param told The terms of the payment that the batch was released from.
    @param batch The batch.
    @param index The chunk with the sender's row.
    @param rows The rows of the chunk.
    @param path From the chunk's leaf to the batch's root.
    @return How much the sender got.
    """
    batch_id: bytes32 = terms._batch_action(told, batch)
    if not self._is_applied(batch_id, index):
        self._apply(told, batch, index, rows, path)
    return credits._take_all(told.token, msg.sender)


@external
def close_batch(told: terms.Terms, batch: terms.Batch):
    """
    @notice Credit the payer with what nobody claimed in time; anybody may.
    @dev Reverts: "unknown batch" also for one that has nothing left, "too early".
    @param told The terms of the payment that the batch was released from.
    @param batch The batch.
    """
    payment_id: bytes32 = terms._payment_id(told)
    batch_id: bytes32 = terms._batch_action(told, batch)
    left: uint256 = self.batch_left[batch_id]
    assert left != 0, "unknown batch"
    assert block.timestamp >= convert(batch.until, uint256), "too early"
    self.batch_left[batch_id] = 0
    log BatchClosed(batch_id=batch_id, unclaimed=left)
    credits._credit(told.token, told.payer, left, payment_id, credits.BY_CLOCK)


@internal
@view
def _is_applied(batch_id: bytes32, index: uint64) -> bool:
    return (self._applied[batch_id][index // 256] >> convert(index % 256, uint256)) & 1 != 0


@internal
def _open(payment_id: bytes32, batch_id: bytes32, batch: terms.Batch, decision: bytes32):
    """
    @dev batch_id: never opened before, for what it leaves of its payment becomes ever less.
    """
    self.batch_left[batch_id] = batch.total
    log BatchReleased(
        batch_id=batch_id, payment_id=payment_id, decision=decision, batch=batch
    )


@internal
def _apply(
    told: terms.Terms,
    batch: terms.Batch,
    index: uint64,
    rows: Bytes[MAX_CHUNK],
    path: DynArray[bytes32, rfc9162.MAX_PATH],
):
    payment_id: bytes32 = terms._payment_id(told)
    batch_id: bytes32 = terms._batch_action(told, batch)
    left: uint256 = self.batch_left[batch_id]
    assert left != 0, "unknown batch"
    assert block.timestamp < convert(batch.until, uint256), "too late"
    assert not self._is_applied(batch_id, index), "applied"
    assert len(rows) != 0 and len(rows) % ROW == 0, "rows"
    leaf: bytes32 = sha256(concat(0x00, rows))
    root: bytes32 = rfc9162._root_from_inclusion(batch.chunks, index, leaf, path)
    assert root == batch.root, "inclusion"
    self._applied[batch_id][index // 256] |= 1 << convert(index % 256, uint256)
    for row: uint256 in range(len(rows) // ROW, bound=MAX_ROWS):
        at: uint256 = unsafe_mul(row, ROW)
        account: address = convert(
            convert(extract32(rows, at, output_type=uint256) >> 96, uint160), address
        )
        amount: uint256 = extract32(rows, unsafe_add(at, 4), output_type=uint256) & AMOUNT_MASK
        if account == empty(address) or account == self or amount == 0 or amount > left:
            log RowSkipped(batch_id=batch_id, index=index, row=row)
        else:
            left = unsafe_sub(left, amount)
            credits._credit(told.token, account, amount, payment_id, credits.BY_BATCH)
    self.batch_left[batch_id] = left
    log ChunkApplied(batch_id=batch_id, index=index)
