# pragma version 0.4.3
# pragma evm-version cancun
# pragma optimize gas
"""
@title How an approval fits into few words
@license Apache-2.0
@notice Five words for the terms, and one for what became of them. A gate reads them on every use,
        and each word that it reads costs 2,100 gas.
"""

from . import IModelRegistry

WORD64: constant(uint256) = 2**64 - 1
WORD32: constant(uint256) = 2**32 - 1
WORD128: constant(uint256) = 2**128 - 1
ORDERED: constant(uint256) = 1
AS_SIGNATURE: constant(uint256) = 2
BY_PROOF: constant(uint256) = 4


# What became of an approval, from the top: revoked from (zero: not), halted until, rests until.
struct Fate:
    revoked_from: uint64
    halted_until: uint64
    rests_until: uint64  # before then it cannot be halted again


@internal
@pure
def _pack(terms: IModelRegistry.Terms) -> uint256[5]:
    flags: uint256 = 0
    if terms.ordered:
        flags |= ORDERED
    if terms.as_signature:
        flags |= AS_SIGNATURE
    if terms.by_proof:
        flags |= BY_PROOF
    return [
        (convert(terms.since, uint256) << 192)
        | (convert(terms.until, uint256) << 128)
        | (convert(terms.period, uint256) << 96)
        | (convert(terms.min_age, uint256) << 64)
        | (convert(terms.veto_window, uint256) << 32)
        | convert(terms.period_count, uint256),
        (convert(terms.cap, uint256) << 128) | convert(terms.period_cap, uint256),
        (convert(terms.vetoer, uint256) << 8) | flags,
        convert(terms.evidence, uint256),
        convert(terms.consumer, uint256),
    ]


@internal
@pure
def _unpack(words: uint256[5]) -> IModelRegistry.Terms:
    return IModelRegistry.Terms(
        since=convert(words[0] >> 192, uint64),
        until=convert((words[0] >> 128) & WORD64, uint64),
        cap=convert(words[1] >> 128, uint128),
        period_cap=convert(words[1] & WORD128, uint128),
        period_count=convert(words[0] & WORD32, uint32),
        period=convert((words[0] >> 96) & WORD32, uint32),
        min_age=convert((words[0] >> 64) & WORD32, uint32),
        veto_window=convert((words[0] >> 32) & WORD32, uint32),
        vetoer=convert(convert(words[2] >> 8, uint160), address),
        ordered=words[2] & ORDERED != 0,
        as_signature=words[2] & AS_SIGNATURE != 0,
        by_proof=words[2] & BY_PROOF != 0,
        evidence=convert(words[3], bytes32),
        consumer=convert(convert(words[4], uint160), address),
    )


@internal
@pure
def _is_given(words: uint256[5]) -> bool:
    """
    @dev Whether an approval was ever given: its last second is not zero.
    """
    return (words[0] >> 128) & WORD64 != 0


@internal
@pure
def _pack_fate(fate: Fate) -> uint256:
    return (
        (convert(fate.revoked_from, uint256) << 128)
        | (convert(fate.halted_until, uint256) << 64)
        | convert(fate.rests_until, uint256)
    )


@internal
@pure
def _unpack_fate(word: uint256) -> Fate:
    return Fate(
        revoked_from=convert((word >> 128) & WORD64, uint64),
        halted_until=convert((word >> 64) & WORD64, uint64),
        rests_until=convert(word & WORD64, uint64),
    )
