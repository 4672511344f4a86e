"""Who may do what to a log: its owner and its anchor key, in person or by signature."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from eth_abi.abi import encode

from counterfoil.chain.quantities import keccak
from counterfoil.proofs.merkle import EMPTY_ROOT
from tests.contracts.rig import Contract, Reverted, World, planted, refused
from tests.contracts.signing import Domain, key
from tests.contracts.trees import consistency, root

OWNER, KEY, STRANGER = key("owner"), key("anchor key"), key("stranger")
ORIGIN, LOG_KEY = keccak(b"example.org/log"), keccak(b"log+key")
CURVE_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


def extension(old: int, new: int) -> tuple[Any, ...]:
    """Give the arguments of an honest anchor after the log's id."""
    return (old, new, root(new), consistency(old, new))


@pytest.fixture
def log_id(anchor: Contract) -> bytes:
    """Give a log that stands at 5 leaves."""
    made: bytes = anchor("register", ORIGIN, LOG_KEY, KEY.address, sender=OWNER.address)
    anchor("anchor", made, *extension(0, 5), sender=KEY.address)
    return made


def domain_of(anchor: Contract) -> Domain:
    return Domain(anchor.world.chain_id, anchor.address)


def relayed(anchor: Contract, log_id: bytes, **changes: Any) -> Any:
    """Have a stranger relay the anchor key's signature from 5 to 8 leaves, with changes."""
    deadline = changes.get("deadline", anchor.world.now + 60)
    signed = changes.get("signed", (log_id, 5, 8, root(8), deadline))
    domain = changes.get("domain", domain_of(anchor))
    signature = domain.sign(changes.get("signer", KEY), "Anchor", *signed)
    signature = changes.get("spoil", bytes)(signature)
    sent = changes.get("sent", (log_id, *extension(5, 8), deadline))
    return anchor("anchor_by_signature", *sent, signature, sender=STRANGER.address)


def refusal(caught: pytest.ExceptionInfo[Reverted]) -> str:
    return caught.value.reason


def test_registration(anchor: Contract) -> None:
    """A new log has the id that everybody can compute, no leaves, the empty root, and an event."""
    log_id = anchor("register", ORIGIN, LOG_KEY, KEY.address, sender=OWNER.address)
    kinds = ["uint256", "address", "address", "bytes32", "bytes32"]
    values = [anchor.world.chain_id, anchor.address, OWNER.address, ORIGIN, LOG_KEY]
    assert log_id == keccak(encode(kinds, values))
    fields = {
        "log_id": log_id,
        "owner": OWNER.address,
        "origin_hash": ORIGIN,
        "log_key_hash": LOG_KEY,
        "anchor_key": KEY.address,
    }
    assert anchor.logs == [("Registered", fields)]
    assert anchor("log_id_of", OWNER.address, ORIGIN, LOG_KEY) == log_id
    assert anchor("latest", log_id) == (0, EMPTY_ROOT, anchor.world.now)
    assert anchor("anchored", log_id, 0, anchor.world.now) == EMPTY_ROOT
    assert anchor("owner_of", log_id) == OWNER.address
    assert anchor("anchor_key_of", log_id) == KEY.address


def test_our_origin_registered_by_somebody_else_first(anchor: Contract) -> None:
    """A stranger who takes our origin gets another id, and we get ours all the same."""
    theirs = anchor("register", ORIGIN, LOG_KEY, STRANGER.address, sender=STRANGER.address)
    anchor("anchor", theirs, *extension(0, 3), sender=STRANGER.address)
    ours = anchor("register", ORIGIN, LOG_KEY, KEY.address, sender=OWNER.address)
    assert ours != theirs
    assert anchor("latest", ours)[:2] == (0, EMPTY_ROOT)
    assert anchor("owner_of", ours) == OWNER.address


def test_a_log_is_registered_once(anchor: Contract, log_id: bytes) -> None:
    """Registering again would set a log back to nothing."""
    with refused("registered"):
        anchor("register", ORIGIN, LOG_KEY, OWNER.address, sender=OWNER.address)
    with refused("zero key"):
        anchor("register", ORIGIN, keccak(b"other"), "0x" + "00" * 20, sender=OWNER.address)


@pytest.mark.parametrize("who", [STRANGER, OWNER], ids=["stranger", "owner"])
def test_a_valid_extension_by_somebody_else(anchor: Contract, log_id: bytes, who: Any) -> None:
    """A right proof gives no right: only the anchor key anchors, and not even the owner."""
    with refused("not the anchor key"):
        anchor("anchor", log_id, *extension(5, 8), sender=who.address)
    with refused("not the anchor key"):
        relayed(anchor, log_id, signer=who)
    with refused("not the owner"):
        anchor("rotate_anchor_key", log_id, who.address, sender=STRANGER.address)


def test_anchoring(anchor: Contract, log_id: bytes) -> None:
    """What was anchored stays, under its size and time, while the log grows."""
    first = anchor.world.now
    anchor.world.wait(10)
    assert anchor("anchor", log_id, *extension(5, 8), sender=KEY.address) == first + 10
    fields = {"log_id": log_id, "size": 8, "root": root(8), "time": first + 10}
    assert anchor.logs == [("Anchored", fields)]
    assert anchor("latest", log_id) == (8, root(8), first + 10)
    assert anchor("anchored", log_id, 8, first + 10) == root(8)
    assert anchor("anchored", log_id, 5, first) == root(5)
    assert anchor("anchored", log_id, 5, first + 10) == bytes(32)
    assert anchor("anchored", log_id, 5, first + 2**32) == bytes(32)


def test_relaying(anchor: Contract, log_id: bytes) -> None:
    """Anybody may relay what the anchor key signed; and again, to no effect."""
    assert relayed(anchor, log_id) == anchor.world.now
    assert anchor("latest", log_id)[:2] == (8, root(8))
    assert relayed(anchor, log_id) == anchor.world.now
    assert anchor.logs == []


def test_repeating_is_harmless(anchor: Contract, log_id: bytes) -> None:
    """The same size and root once more changes nothing and says nothing."""
    before = anchor("latest", log_id)
    anchor.world.wait(100)
    for arguments in [extension(0, 5), (5, 5, root(5), [])]:
        assert anchor("anchor", log_id, *arguments, sender=KEY.address) == before[2]
        assert anchor.logs == []
        assert anchor("latest", log_id) == before


STATES: dict[str, tuple[tuple[Any, ...], str]] = {
    "another root at the same size": ((5, 5, root(6), []), "fork"),
    "another root for what is anchored": ((0, 5, root(6), []), "fork"),
    "an older tree": ((5, 4, root(4), []), "shrinks"),
    "no leaves": ((5, 0, EMPTY_ROOT, []), "shrinks"),
    "from a size before the last": (extension(3, 8), "stale"),
    "from nothing, once there is something": (extension(0, 8), "stale"),
    "from a size to come": (extension(6, 8), "stale"),
    "2^63 leaves": ((5, 2**63, root(8), []), "size"),
    "a proof from elsewhere": ((5, 8, root(8), consistency(6, 8)), "proof length"),
    "another tree": ((5, 8, root(9), consistency(5, 8)), "new root"),
    "another past": ((5, 8, root(8), consistency(5, 8)[::-1]), "old root"),
    "no proof": ((5, 8, root(8), []), "proof length"),
    "a padded proof": ((5, 8, root(8), [*consistency(5, 8), root(1)]), "proof length"),
}


@pytest.mark.parametrize("case", STATES)
def test_what_the_anchor_key_cannot_do(anchor: Contract, log_id: bytes, case: str) -> None:
    """Not even the anchor key takes a log back, forks it or jumps; and it is told why."""
    arguments, why = STATES[case]
    before = anchor("latest", log_id)
    with pytest.raises(Reverted) as caught:
        anchor("anchor", log_id, *arguments, sender=KEY.address)
    assert refusal(caught) == why
    assert anchor("latest", log_id) == before


def test_the_first_anchor(anchor: Contract) -> None:
    """From no leaves, any tree may come, without a proof; but zero is no root."""
    log_id = anchor("register", ORIGIN, LOG_KEY, KEY.address, sender=OWNER.address)
    for size, digest, proof, why in [
        (5, bytes(32), [], "zero root"),
        (5, root(5), [root(1)], "proof length"),
        (0, root(5), [], "fork"),
    ]:
        with pytest.raises(Reverted) as caught:
            anchor("anchor", log_id, 0, size, digest, proof, sender=KEY.address)
        assert refusal(caught) == why
    anchor("anchor", log_id, 0, 0, EMPTY_ROOT, [], sender=KEY.address)
    anchor("anchor", log_id, 0, 2**63 - 1, root(5), [], sender=KEY.address)


def test_rotation(anchor: Contract, log_id: bytes) -> None:
    """A rotated key and all it signed are void; no key at all freezes the log until there is."""
    late = domain_of(anchor).sign(KEY, "Anchor", log_id, 5, 8, root(8), 2**256 - 1)
    anchor("rotate_anchor_key", log_id, STRANGER.address, sender=OWNER.address)
    fields = {"log_id": log_id, "anchor_key": STRANGER.address}
    assert anchor.logs == [("AnchorKeyRotated", fields)]
    arguments = (log_id, *extension(5, 8))
    with refused("not the anchor key"):
        anchor("anchor_by_signature", *arguments, 2**256 - 1, late, sender=KEY.address)
    with refused("not the anchor key"):
        anchor("anchor", *arguments, sender=KEY.address)
    anchor("rotate_anchor_key", log_id, "0x" + "00" * 20, sender=OWNER.address)
    with refused("not the anchor key"):
        anchor("anchor", *arguments, sender=STRANGER.address)
    anchor("rotate_anchor_key", log_id, STRANGER.address, sender=OWNER.address)
    assert anchor("latest", log_id)[:2] == (5, root(5))
    anchor("anchor", *arguments, sender=STRANGER.address)


def high_s(signature: bytes) -> bytes:
    """Make the second valid form that every ECDSA signature has."""
    s = CURVE_ORDER - int.from_bytes(signature[32:64], "big")
    return signature[:32] + s.to_bytes(32, "big") + bytes([55 - signature[64]])


SPOILED: dict[str, tuple[dict[str, Any], str]] = {
    "high s": ({"spoil": high_s}, "signature"),
    "v of 0 or 1": ({"spoil": lambda s: s[:64] + bytes([s[64] - 27])}, "signature"),
    "v of another chain": ({"spoil": lambda s: s[:64] + bytes([s[64] + 10])}, "signature"),
    "short": ({"spoil": lambda s: s[:64]}, "signature"),
    "empty": ({"spoil": lambda s: b""}, "signature"),
    "zero": ({"spoil": lambda s: bytes(64) + b"\x1b"}, "signature"),
    "r and s of nobody": ({"spoil": lambda s: b"\xff" * 32 + s[32:]}, "signature"),
    "one bit off": ({"spoil": lambda s: s[:31] + bytes([s[31] ^ 1]) + s[32:]}, ""),
}


@pytest.mark.parametrize("case", SPOILED)
def test_spoiled_signatures(anchor: Contract, log_id: bytes, case: str) -> None:
    """A signature has one form; every other is refused, also one that is as valid in ECDSA."""
    changes, why = SPOILED[case]
    with pytest.raises(Reverted) as caught:
        relayed(anchor, log_id, **changes)
    assert refusal(caught) in ({why} if why else {"signature", "not the anchor key"})


def test_signatures_for_elsewhere(anchor: Contract, log_id: bytes) -> None:
    """A signature for another chain, contract, name, version or log counts nothing here."""
    here = domain_of(anchor)
    for domain in [
        replace(here, chain_id=here.chain_id + 1),
        replace(here, contract=STRANGER.address),
        replace(here, name="Counterfoil"),
        replace(here, version="2"),
    ]:
        with refused("not the anchor key"):
            relayed(anchor, log_id, domain=domain)
    other = anchor("register", ORIGIN, keccak(b"other"), KEY.address, sender=OWNER.address)
    anchor("anchor", other, *extension(0, 5), sender=KEY.address)
    late = anchor.world.now + 60
    with refused("not the anchor key"):
        relayed(anchor, log_id, sent=(other, *extension(5, 8), late))


def test_each_signed_field_counts(anchor: Contract, log_id: bytes) -> None:
    """Log, sizes, root and deadline are all signed: what was relayed is what was meant."""
    late = anchor.world.now + 60
    right = (log_id, 5, 8, root(8), late)
    for at, other in enumerate((bytes(32), 4, 7, root(7), late + 1)):
        signed = (*right[:at], other, *right[at + 1 :])
        with refused("not the anchor key"):
            relayed(anchor, log_id, signed=signed)


def test_deadline(anchor: Contract, log_id: bytes) -> None:
    """A signature counts in its last second, and not a second later."""
    with refused("deadline"):
        relayed(anchor, log_id, deadline=anchor.world.now - 1)
    relayed(anchor, log_id, deadline=anchor.world.now)


def test_a_late_relay(anchor: Contract, log_id: bytes) -> None:
    """What was signed for a size that is past is stale, however long it was good for."""
    signature = domain_of(anchor).sign(KEY, "Anchor", log_id, 5, 8, root(8), 2**256 - 1)
    anchor("anchor", log_id, *extension(5, 6), sender=KEY.address)
    with refused("stale"):
        anchor("anchor_by_signature", log_id, *extension(5, 8), 2**256 - 1, signature)


def test_domain(anchor: Contract) -> None:
    """Wallets and clients learn the domain from the contract (EIP-5267)."""
    told = anchor("eip712Domain")
    here = domain_of(anchor)
    assert told[:3] == (b"\x0f", here.name, here.version)
    assert told[3] == here.chain_id
    assert told[4].lower() == here.contract.lower()
    assert told[5:] == (bytes(32), ())


def test_unknown_logs(anchor: Contract) -> None:
    """A log that nobody registered has no owner, no key and no roots, and cannot be anchored."""
    with refused("unknown log"):
        anchor("latest", bytes(32))
    assert anchor("anchored", bytes(32), 0, 0) == bytes(32)
    assert int(anchor("owner_of", bytes(32)), 16) == int(anchor("anchor_key_of", bytes(32)), 16)
    with refused("not the anchor key"):
        anchor("anchor", bytes(32), *extension(0, 5), sender=KEY.address)


def test_the_clock_ends(anchor: Contract, log_id: bytes) -> None:
    """In 2106 the contract stops; it does not wrap around and write elsewhere."""
    anchor.world.wait(2**32 - 1 - anchor.world.now)
    anchor("anchor", log_id, *extension(5, 6), sender=KEY.address)
    anchor.world.wait(1)
    with refused("clock"):
        anchor("anchor", log_id, *extension(6, 8), sender=KEY.address)
    assert anchor("latest", log_id)[:2] == (6, root(6))


BUGS: dict[str, tuple[str, str, str]] = {
    "anybody anchors": (
        "anchor.vy",
        '    assert words._anchor_key(word) == msg.sender, "not the anchor key"\n    assert word &',
        "    assert word &",
    ),
    "anybody signs": (
        "authority.vy",
        '    assert signer == anchor_key, "not the anchor key"\n',
        "",
    ),
    "domain without chain": (
        "signatures.vy",
        "chain.id, self)\n    )",
        "empty(uint256), self)\n    )",
    ),
}


@pytest.mark.parametrize("bug", BUGS)
def test_planted_bugs_are_found(bug: str, tmp_path: Path) -> None:
    """Control: with one check removed, one of the tests above fails."""
    anchor = World().deploy_source(planted(tmp_path / "planted", *BUGS[bug]))
    log_id = anchor("register", ORIGIN, LOG_KEY, KEY.address, sender=OWNER.address)
    anchor("anchor", log_id, *extension(0, 5), sender=KEY.address)
    with pytest.raises((pytest.fail.Exception, Reverted)):
        test_a_valid_extension_by_somebody_else(anchor, log_id, STRANGER)
        test_relaying(anchor, log_id)
