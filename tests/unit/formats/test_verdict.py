"""A verdict has one form, and a decider signs exactly its words."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest
from eth_abi.abi import encode
from eth_account import Account
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.errors import InputError
from counterfoil.formats import packed_verdict, verdict
from counterfoil.formats.keccak import keccak256
from counterfoil.formats.packed_verdict import PACKED_MAX_BYTES, PATH_MAX, PackedVerdict
from counterfoil.formats.verdict import (
    SIGNATURE_MAX_BYTES,
    WORDS,
    WORDS_BYTES,
    MakerKind,
    SignedVerdict,
    Verdict,
    hash_text,
)
from tests.statements import refused
from tests.verdicts import DECIDER, entry_of, plain_verdict, sign

hashes = st.binary(min_size=32, max_size=32)
addresses = st.binary(min_size=20, max_size=20)
numbers = st.integers(0, 2**64 - 1)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "bytes32": hashes,
    "address": addresses,
    "uint256": st.integers(0, 2**256 - 1),
    "int256": st.integers(-(2**255), 2**255 - 1),
    "uint64": numbers,
    "uint8": st.sampled_from(list(MakerKind)),
}
verdicts = st.builds(Verdict, **{name: VALUES[kind] for name, kind in WORDS[1:]})
OUTSIDE: dict[str, list[Any]] = {
    "bytes32": [b"", bytes(31), bytes(33), "00" * 32, 0],
    "address": [bytes(19), bytes(21), bytes(32), "0x" + "00" * 20],
    "uint256": [-1, 2**256, "1", b"\1"],
    "int256": [2**255, -(2**255) - 1, None],
    "uint64": [-1, 2**64, 1.0],
    "uint8": [0, 4, 256, -1],
}


@given(verdicts, st.binary(max_size=200))
def test_round_trip(said: Verdict, signature: bytes) -> None:
    """Any verdict is read as it was written, and its words are those of Solidity's ABI."""
    entry = verdict.format(SignedVerdict(said, signature))
    assert verdict.parse(entry) == SignedVerdict(said, signature)
    assert verdict.format(verdict.parse(entry)) == entry
    values = [verdict.VERDICT_TYPE_WORD] + [getattr(said, name) for name, _ in WORDS[1:]]
    assert entry[:WORDS_BYTES] == encode([kind for _, kind in WORDS], values)


def test_names() -> None:
    """A verdict's fields are its words, in order, but for the type word."""
    assert [field.name for field in fields(Verdict)] == [name for name, _ in WORDS[1:]]


@given(verdicts)
def test_signing_typed_data(said: Verdict) -> None:
    """The digest is what a wallet signs when it is shown the whole EIP-712 document."""
    shown = verdict.typed_data_of(said)
    signed = Account.sign_typed_data(DECIDER.key, full_message=shown)
    assert bytes(signed.signature) == sign(said)


@given(st.binary(max_size=800))
def test_any_bytes(data: bytes) -> None:
    """Bytes that are no verdict raise InputError and nothing else."""
    for parse in (verdict.parse, verdict.parse_words, packed_verdict.parse):
        with pytest.raises(InputError):
            parse(data)


@pytest.mark.parametrize(("name", "kind"), WORDS[1:])
def test_values_outside_their_type(name: str, kind: str) -> None:
    """A value that its word cannot hold is refused when it is written."""
    for value in OUTSIDE[kind]:
        with refused("verdict.word"):
            verdict.format_words(replace(plain_verdict(), **{name: value}))


@pytest.mark.parametrize(("name", "kind"), WORDS[1:])
def test_words_outside_their_type(name: str, kind: str) -> None:
    """A word with bits that its type has not is refused when it is read."""
    at = 32 * [name for name, _ in WORDS].index(name)
    words = verdict.format_words(plain_verdict())
    spoiled = words[:at] + b"\xff" * 32 + words[at + 32 :]
    if kind in ("bytes32", "uint256", "int256"):
        assert verdict.format_words(verdict.parse_words(spoiled)) == spoiled
    else:
        with refused("verdict.word"):
            verdict.parse_words(spoiled)
    if name == "maker_kind":
        for number in (0, 4, 255):
            with refused("verdict.word"):
                verdict.parse_words(words[:at] + number.to_bytes(32, "big") + words[at + 32 :])


def test_sizes() -> None:
    """Words have 672 bytes, and a signature at most 1,024."""
    words = verdict.format_words(plain_verdict())
    for data in (words[:-1], words + b"\0"):
        with refused("verdict.size"):
            verdict.parse_words(data)
    with refused("verdict.kind"):
        verdict.parse_words(bytes(WORDS_BYTES))
    longest = bytes(SIGNATURE_MAX_BYTES)
    assert verdict.parse(words + longest).signature == longest
    with refused("verdict.signature-size"):
        verdict.parse(words + longest + b"\0")
    with refused("verdict.signature-size"):
        verdict.format(SignedVerdict(plain_verdict(), longest + b"\0"))


@given(verdicts, numbers, numbers, numbers, st.lists(hashes, max_size=PATH_MAX))
def test_packed(said: Verdict, size: int, time: int, index: int, path: list[bytes]) -> None:
    """A packed verdict is read as it was written, and is no longer than contracts take."""
    entry = verdict.format(SignedVerdict(said, bytes(SIGNATURE_MAX_BYTES)))
    packed = PackedVerdict(size, time, index, tuple(path), entry)
    data = packed_verdict.format(packed)
    assert packed_verdict.parse(data) == packed
    assert len(data) <= PACKED_MAX_BYTES <= 4096


def test_places_that_are_none() -> None:
    """Numbers of 64 bits, and at most 63 hashes."""
    plain = PackedVerdict(2, 1, 0, (bytes(32),), entry_of(plain_verdict()))
    for change in (
        {"size": 2**64},
        {"time": -1},
        {"path": (bytes(31),)},
        {"path": (bytes(32),) * 64},
    ):
        with refused("verdict.place"):
            packed_verdict.format(replace(plain, **change))
    data = packed_verdict.format(plain)
    for other in (data[:24], data[:24] + b"\x40" + data[25:], data[:24] + b"\x10" + data[25:]):
        with refused("verdict.packed"):
            packed_verdict.parse(other)


def test_texts() -> None:
    """Names are hashed as UTF-8; a lone surrogate is none."""
    assert hash_text("é") == keccak256("é".encode())
    with refused("verdict.text"):
        hash_text("\ud800")


def test_described() -> None:
    """For people, hashes are hexadecimal, and what JSON cannot hold exactly is text."""
    shown = verdict.describe(plain_verdict(seq=2**53, decided_at=2**53 - 1))
    assert (shown["seq"], shown["decided_at"]) == (str(2**53), 2**53 - 1)
    assert (shown["score"], shown["amount_max"]) == ("-250000000000000000", "1000")
    assert shown["maker_kind"] == "model"
    assert shown["signer"] == DECIDER.address.lower()
    assert shown["scope"] == hash_text("payment.release").hex()
    assert verdict.decided_ms(plain_verdict(decided_at=1)) == 1000
    assert verdict.decided_ms(plain_verdict(decided_at=2**60)) is None


def test_identity() -> None:
    """A verdict that was signed anew is no new one; one that says something else is."""
    one = verdict.identity_of(entry_of(plain_verdict()))
    assert one == verdict.identity_of(verdict.format(SignedVerdict(plain_verdict(), b"")))
    assert one != verdict.identity_of(entry_of(plain_verdict(seq=1)))
