# pragma version 0.4.3
# pragma evm-version cancun
# pragma optimize gas
"""
@title How far an approval goes
@license Apache-2.0
@notice Each verdict's amount has a cap, and so have the number and the sum of all in a period. A
        stolen key cannot move more than that.
@dev Periods begin at multiples of their length, and each starts from nothing: in a span as long as
     a period, across the end of one, at most twice the caps can pass.
"""

from . import IModelRegistry

# Of an approval's last period: its number (64 bits), how many verdicts (32), and the sum of their
# amounts (160), from the top.
_spent: HashMap[bytes32, uint256]


@external
@view
def spent(approval_id: bytes32) -> (uint64, uint32, uint256):
    """
    @notice What an approval was used for in its last period: the period's number (time divided by
            its length), how many verdicts, and the sum of their amounts.
    @param approval_id The approval.
    """
    word: uint256 = self._spent[approval_id]
    return (
        convert(word >> 192, uint64),
        convert((word >> 160) & (2**32 - 1), uint32),
        word & (2**160 - 1),
    )


@internal
@view
def _require(approval_id: bytes32, terms: IModelRegistry.Terms, amount: uint256):
    """
    @dev Reverts: "cap", "count", "rate".
    """
    assert amount <= convert(terms.cap, uint256), "cap"
    word: uint256 = self._with(approval_id, terms, amount)


@internal
def _count(approval_id: bytes32, terms: IModelRegistry.Terms, amount: uint256):
    self._spent[approval_id] = self._with(approval_id, terms, amount)


@internal
@view
def _with(approval_id: bytes32, terms: IModelRegistry.Terms, amount: uint256) -> uint256:
    """
    @dev What an approval will have been used for in this period. `amount` is not above its cap,
         which has 128 bits, and at most 2^32 of them are counted, so that the sum fits.
    """
    period: uint256 = block.timestamp // convert(terms.period, uint256)
    count: uint256 = 1
    total: uint256 = amount
    word: uint256 = self._spent[approval_id]
    if word >> 192 == period:
        count += (word >> 160) & (2**32 - 1)
        total += word & (2**160 - 1)
    assert count <= convert(terms.period_count, uint256), "count"
    assert total <= convert(terms.period_cap, uint256), "rate"
    return (period << 192) | (count << 160) | total
