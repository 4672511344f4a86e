"""Two histories under one key are proven to anybody; nothing else passes for such a proof."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.errors import CounterfoilError, InputError, VerificationError
from counterfoil.formats import evidence, note
from counterfoil.formats.evidence import EvidenceBundle
from counterfoil.formats.note import Note, NoteSignature
from counterfoil.formats.predicates import ForkPoint, OtherPrefix
from counterfoil.formats.vkey import KeyType, format_vkey
from counterfoil.proofs.equivocation import find_fork, make, root_at, verify
from counterfoil.proofs.merkle import NodeReader, leaf_hash, reader_of, root_of
from counterfoil.proofs.signing import public_of
from tests import c2sp
from tests.c2sp import refuses
from tests.logs_on_disk import entries_of, other_entries, sign_tree

KEY = public_of(c2sp.LOG)
change = msgspec.structs.replace


def nodes_of(entries: Sequence[bytes]) -> NodeReader:
    """Read the tree of some entries."""
    return reader_of([leaf_hash(entry) for entry in entries])


def convict(
    one: Sequence[bytes], two: Sequence[bytes], *, small: bool = True, large: bool = True
) -> EvidenceBundle:
    """Make evidence of two histories, with or without the nodes of the smaller and larger."""
    nodes = [nodes_of(one) if small else None, nodes_of(two) if large else None]
    if len(one) > len(two):
        nodes = [nodes_of(one) if large else None, nodes_of(two) if small else None]
    return make(KEY, sign_tree(one), sign_tree(two), *nodes)


SAME_SIZE = convict(entries_of(7), other_entries(7, 3))
FORK = convict(entries_of(7), other_entries(12, 3))
PREFIX = convict(entries_of(7), other_entries(12, 3), small=False)
BUNDLES = {"same-size": SAME_SIZE, "fork": FORK, "prefix": PREFIX}


@pytest.mark.parametrize("one", [1, 2, 3, 4, 7, 8, 9, 33])
@pytest.mark.parametrize("two", [1, 2, 3, 4, 7, 8, 9, 33])
def test_two_histories_are_proven(one: int, two: int) -> None:
    """For all shapes of trees and every entry that differs, evidence is made and verifies."""
    for differs_at in range(min(one, two)):
        first, second = entries_of(one), other_entries(two, differs_at)
        for small in (True, False):
            bundle = convict(first, second, small=small)
            proven = verify(evidence.format(bundle))
            assert (proven.first.size, proven.second.size) == (min(one, two), max(one, two))
            assert proven.key == KEY
            if one == two:
                assert (proven.way, proven.index) == ("same-size", None)
            elif small:
                assert (proven.way, proven.index) == ("fork", differs_at)
            else:
                assert (proven.way, proven.index) == ("prefix", None)


@given(st.data())
def test_the_first_entry_that_differs_is_found(data: st.DataObject) -> None:
    """The search finds the first of several differences in few reads, or that there is none."""
    size = data.draw(st.integers(1, 200))
    more = data.draw(st.integers(0, 60))
    differing = data.draw(st.sets(st.integers(0, size - 1), max_size=4))
    one = entries_of(size)
    two = [b"other" if k in differing else entry for k, entry in enumerate(entries_of(size + more))]
    reads = 0
    inner = nodes_of(two)

    def counted(level: int, index: int) -> bytes:
        nonlocal reads
        reads += 1
        return inner(level, index)

    assert find_fork(size, nodes_of(one), counted) == (min(differing) if differing else None)
    assert reads <= 2 * size.bit_length()


def test_a_log_that_grew_is_not_convicted() -> None:
    """An older and a newer checkpoint of one history make no evidence, in either order."""
    for one, two in ((5, 9), (9, 5), (8, 16), (0, 4)):
        with refuses("evidence.consistent", VerificationError):
            convict(entries_of(one), entries_of(two))
        with refuses("evidence.consistent", VerificationError):
            convict(entries_of(one), entries_of(two), small=False)
    with refuses("evidence.same-checkpoint", VerificationError):
        convict(entries_of(5), entries_of(5))


def test_two_sizes_without_tiles_prove_nothing() -> None:
    """A larger and a smaller checkpoint alone are no proof: a rollback looks like a stale cache."""
    with refuses("evidence.no-tiles"):
        convict(entries_of(5), other_entries(9, 2), large=False)
    with refuses("evidence.no-tiles"):
        convict(entries_of(5), other_entries(9, 2), small=False, large=False)
    bundle = EvidenceBundle(
        c2sp.ORIGIN,
        format_vkey(KEY),
        sign_tree(entries_of(5)).decode(),
        sign_tree(other_entries(9, 2)).decode(),
    )
    with refuses("evidence.no-fork", VerificationError):
        verify(bundle)


def test_a_reader_that_lies_makes_no_evidence() -> None:
    """Nodes of another tree than the signed one end in an error, never in a bundle."""
    with pytest.raises(VerificationError):
        make(KEY, sign_tree(entries_of(5)), sign_tree(entries_of(9)), None, nodes_of([b"x"] * 9))
    # Nodes of another smaller tree are not used: the larger tree's proof needs none.
    lied = make(
        KEY,
        sign_tree(entries_of(5)),
        sign_tree(other_entries(9, 2)),
        nodes_of([b"x"] * 5),
        nodes_of(other_entries(9, 2)),
    )
    assert verify(lied).way == "prefix"


def test_a_post_quantum_key_is_convicted_too() -> None:
    """A log's ML-DSA-44 key that signed two histories is convicted like its Ed25519 key."""
    key = c2sp.secret(c2sp.ORIGIN, KeyType.COSIGNATURE_MLDSA44)
    first, second = (sign_tree(one, key=key) for one in (entries_of(4), other_entries(6, 1)))
    bundle = make(public_of(key), first, second, None, nodes_of(other_entries(6, 1)))
    assert verify(evidence.format(bundle)).key == public_of(key)


def test_witnesses_signatures_are_left_out() -> None:
    """Evidence holds the convicted key's signatures alone, however many stood on the notes."""
    first = sign_tree(entries_of(4), c2sp.witness(1), c2sp.witness(2))
    second = sign_tree(other_entries(4, 1), c2sp.witness(1))
    bundle = make(KEY, first, second)
    assert len(note.parse(bundle.first.encode()).signatures) == 1
    with refuses("evidence.signatures", VerificationError):
        verify(change(bundle, first=first.decode()))


def test_who_did_not_sign_both_is_not_convicted() -> None:
    """A key that signed one note, or none, or another log's, is not convicted."""
    first, second = sign_tree(entries_of(4)), sign_tree(other_entries(4, 1))
    stranger = c2sp.secret("stranger.example")
    with refuses("evidence.signatures", VerificationError):
        make(public_of(stranger), first, second)
    forged = note.parse(second)
    line = NoteSignature(KEY.name, KEY.key_id, bytes(64))
    bad = note.format(Note(forged.text, (line,)))
    with pytest.raises(VerificationError) as caught:
        make(KEY, first, bad)
    assert caught.value.code == "signature.invalid"
    other = sign_tree(entries_of(4), origin="another.example")
    with refuses("evidence.origin", VerificationError):
        make(KEY, first, other)
    with refuses("evidence.origin", VerificationError):
        verify(change(SAME_SIZE, origin="another.example"))


def test_forged_proofs_are_refused() -> None:
    """What looks like a fork and is none is refused, each by its own code."""
    fork, prefix = FORK.fork, PREFIX.prefix
    assert fork is not None
    assert prefix is not None
    one, grown = entries_of(7), entries_of(12)
    honest = change(FORK, second=sign_tree(grown).decode())
    same = ForkPoint(
        fork.index, fork.first_leaf, fork.first_path, fork.first_leaf, fork.second_path
    )
    root = root_of([leaf_hash(entry) for entry in one]).hex()
    cases: list[tuple[EvidenceBundle, str]] = [
        (change(FORK, fork=same), "evidence.same-leaf"),
        (honest, "proof.root-mismatch"),
        (change(FORK, fork=change(fork, index=fork.index + 1)), "proof.root-mismatch"),
        (change(FORK, fork=change(fork, index=7)), "proof.index"),
        (change(FORK, fork=change(fork, first_path=fork.first_path[:-1])), "proof.path-length"),
        (change(FORK, fork=change(fork, second_leaf="00" * 32)), "proof.root-mismatch"),
        (change(FORK, prefix=prefix), "evidence.extra"),
        (change(FORK, fork=None), "evidence.no-fork"),
        (change(SAME_SIZE, second=SAME_SIZE.first), "evidence.same-checkpoint"),
        (change(SAME_SIZE, prefix=prefix), "evidence.no-fork"),
        (change(PREFIX, prefix=change(prefix, root=root)), "evidence.same-prefix"),
        (change(PREFIX, prefix=change(prefix, root="00" * 32)), "proof.root-mismatch"),
        (change(PREFIX, prefix=change(prefix, path=())), "proof.path-length"),
        (change(PREFIX, second=sign_tree(grown).decode()), "proof.root-mismatch"),
    ]
    for bundle, code in cases:
        with pytest.raises(VerificationError) as caught:
            verify(evidence.format(bundle))
        assert caught.value.code == code, bundle


def test_an_empty_tree_convicts_nobody() -> None:
    """The empty tree is the beginning of every other: with it nothing can be proven."""
    forged = EvidenceBundle(
        c2sp.ORIGIN,
        format_vkey(KEY),
        sign_tree([]).decode(),
        sign_tree(entries_of(4)).decode(),
        prefix=OtherPrefix("11" * 32, ()),
    )
    with pytest.raises(VerificationError) as caught:
        verify(forged)
    assert caught.value.code == "proof.root-mismatch"
    assert root_at(0, nodes_of(entries_of(4))) == root_of([])


@pytest.mark.parametrize("way", BUNDLES)
def test_every_changed_byte_is_refused(way: str) -> None:
    """Each byte of a bundle, changed in several ways, left out or put in, makes it worthless."""
    data = evidence.format(BUNDLES[way])
    assert verify(data).way == way
    for at in range(len(data)):
        for bit in (0x01, 0x20, 0x80):
            damaged = bytes([*data[:at], data[at] ^ bit, *data[at + 1 :]])
            with pytest.raises(CounterfoilError) as caught:
                verify(damaged)
            assert isinstance(caught.value, InputError | VerificationError)
        with pytest.raises(CounterfoilError):
            verify(data[:at] + data[at + 1 :])
        with pytest.raises(CounterfoilError):
            verify(data[:at] + b" " + data[at:])
