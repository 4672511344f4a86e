"""Evidence is made from whatever tiles somebody still has, and kept once."""

from __future__ import annotations

from pathlib import Path

import pytest

from counterfoil.errors import InputError, VerificationError
from counterfoil.formats.vkey import KeyType
from counterfoil.network.conviction import convict, keep_evidence, nodes_from
from counterfoil.network.sources import open_source
from counterfoil.proofs import equivocation
from counterfoil.proofs.signing import public_of
from tests import c2sp
from tests.log_rig import raises_code
from tests.logs_on_disk import entries_of, other_entries, publish, sign_tree

KEYS = [public_of(c2sp.LOG)]


@pytest.mark.parametrize("sizes", [(300, 700), (700, 300)])
def test_what_is_at_hand_decides_how_it_is_shown(sizes: tuple[int, int], tmp_path: Path) -> None:
    """With both trees' tiles the entry is named; with the larger's alone it is still proven."""
    one = publish(tmp_path / "one", entries_of(sizes[0]))
    two = publish(tmp_path / "two", other_entries(sizes[1], 260))
    both = [open_source(str(tmp_path / name)) for name in ("one", "two")]
    larger = both[sizes[1] > sizes[0]]
    smaller = both[sizes[1] < sizes[0]]
    named = equivocation.verify(convict(KEYS, one, two, both))
    assert (named.way, named.index) == ("fork", 260)
    assert equivocation.verify(convict(KEYS, two, one, [larger])).way == "prefix"
    with raises_code("evidence.no-tiles", InputError):
        convict(KEYS, one, two, [smaller])
    with raises_code("evidence.no-tiles", InputError):
        convict(KEYS, one, two)


def test_a_lost_tile_of_the_smaller_tree_is_no_excuse(tmp_path: Path) -> None:
    """Where the smaller tree has lost the tile that differs, the larger one still convicts."""
    one = publish(tmp_path / "one", entries_of(600))
    two = publish(tmp_path / "two", other_entries(700, 10))
    (tmp_path / "one" / "tile" / "0" / "000").unlink()
    both = [open_source(str(tmp_path / name)) for name in ("one", "two")]
    assert equivocation.verify(convict(KEYS, one, two, both)).way == "prefix"


def test_the_right_one_of_several_keys_is_convicted(tmp_path: Path) -> None:
    """Of a log's keys the one that signed both notes is convicted; without one, nobody is."""
    quantum = c2sp.secret(c2sp.ORIGIN, KeyType.COSIGNATURE_MLDSA44)
    keys = [*KEYS, public_of(quantum)]
    one = sign_tree(entries_of(5), c2sp.LOG, key=quantum)
    two = sign_tree(other_entries(5, 2), key=quantum)
    assert equivocation.verify(convict(keys, one, two)).key == public_of(quantum)
    three = sign_tree(other_entries(5, 2), key=c2sp.LOG)
    with raises_code("evidence.signatures", VerificationError):
        convict(keys, sign_tree(entries_of(5), key=quantum), three)


def test_evidence_is_kept_once(tmp_path: Path) -> None:
    """The same evidence again is the same file."""
    bundle = convict(KEYS, sign_tree(entries_of(5)), sign_tree(other_entries(5, 2)))
    first, again = (keep_evidence(tmp_path, bundle) for _ in range(2))
    assert first == again
    assert len(list((tmp_path / "evidence").iterdir())) == 1
    assert equivocation.verify(first.read_bytes()).way == "same-size"


def test_a_log_cannot_fill_the_disk_with_its_lies(tmp_path: Path) -> None:
    """However many histories it signs, the evidence that is kept is bounded."""
    (tmp_path / "evidence").mkdir()
    for number in range(255):
        (tmp_path / "evidence" / f"equivocation-{number:016}.json").write_bytes(b"kept before")
    first = sign_tree(entries_of(5))
    for number in range(3):
        other = sign_tree([*entries_of(4), b"history %d" % number])
        assert keep_evidence(tmp_path, convict(KEYS, first, other)).is_file()
    assert len(list((tmp_path / "evidence").iterdir())) == 256


def test_nodes_come_from_whoever_has_them(tmp_path: Path) -> None:
    """Sources of another history, or gone, are passed over."""
    from counterfoil.log import parse_signed

    tree = parse_signed(publish(tmp_path / "right", entries_of(300)))
    publish(tmp_path / "wrong", other_entries(300, 5))
    (tmp_path / "empty").mkdir()
    names = [open_source(str(tmp_path / name)) for name in ("empty", "wrong", "right")]
    nodes = nodes_from(names, tree)
    assert nodes is not None
    assert equivocation.root_at(300, nodes) == tree.root
    assert nodes_from(names[:2], tree) is None
