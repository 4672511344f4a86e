"""One verdict has one form: no byte of it, or of where it stands, can be another."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from eth_account import Account

from counterfoil.formats import packed_verdict, verdict
from counterfoil.formats.keccak import keccak256
from counterfoil.formats.packed_verdict import HEAD_BYTES
from counterfoil.formats.verdict import WORDS, WORDS_BYTES, SignedVerdict
from counterfoil.proofs.merkle import inclusion_path, leaf_hash, reader_of
from tests.contracts.flips import flipped, flips
from tests.contracts.gate_rig import GateRig, reason_of
from tests.contracts.rig import refused
from tests.verdicts import DECIDER, address_of, sign


def raw(rig: GateRig, entry: bytes) -> bytes:
    """Anchor any bytes as an entry, and pack them past the checks of `packed_verdict.format`."""
    rig.leaves.append(leaf_hash(entry))
    index = len(rig.leaves) - 1
    size, time = rig.publish()
    path = inclusion_path(index, size, reader_of(rig.leaves))
    numbers = b"".join(number.to_bytes(8, "big") for number in (size, time, index))
    return numbers + bytes([len(path)]) + b"".join(path) + entry


def signed(rig: GateRig, words: bytes) -> bytes:
    """Sign words that need not be a verdict's, past the checks of `verdict.format`."""
    domain = keccak256(
        keccak256(
            b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
        )
        + keccak256(b"Counterfoil Gate")
        + keccak256(b"1")
        + rig.world.chain_id.to_bytes(32, "big")
        + address_of(rig.gate.address).rjust(32, b"\0")
    )
    digest = keccak256(b"\x19\x01" + domain + verdict.struct_hash_of(words))
    return words + bytes(Account.unsafe_sign_hash(digest, DECIDER.key).signature)


def changed_bytes(rig: GateRig, every: bool) -> list[int]:
    """Change bytes of a verdict that passes, one at a time; gives those that still pass."""
    packed = rig.ready()
    assert rig.both(rig.ask(packed), use=False) == ""
    passed = []
    for case in range(1 if every else 3):
        for byte, mask in flips(len(packed), case, every):
            reason = rig.both(rig.ask(flipped(packed, byte, mask)), use=False)
            passed += [] if reason else [byte]
    return passed


def test_changed_bytes(rig: GateRig) -> None:
    """One changed byte anywhere, and it is refused, by contract and Python for one reason."""
    assert changed_bytes(rig, every=False) == []


@pytest.mark.campaign
def test_every_changed_byte(rig: GateRig) -> None:
    """Each byte of a packed verdict, one at a time."""
    assert changed_bytes(rig, every=True) == []


def test_trailing_and_missing_bytes(rig: GateRig) -> None:
    """Nothing may follow a verdict, and nothing may be cut off, at either end."""
    packed = rig.ready()
    for other in (
        packed + b"\0",
        packed[:-1],
        b"\0" + packed,
        packed[1:],
        b"",
        packed[:HEAD_BYTES],
    ):
        assert rig.both(rig.ask(other), use=False) in ("form", "inclusion", "kind")


def test_paths_that_are_padded_or_cut(rig: GateRig) -> None:
    """A path has as many hashes as its place has, and at most 63."""
    packed = packed_verdict.parse(rig.ready())
    for path in ([*packed.path, bytes(32)], packed.path[:-1], packed.path[1:], []):
        other = packed_verdict.format(replace(packed, path=path))
        assert rig.both(rig.ask(other), use=False) == "inclusion"
    data = packed_verdict.format(packed)
    for count in (64, 255):
        long = data[: HEAD_BYTES - 1] + bytes([count]) + bytes(32 * count) + packed.entry
        reason = rig.both(rig.ask(long[:4096]), use=False)
        assert reason == "form"
    # and one byte more than contracts take is no verdict at all
    asked = rig.ask(b"")
    call = (asked.scope, asked.action_hash, asked.amount, bytes(4097))
    assert reason_of(lambda: rig.gate("consume", *call)) == "no reason"


def test_signatures_that_are_too_long(rig: GateRig) -> None:
    """More than 1,024 bytes of signature is no verdict, even where they stand in the log."""
    words = verdict.format_words(rig.verdict())
    assert rig.both(rig.ask(raw(rig, words + bytes(1025)))) == "form"
    assert rig.both(rig.ask(raw(rig, words + bytes(1024)))) == "signature"


@pytest.mark.parametrize("word", range(len(WORDS)), ids=[name for name, _ in WORDS])
def test_words_out_of_their_type(rig: GateRig, word: int) -> None:
    """A word with bits that its type has not is refused, although it is signed and anchored."""
    name, kind = WORDS[word]
    words = verdict.format_words(rig.verdict())
    spoiled = words[: 32 * word] + b"\xff" * 32 + words[32 * word + 32 :]
    expected = {
        "type_word": "kind",
        "chain_id": "chain",
        "log_id": "inclusion",
        "organisation": "organisation",
        "scope": "scope unknown",
        "maker": "maker",
        "action_hash": "action",
    }.get(name, "form" if kind in ("address", "uint8", "uint64") else "")
    reason = rig.both(rig.ask(raw(rig, signed(rig, spoiled))), use=False)
    assert reason == expected


@pytest.mark.parametrize("kind", [0, 4, 255])
def test_makers_of_no_kind(rig: GateRig, kind: int) -> None:
    """A maker is a model, a rule or a circuit."""
    words = verdict.format_words(rig.verdict())
    spoiled = words[:192] + kind.to_bytes(32, "big") + words[224:]
    assert rig.both(rig.ask(raw(rig, signed(rig, spoiled))), use=False) == "form"


def test_other_entries(rig: GateRig) -> None:
    """An entry of the log that is no verdict is none, however long it is."""
    for entry in (b"{" + bytes(800), b"\xd2" + bytes(800), bytes(WORDS_BYTES)):
        assert rig.both(rig.ask(raw(rig, entry))) == "kind"
    assert rig.both(rig.ask(raw(rig, verdict.VERDICT_TYPE_WORD + bytes(200)))) == "form"


@pytest.mark.parametrize(
    ("change", "reason"),
    [({"chain_id": 2}, "chain"), ({"gate": bytes(20)}, "gate")],
    ids=["chain", "gate"],
)
def test_verdicts_for_elsewhere(rig: GateRig, change: dict[str, Any], reason: str) -> None:
    """A verdict for another chain or gate is none for this one."""
    assert rig.both(rig.ask(rig.ready(**change))) == reason


def test_a_second_gate(rig: GateRig) -> None:
    """A verdict works at the gate that it names, not at its twin with the same governance."""
    twin = rig.deploy("decision_gate", rig.anchor.address, rig.registry.address)
    packed = rig.ready()
    ask = rig.ask(packed)
    call = (ask.scope, ask.action_hash, ask.amount, packed)
    with refused("gate"):
        twin("consume", *call, sender="0x" + ask.consumer.hex())
    assert rig.both(ask) == ""
    # signed for one, and said to be for the other
    said = rig.verdict(gate=address_of(twin.address), nonce=bytes(32))
    lying = verdict.format(
        SignedVerdict(said, sign(replace(said, gate=address_of(rig.gate.address))))
    )
    with refused("signature"):
        twin("consume", *call[:3], rig.anchored(lying), sender="0x" + ask.consumer.hex())
