# pragma version 0.4.3
# pragma evm-version cancun
# pragma optimize gas
"""
@title The bytes of a verdict, and of where it stands
@license Apache-2.0
@notice A verdict's entry is its 21 words and its signature. Packed, it follows what proves that it
        stands in a log: size, time and index (8 bytes each), the path's length (1), the path.
@dev Pure. No byte is without meaning: size, time, index and path are held against the anchored
     root, and the entry is its leaf. So each verdict has one form, and one place one proof.
"""

import rfc9162
from . import IDecisionGate

# SHA-256 of "counterfoil verdict v1"
TYPE_WORD: constant(bytes32) = 0xcede9b248c436893336ec8640bc6543d2c11b7a0368fd7ba68d9df5fd813ea5b

WORDS: constant(uint256) = 672  # 21 words of 32 bytes
HEAD: constant(uint256) = 25
MAX_PACKED: constant(uint256) = 4096
MAX_SIGNATURE: constant(uint256) = 1024

UINT64: constant(uint256) = 2**64 - 1
ADDRESS: constant(uint256) = 2**160 - 1


struct Place:
    size: uint64  # leaves of the anchored tree
    time: uint64  # when it was anchored
    index: uint64  # of the verdict's leaf
    path: DynArray[bytes32, rfc9162.MAX_PATH]


@internal
@pure
def _unpack(packed: Bytes[MAX_PACKED]) -> (Place, Bytes[MAX_PACKED]):
    """
    @dev Reverts: "form" where there is no room for the words.
    """
    assert len(packed) >= HEAD + WORDS, "form"
    head: uint256 = extract32(packed, 0, output_type=uint256)
    count: uint256 = (head >> 56) & 255
    begin: uint256 = HEAD + 32 * count
    assert count <= rfc9162.MAX_PATH and len(packed) >= begin + WORDS, "form"
    assert len(packed) <= begin + WORDS + MAX_SIGNATURE, "form"
    place: Place = Place(
        size=convert(head >> 192, uint64),
        time=convert((head >> 128) & UINT64, uint64),
        index=convert((head >> 64) & UINT64, uint64),
        path=[],
    )
    for step: uint256 in range(count, bound=63):
        place.path.append(extract32(packed, HEAD + 32 * step))
    return place, slice(packed, begin, len(packed) - begin)


@internal
@pure
def _parse(entry: Bytes[MAX_PACKED]) -> IDecisionGate.Verdict:
    """
    @dev Reverts: "kind" for another type word, "form" for a word that its type does not allow.
    """
    assert extract32(entry, 0) == TYPE_WORD, "kind"
    maker_kind: uint256 = extract32(entry, 192, output_type=uint256)
    assert maker_kind >= 1 and maker_kind <= 3, "form"
    gate: uint256 = extract32(entry, 64, output_type=uint256)
    consumer: uint256 = extract32(entry, 384, output_type=uint256)
    signer: uint256 = extract32(entry, 640, output_type=uint256)
    assert (gate | consumer | signer) <= ADDRESS, "form"
    seq: uint256 = extract32(entry, 480, output_type=uint256)
    decided_at: uint256 = extract32(entry, 544, output_type=uint256)
    not_before: uint256 = extract32(entry, 576, output_type=uint256)
    expiry: uint256 = extract32(entry, 608, output_type=uint256)
    assert (seq | decided_at | not_before | expiry) <= UINT64, "form"
    return IDecisionGate.Verdict(
        type_word=TYPE_WORD,
        chain_id=extract32(entry, 32, output_type=uint256),
        gate=convert(convert(gate, uint160), address),
        log_id=extract32(entry, 96),
        organisation=extract32(entry, 128),
        scope=extract32(entry, 160),
        maker_kind=convert(maker_kind, uint8),
        maker=extract32(entry, 224),
        decision=extract32(entry, 256),
        subject=extract32(entry, 288),
        outcome=extract32(entry, 320),
        score=extract32(entry, 352, output_type=int256),
        consumer=convert(convert(consumer, uint160), address),
        action_hash=extract32(entry, 416),
        amount_max=extract32(entry, 448, output_type=uint256),
        seq=convert(seq, uint64),
        nonce=extract32(entry, 512),
        decided_at=convert(decided_at, uint64),
        not_before=convert(not_before, uint64),
        expiry=convert(expiry, uint64),
        signer=convert(convert(signer, uint160), address),
    )
