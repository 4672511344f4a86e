"""A log takes up no party whose keys did not agree, and no accusation without proof."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Any, Literal

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from counterfoil.errors import VerificationError
from counterfoil.formats import checkpoint, note
from counterfoil.formats.ascii import encode_base64
from counterfoil.formats.checkpoint import Checkpoint
from counterfoil.formats.predicates import (
    Equivocation,
    ForkPoint,
    Header,
    KeyBinding,
    LogFrozen,
    Party,
    Policy,
)
from counterfoil.formats.predicates.registry import binding_text
from counterfoil.formats.vkey import SigningKey, format_vkey
from counterfoil.proofs.claims import check_claims
from counterfoil.proofs.merkle import inclusion_path, leaf_hash, reader_of, root_of
from counterfoil.proofs.signing import public_of
from tests import c2sp
from tests.predicate_samples import HEADER, SAMPLES
from tests.rfc6962 import leaves
from tests.statements import refused

PARTY = "urn:party:1"
Private = Ed25519PrivateKey | MLDSA44PrivateKey
Algorithm = Literal["ed25519", "ml-dsa-44"]
change = msgspec.structs.replace


def ed25519(label: str) -> tuple[str, Algorithm, Private]:
    """Make an Ed25519 key for a purpose."""
    return label, "ed25519", Ed25519PrivateKey.from_private_bytes(sha256(label.encode()).digest())


def mldsa44(label: str) -> tuple[str, Algorithm, Private]:
    """Make an ML-DSA-44 key for a purpose."""
    return label, "ml-dsa-44", MLDSA44PrivateKey.from_seed_bytes(sha256(label.encode()).digest())


def party(*keys: tuple[str, Algorithm, Private], name: str = PARTY) -> Party:
    """Bind keys: each signs the same text."""
    listed = [
        (purpose, algorithm, encode_base64(key.public_key().public_bytes_raw()))
        for purpose, algorithm, key in keys
    ]
    text = binding_text(name, [(str(p), str(a), k) for p, a, k in listed])
    bound = tuple(
        KeyBinding(purpose, algorithm, public, encode_base64(key.sign(text)))
        for (purpose, algorithm, public), (_, _, key) in zip(listed, keys, strict=True)
    )
    return Party(party=name, keys=bound, **HEADER)


def signed(entries: Sequence[bytes], key: SigningKey = c2sp.LOG, origin: str = c2sp.ORIGIN) -> str:
    """Sign the checkpoint of some entries."""
    root = root_of(map(leaf_hash, entries))
    body = checkpoint.format(Checkpoint(origin, len(entries), root))
    return note.format(c2sp.signed(key, body=body)).decode()


def accuse(first: str, second: str, fork: ForkPoint | None = None, **more: Any) -> Equivocation:
    """Accuse a log of two histories."""
    fields = {"origin": c2sp.ORIGIN, "vkey": format_vkey(public_of(c2sp.LOG))} | more
    return Equivocation(first=first, second=second, fork=fork, **HEADER, **fields)


def fork_at(index: int, one: Sequence[bytes], two: Sequence[bytes]) -> ForkPoint:
    """Prove the entries of two histories at one index."""
    found: list[Any] = []
    for entries in (one, two):
        hashes = [leaf_hash(entry) for entry in entries]
        path = inclusion_path(index, len(hashes), reader_of(hashes))
        found += [hashes[index].hex(), tuple(digest.hex() for digest in path)]
    return ForkPoint(index, *found)


ONE = leaves(7)
TWO = [*ONE[:3], b"another", *ONE[4:], b"more", b"and more"]


def test_a_party_whose_keys_agree() -> None:
    """Keys of both algorithms that signed the same list are bound to the party."""
    check_claims(party(ed25519("sign")))
    check_claims(party(ed25519("sign"), mldsa44("quantum"), ed25519("decide")))


def test_a_party_whose_keys_do_not_agree() -> None:
    """A key that signed another list, party or purpose, or nothing, is refused."""
    good = party(ed25519("sign"), mldsa44("quantum"))
    other = party(ed25519("sign"), mldsa44("quantum"), name="urn:party:2")
    wider = party(ed25519("sign"), mldsa44("quantum"), ed25519("third"))
    for wrong in (
        change(good, keys=(good.keys[0], other.keys[1])),
        change(good, keys=wider.keys[:2]),
        change(good, keys=good.keys[::-1]),
        change(good, keys=good.keys[:1]),
        change(good, party="urn:party:2"),
        change(good, keys=(msgspec.structs.replace(good.keys[0], purpose="x"), good.keys[1])),
        change(good, keys=(change_proof(good.keys[0], good.keys[1]), good.keys[1])),
    ):
        with refused("claim.binding", VerificationError):
            check_claims(wrong)


def change_proof(key: KeyBinding, other: KeyBinding) -> KeyBinding:
    """Put another key's proof in a key's place."""
    return msgspec.structs.replace(key, proof=other.proof)


def test_a_party_lists_each_key_once() -> None:
    """A key that is listed twice could be counted twice."""
    with refused("claim.binding-keys"):
        check_claims(party(ed25519("sign"), ed25519("sign")))


def test_policies_are_read() -> None:
    """A policy's text must be a policy."""
    check_claims(Policy(members=(), policy="quorum none\n", **HEADER))
    with refused("policy.word"):
        check_claims(Policy(members=(), policy="trust me\n", **HEADER))


def test_two_roots_at_one_size() -> None:
    """Two signed checkpoints of one size and different roots need no other proof."""
    check_claims(accuse(signed(ONE), signed(TWO[:7])))


def test_two_leaves_at_one_index() -> None:
    """Checkpoints of different sizes contradict each other where two leaves stand at one index."""
    for one, two in ((ONE, TWO), (TWO, ONE)):
        check_claims(accuse(signed(one), signed(two), fork_at(3, one, two)))


def test_accusations_without_proof() -> None:
    """Checkpoints that may belong to one history accuse nobody."""
    longer = [*ONE, b"more"]
    same = fork_at(2, ONE, TWO)
    for claim in (
        accuse(signed(ONE), signed(ONE)),
        accuse(signed(ONE), signed(longer)),
        accuse(signed(ONE), signed(TWO)),
        accuse(signed(ONE), signed(TWO), same),
        accuse(signed(ONE), signed(ONE), fork_at(3, ONE, ONE)),
    ):
        with refused("claim.equivocation", VerificationError):
            check_claims(claim)


def test_false_forks() -> None:
    """A leaf that is not under the checkpoint, or at another index, is no fork."""
    fork = fork_at(3, ONE, TWO)
    for wrong, code in (
        (change(fork, second_leaf="0f" * 32), "proof.root-mismatch"),
        (change(fork, index=2), "proof.root-mismatch"),
        (change(fork, second_path=fork.first_path), "proof.path-length"),
        (change(fork, index=7), "proof.index"),
    ):
        with refused(code, VerificationError):
            check_claims(accuse(signed(ONE), signed(TWO), wrong))


def test_accusations_under_another_key_or_name() -> None:
    """Both checkpoints are signed by the key that is named, which bears the log's name."""
    stranger = c2sp.secret("stranger")
    with refused("trust.no-known-signature", VerificationError):
        check_claims(accuse(signed(ONE), signed(TWO[:7], stranger)))
    forged = signed(TWO[:7]).replace("\n7\n", "\n8\n")
    with refused("signature.invalid", VerificationError):
        check_claims(accuse(signed(ONE), forged))
    vkey = format_vkey(public_of(stranger))
    both = signed(ONE, stranger), signed(TWO[:7], stranger)
    with refused("claim.equivocation", VerificationError):
        check_claims(accuse(*both, vkey=vkey))
    other = signed(TWO[:7], origin="other.example")
    with refused("claim.equivocation", VerificationError):
        check_claims(accuse(signed(ONE), other))
    with refused("claim.equivocation", VerificationError):
        check_claims(accuse(signed(ONE), signed(TWO[:7]), origin="other.example"))


def test_a_frozen_log_says_what_its_checkpoint_says() -> None:
    """Origin, size and root are those of the checkpoint, if there is one."""
    root = root_of(map(leaf_hash, ONE)).hex()
    frozen = LogFrozen(origin=c2sp.ORIGIN, size=7, root=root, checkpoint=signed(ONE), **HEADER)
    check_claims(frozen)
    check_claims(change(frozen, checkpoint=None))
    for wrong in (
        change(frozen, size=8),
        change(frozen, root="0f" * 32),
        change(frozen, origin="other.example"),
        change(frozen, checkpoint=signed(TWO)),
    ):
        with refused("claim.frozen", VerificationError):
            check_claims(wrong)


@pytest.mark.parametrize("name", ["Record", "Block", "Organisation", "Key", "Mandate"])
def test_other_statements_claim_nothing_that_could_be_checked_here(name: str) -> None:
    """Statements without such claims pass."""
    kind: type[Header] = next(kind for kind in SAMPLES if kind.__name__ == name)
    check_claims(kind(**HEADER, **SAMPLES[kind]))
