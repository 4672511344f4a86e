# pragma version 0.4.3
# pragma evm-version cancun
# pragma optimize gas
"""
@title How a log's state fits into one word
@license Apache-2.0
@notice Anchor key (160 bits), whether there is a quorum (1), size (63), time (32), from the top.
@dev Storage is what an anchor costs: one word is read and written, instead of three. The 32 bits
     of time last until the year 2106.
"""

QUORUM: constant(uint256) = 1 << 95
KEY_AT: constant(uint256) = 96
SIZE_AT: constant(uint256) = 32
SIZE_MASK: constant(uint256) = 2**63 - 1
TIME_MASK: constant(uint256) = 2**32 - 1
KEPT: constant(uint256) = ~(2**95 - 1)  # what an anchor leaves as it is


@internal
@pure
def _anchor_key(word: uint256) -> address:
    return convert(word >> KEY_AT, address)


@internal
@pure
def _with_anchor_key(word: uint256, anchor_key: address) -> uint256:
    return (convert(anchor_key, uint256) << KEY_AT) | (word & (2**96 - 1))


@internal
@pure
def _with_standing(word: uint256, size: uint64, time: uint64) -> uint256:
    assert convert(time, uint256) <= TIME_MASK, "clock"
    return (word & KEPT) | (convert(size, uint256) << SIZE_AT) | convert(time, uint256)


@internal
@pure
def _standing(word: uint256) -> (uint64, uint64):
    """
    @dev The last anchored size, and its time.
    """
    return (
        convert((word >> SIZE_AT) & SIZE_MASK, uint64),
        convert(word & TIME_MASK, uint64),
    )


@internal
@pure
def _place(size: uint64, time: uint64) -> uint256:
    """
    @dev Under which key a log's root of this size and time is kept.
    """
    return (convert(size, uint256) << 64) | convert(time, uint256)
