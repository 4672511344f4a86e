"""The contract's proofs: all that are right pass, all that are changed do not, as in Python."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from counterfoil.errors import VerificationError
from counterfoil.proofs.merkle import EMPTY_ROOT, verify_consistency
from tests.contracts.flips import flipped, flips
from tests.contracts.rig import Contract, Reverted, World, planted, refused
from tests.contracts.trees import HugeTree, consistency, root

LEAVES = 33
WHY = {"size", "proof length", "old root", "new root"}


class Extension(NamedTuple):
    """The claim that one tree extends another; arguments of `check_consistency`."""

    old_size: int
    new_size: int
    old_root: bytes
    new_root: bytes
    proof: Sequence[bytes]


def extensions(leaves: int) -> Iterator[Extension]:
    """Give every pair of sizes up to `leaves`, from 0."""
    for new in range(leaves + 1):
        for old in range(new + 1):
            yield Extension(old, new, root(old), root(new), consistency(old, new))


def mutations(right: Extension, case: int, every: bool) -> Iterator[Extension]:
    """Change one byte of a claim: of a root, of the proof, or of a size as 8 bytes."""
    both = right.old_root + right.new_root
    for byte, mask in flips(64, case, every):
        changed = flipped(both, byte, mask)
        yield right._replace(old_root=changed[:32], new_root=changed[32:])
    proof = b"".join(right.proof)
    for byte, mask in flips(len(proof), case, every):
        changed = flipped(proof, byte, mask)
        hashes = [changed[at : at + 32] for at in range(0, len(changed), 32)]
        yield right._replace(proof=hashes)
    for byte, mask in flips(8, case, True):
        yield right._replace(old_size=right.old_size ^ mask << 8 * byte)
        yield right._replace(new_size=right.new_size ^ mask << 8 * byte)


def python_accepts(claim: Extension) -> bool:
    """Ask the verifier in Python; sizes have 63 bits, as in checkpoints, and no leaves one root."""
    if claim.new_size >= 2**63 or (claim.new_size == 0 and claim.new_root != EMPTY_ROOT):
        return False
    try:
        verify_consistency(*claim)
    except VerificationError:
        return False
    return True


def contract_accepts(anchor: Contract, claim: Extension) -> bool:
    """Ask the contract, which must say why not."""
    try:
        anchor("check_consistency", *claim)
    except Reverted as refusal:
        assert refusal.reason in WHY, refusal
        return False
    return True


def wrong_answers(anchor: Contract, leaves: int, every: bool, step: int = 1) -> list[Extension]:
    """Give each right or changed claim on which the contract errs.

    A changed claim may be right by chance (a size that the proof fits as well), so Python judges.
    """
    wrong = []
    for case, right in enumerate(extensions(leaves)):
        if not contract_accepts(anchor, right):
            wrong.append(right)
        if case % step == 0:
            wrong += [
                claim
                for claim in mutations(right, case, every)
                if contract_accepts(anchor, claim) != python_accepts(claim)
            ]
    return wrong


def test_all_extensions(anchor: Contract) -> None:
    """Every consistency proof for trees up to 33 leaves passes, for all pairs of sizes."""
    assert [c for c in extensions(LEAVES) if not contract_accepts(anchor, c)] == []


def test_changed_extensions(anchor: Contract) -> None:
    """Each changed byte of a root, proof or size is refused, unless Python finds it right too."""
    assert wrong_answers(anchor, 9, every=True, step=9) == []
    assert wrong_answers(anchor, LEAVES, every=False, step=5) == []


def test_what_passes_changed_is_right() -> None:
    """The search above lets pass what Python finds right: no other hashes, but where nothing was.

    A proof may fit another size as well: from 2 leaves, 5 and 6 lead to one path. RFC 9162 knows
    that; whoever signs a root signs the size with it, and so does the anchor key.
    """
    passed = [
        (right, claim)
        for case, right in enumerate(extensions(LEAVES))
        for claim in mutations(right, case, every=False)
        if python_accepts(claim)
    ]
    assert all(right.old_size == 0 or claim[2:] == right[2:] for right, claim in passed)
    assert any(right.old_size for right, _ in passed)


@pytest.mark.campaign
def test_every_changed_byte(anchor: Contract) -> None:
    """Each byte of each extension up to 33 leaves, one at a time."""
    assert wrong_answers(anchor, LEAVES, every=True) == []


BUGS: dict[str, tuple[str, str]] = {
    "new root unchecked": ('    assert new == new_root, "new root"\n', ""),
    "old root unchecked": ('    assert old == old_root, "old root"\n', ""),
    "length unchecked": ('    assert len(proof) == count, "proof length"\n', ""),
    "edge taken for a left turn": ("(index | ~below)", "index"),
    "equal sizes with any root": ("    if old_size == new_size:\n", "    if False:\n"),
}


FEW = ("old root unchecked", "length unchecked")
"""Bugs that are planted every time; the others are for a campaign."""


@pytest.mark.parametrize(
    "bug", [one if one in FEW else pytest.param(one, marks=pytest.mark.campaign) for one in BUGS]
)
def test_planted_bugs_are_found(bug: str, tmp_path: Path) -> None:
    """Control: with one check removed, the search above finds a wrong answer."""
    path = planted(tmp_path / "planted", "rfc9162.vy", *BUGS[bug])
    assert wrong_answers(World().deploy_source(path), 7, every=False)


@st.composite
def claims(draw: st.DrawFn) -> Extension:
    """Draw a claim over a huge tree, with any number of things wrong with it."""
    sizes = st.one_of(
        st.integers(0, 40),
        st.integers(0, 62).map(lambda bit: 1 << bit),
        st.integers(1, 62).map(lambda bit: (1 << bit) - 1),
        st.integers(0, 2**63 - 1),
    )
    old, new = sorted((draw(sizes), draw(sizes)))
    tree = HugeTree(old, new)
    proof = tree.consistency(old, new)
    claim = Extension(old, new, tree.root(old), tree.root(new), proof)
    for _ in range(draw(st.integers(0, 2))):
        claim = draw(st.sampled_from(spoilers(claim)))
    return claim


def spoilers(claim: Extension) -> list[Extension]:
    """Give some ways to spoil a claim."""
    proof = list(claim.proof)
    return [
        claim._replace(old_size=max(0, claim.old_size - 1)),
        claim._replace(new_size=claim.new_size + 1),
        claim._replace(old_size=claim.new_size, new_size=claim.old_size),
        claim._replace(old_root=claim.new_root),
        claim._replace(new_root=claim.old_root),
        claim._replace(old_root=EMPTY_ROOT),
        claim._replace(proof=proof[:-1]),
        claim._replace(proof=proof[1:]),
        claim._replace(proof=[*proof, claim.old_root][:64]),
        claim._replace(proof=[claim.old_root, *proof][:64]),
        claim._replace(proof=proof[::-1]),
    ]


@given(claims())
@example(Extension(0, 0, EMPTY_ROOT, EMPTY_ROOT, []))
@example(Extension(0, 2**63 - 1, EMPTY_ROOT, root(3), []))
def test_agreement_on_any_claim(shipped: Contract, claim: Extension) -> None:
    """Contract and Python judge every claim alike, right or spoiled, up to 2^63 - 1 leaves."""
    assert contract_accepts(shipped, claim) == python_accepts(claim)


def test_longest_proof(anchor: Contract) -> None:
    """The largest sizes there are need 64 hashes, and pass."""
    old, new = 2**63 - 3, 2**63 - 1
    tree = HugeTree(old, new)
    claim = Extension(old, new, tree.root(old), tree.root(new), tree.consistency(old, new))
    assert contract_accepts(anchor, claim)
    assert max(len(HugeTree(o, o + 1).consistency(o, o + 1)) for o in (2**62 + 1, new - 1)) <= 64


def test_sizes_from_two_to_the_63_are_refused(anchor: Contract) -> None:
    """No tree has 2^63 leaves; and a size that is no 64-bit number cannot be asked for."""
    for new in (2**63, 2**64 - 1):
        with refused("size"):
            anchor("check_consistency", 1, new, root(1), root(2), [root(3)] * 63)


def test_too_many_hashes(anchor: Contract) -> None:
    """A proof of more hashes than any tree can have is no argument at all."""
    with pytest.raises(Reverted) as caught:
        anchor("check_consistency", 1, 2, root(1), root(2), [root(3)] * 65)
    assert caught.value.reason == ""
