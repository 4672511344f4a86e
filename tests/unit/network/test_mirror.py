"""A mirror is a log at every moment, and never of anything that its policy would not accept."""

from __future__ import annotations

from pathlib import Path

import pytest

from counterfoil.errors import (
    Conflict,
    CounterfoilError,
    FatalLogError,
    NotFound,
    Refused,
    VerificationError,
)
from counterfoil.formats import policy as policies
from counterfoil.ledger.mirror_marker import MirrorMode
from counterfoil.network import Mirror, open_source
from counterfoil.network.mirror_index import INDEX_FILE, load_index
from counterfoil.proofs import equivocation
from tests import c2sp
from tests.log_rig import raises_code
from tests.logs_on_disk import entries_of, other_entries, policy_of, publish, sign_tree

SIZES = [1, 2, 255, 256, 257, 511, 512, 700, 1025]


def mirror(
    source: Path, target: Path, mode: MirrorMode = "entries", policy: policies.Policy | None = None
) -> Mirror:
    """Open a mirror of a folder under the policy of the tests' log."""
    return Mirror(target, policy or policy_of(), open_source(str(source)), mode)


def files_of(folder: Path) -> dict[str, bytes]:
    """Read a log's public files."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.relative_to(folder).parts[0] in ("checkpoint", "tile")
    }


def copied(source: Path, target: Path, mode: MirrorMode = "entries") -> None:
    """Mirror once."""
    with mirror(source, target, mode) as opened:
        opened.round()


@pytest.mark.parametrize("size", SIZES)
def test_a_copy_is_byte_for_byte_the_log(size: int, tmp_path: Path) -> None:
    """A mirror of entries has exactly the tiles, bundles and checkpoint of the log."""
    publish(tmp_path / "log", entries_of(size))
    with mirror(tmp_path / "log", tmp_path / "copy") as opened:
        event = opened.round()
    assert (event.event, event.size, event.entries) == ("copied", size, size)
    assert files_of(tmp_path / "copy") == files_of(tmp_path / "log")


def test_growth_copies_what_is_new(tmp_path: Path) -> None:
    """Growing in any steps gives the same copy as at once; full tiles drop their partial ones."""
    entries = entries_of(1100)
    for size in [0, 1, 5, 255, 256, 300, 300, 512, 513, 1100]:
        publish(tmp_path / "log", entries[:size])
        with mirror(tmp_path / "log", tmp_path / "copy") as opened:
            before = opened.size
            event = opened.round()
            assert event.entries == size - before
            assert opened.round().event == "unchanged"
    publish(tmp_path / "fresh", entries)
    held, fresh = files_of(tmp_path / "copy"), files_of(tmp_path / "fresh")
    assert fresh.items() <= held.items()
    extra = {name for name in held.keys() - fresh.keys() if ".p/" not in name}
    assert extra == set()
    full = {name for name in held if ".p/" not in name}
    assert not any(name.partition(".p/")[0] in full for name in held if ".p/" in name)


def test_a_mirror_of_hashes_has_no_entries(tmp_path: Path) -> None:
    """Mode `hashes` copies all hash tiles and not one entry."""
    publish(tmp_path / "log", entries_of(700))
    copied(tmp_path / "log", tmp_path / "copy", "hashes")
    expected = {
        name: data for name, data in files_of(tmp_path / "log").items() if "entries" not in name
    }
    assert files_of(tmp_path / "copy") == expected


def test_a_mirror_of_a_mirror(tmp_path: Path) -> None:
    """A mirror serves as a source like the log itself."""
    publish(tmp_path / "log", entries_of(600))
    copied(tmp_path / "log", tmp_path / "copy")
    copied(tmp_path / "copy", tmp_path / "second")
    assert files_of(tmp_path / "second") == files_of(tmp_path / "log")


@pytest.mark.parametrize("differs_at", [0, 5, 255, 256, 299])
@pytest.mark.parametrize("size", [300, 301, 512, 900, 100])
def test_a_fork_is_convicted(size: int, differs_at: int, tmp_path: Path) -> None:
    """Another history under the log's signature, of any size, leaves evidence and no change."""
    publish(tmp_path / "log", entries_of(300))
    copied(tmp_path / "log", tmp_path / "copy")
    before = files_of(tmp_path / "copy")
    forged = other_entries(size, min(differs_at, size - 1))
    publish(tmp_path / "forged", forged)
    with mirror(tmp_path / "forged", tmp_path / "copy") as opened:
        with raises_code("mirror.forked", VerificationError) as caught:
            opened.round()
        event = opened.failed(caught.value)
    assert files_of(tmp_path / "copy") == before
    assert event.event == "forked"
    proven = equivocation.verify(Path(event.evidence).read_bytes())
    assert {proven.first.size, proven.second.size} == {300, size}
    if size != 300:
        assert proven.index == min(differs_at, size - 1)


def test_a_tile_under_the_last_partial_one_may_not_change(tmp_path: Path) -> None:
    """A fork inside the last, partial tile is a fork like any other."""
    publish(tmp_path / "log", entries_of(10))
    copied(tmp_path / "log", tmp_path / "copy")
    publish(tmp_path / "forged", other_entries(12, 9))
    with (
        mirror(tmp_path / "forged", tmp_path / "copy") as opened,
        raises_code("mirror.forked", VerificationError),
    ):
        opened.round()


def test_an_older_checkpoint_is_refused_and_is_no_proof(tmp_path: Path) -> None:
    """A smaller checkpoint of the same history is refused, without evidence."""
    publish(tmp_path / "log", entries_of(300))
    copied(tmp_path / "log", tmp_path / "copy")
    publish(tmp_path / "old", entries_of(299))
    with (
        mirror(tmp_path / "old", tmp_path / "copy") as opened,
        raises_code("mirror.older", VerificationError),
    ):
        opened.round()
    assert not (tmp_path / "copy" / "evidence").exists()


@pytest.mark.parametrize("name", ["tile/0/000", "tile/0/001.p/44", "tile/1/000.p/1"])
@pytest.mark.parametrize("mode", ["hashes", "entries"])
def test_a_wrong_tile_is_refused(name: str, mode: MirrorMode, tmp_path: Path) -> None:
    """A tile with one bit changed, wherever it stands, keeps the checkpoint out."""
    publish(tmp_path / "log", entries_of(300))
    path = tmp_path / "log" / name
    path.write_bytes(bytes([path.read_bytes()[0] ^ 1]) + path.read_bytes()[1:])
    with mirror(tmp_path / "log", tmp_path / "copy", mode) as opened:
        if mode == "entries" and name == "tile/0/000":
            assert opened.round().event == "copied"  # not asked for: entries lead to it
            return
        with pytest.raises(VerificationError) as caught:
            opened.round()
    assert caught.value.code in ("source.tile", "source.tiles")
    assert not (tmp_path / "copy" / "checkpoint").exists()


@pytest.mark.parametrize("number", [0, 1])
def test_wrong_entries_are_refused(number: int, tmp_path: Path) -> None:
    """An entry with one bit changed is found before its bundle gets a name."""
    publish(tmp_path / "log", entries_of(300))
    path = tmp_path / "log" / ("tile/entries/000" if number == 0 else "tile/entries/001.p/44")
    data = bytearray(path.read_bytes())
    data[20] ^= 1
    path.write_bytes(data)
    with (
        mirror(tmp_path / "log", tmp_path / "copy") as opened,
        raises_code("source.entries", VerificationError),
    ):
        opened.round()
    copy = tmp_path / "copy"
    assert not (copy / "checkpoint").exists()
    assert not (copy / path.relative_to(tmp_path / "log")).exists()


def test_swapped_bundles_are_refused(tmp_path: Path) -> None:
    """Two bundles in each other's place are found."""
    publish(tmp_path / "log", entries_of(600))
    one, two = (tmp_path / "log" / "tile" / "entries" / name for name in ("000", "001"))
    first, second = one.read_bytes(), two.read_bytes()
    one.write_bytes(second)
    two.write_bytes(first)
    with (
        mirror(tmp_path / "log", tmp_path / "copy") as opened,
        raises_code("source.entries", VerificationError),
    ):
        opened.round()


def test_what_the_policy_does_not_accept_is_not_copied(tmp_path: Path) -> None:
    """A checkpoint of a stranger, or with too few cosignatures, is refused; with enough, taken."""
    one, two = c2sp.witness(1), c2sp.witness(2)
    policy = policy_of(one, two, threshold=2)
    entries = entries_of(20)
    publish(tmp_path / "log", entries, sign_tree(entries, one))
    with mirror(tmp_path / "log", tmp_path / "copy", policy=policy) as opened:
        with raises_code("trust.quorum", VerificationError):
            opened.round()
        assert opened.origin == ""
        publish(tmp_path / "log", entries, sign_tree(entries, one, two))
        assert opened.round().grade == "witnessed 2 of 2"
    stranger = c2sp.secret("stranger.example")
    publish(tmp_path / "log", entries, sign_tree(entries, key=stranger, origin="stranger.example"))
    with (
        mirror(tmp_path / "log", tmp_path / "copy", policy=policy) as opened,
        raises_code("trust.unknown-log", VerificationError),
    ):
        opened.round()


def test_more_cosignatures_are_taken_and_fewer_are_not(tmp_path: Path) -> None:
    """The same tree with more cosignatures replaces the note; with fewer it does not."""
    one, two = c2sp.witness(1), c2sp.witness(2)
    policy = policy_of(one, two, threshold=1)
    entries = entries_of(20)
    few, many = sign_tree(entries, one), sign_tree(entries, one, two)
    publish(tmp_path / "log", entries, few)
    with mirror(tmp_path / "log", tmp_path / "copy", policy=policy) as opened:
        opened.round()
        publish(tmp_path / "log", entries, many)
        assert opened.round().event == "cosigned"
        publish(tmp_path / "log", entries, few)
        assert opened.round().event == "unchanged"
    assert (tmp_path / "copy" / "checkpoint").read_bytes() == many


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    """A folder with files, of another log or of another mode, is never mirrored onto."""
    publish(tmp_path / "log", entries_of(20))
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter.txt").write_text("Dear Ada")
    with raises_code("mirror.not-empty", Refused):
        mirror(tmp_path / "log", tmp_path / "full")
    with raises_code("mirror.not-empty", Refused):
        mirror(tmp_path / "log", tmp_path / "log")
    with raises_code("mirror.not-empty", Refused):
        mirror(tmp_path / "log", tmp_path / "full" / "letter.txt")
    copied(tmp_path / "log", tmp_path / "copy")
    with raises_code("mirror.mode", Refused):
        mirror(tmp_path / "log", tmp_path / "copy", "hashes")
    stranger = c2sp.secret("stranger.example")
    with raises_code("mirror.other-log", Refused):
        mirror(tmp_path / "log", tmp_path / "copy", policy=policy_of(keys=[stranger]))
    both = policy_of(keys=[c2sp.LOG, stranger])
    entries = entries_of(30)
    publish(tmp_path / "log", entries, sign_tree(entries, key=stranger, origin="stranger.example"))
    with (
        mirror(tmp_path / "log", tmp_path / "copy", policy=both) as opened,
        raises_code("mirror.other-log", Refused),
    ):
        opened.round()


def test_one_mirror_at_a_time(tmp_path: Path) -> None:
    """A second process cannot write to the same mirror."""
    publish(tmp_path / "log", entries_of(20))
    with mirror(tmp_path / "log", tmp_path / "copy"), raises_code("ledger.owned", Conflict):
        mirror(tmp_path / "log", tmp_path / "copy")


def test_a_damaged_mirror_does_not_go_on(tmp_path: Path) -> None:
    """A mirror whose own last tile or checkpoint changed says so, and copies nothing onto it."""
    publish(tmp_path / "log", entries_of(300))
    copied(tmp_path / "log", tmp_path / "copy")
    tile = tmp_path / "copy" / "tile" / "0" / "001.p" / "44"
    whole = tile.read_bytes()
    tile.write_bytes(whole[::-1])
    with raises_code("mirror.damaged", FatalLogError):
        mirror(tmp_path / "log", tmp_path / "copy")
    tile.write_bytes(whole)
    (tmp_path / "copy" / "checkpoint").write_bytes(b"no note\n")
    with raises_code("mirror.damaged", FatalLogError):
        mirror(tmp_path / "log", tmp_path / "copy")
    (tmp_path / "copy" / "mirror.json").write_bytes(b"{")
    with raises_code("mirror.marker", FatalLogError):
        mirror(tmp_path / "log", tmp_path / "copy")


def test_an_index_that_is_lost_or_wrong_is_made_anew(tmp_path: Path) -> None:
    """The index is bound to the tree: without it, or with one of another tree, it is remade."""
    publish(tmp_path / "log", entries_of(300))
    copied(tmp_path / "log", tmp_path / "copy")
    folder = tmp_path / "copy"
    good = load_index(folder)
    assert good is not None
    for damaged in (b"{}", b"", (folder / INDEX_FILE).read_bytes().replace(b"300", b"299")):
        (folder / INDEX_FILE).write_bytes(damaged)
        mirror(tmp_path / "log", folder).close()
        assert load_index(folder) == good


def test_what_a_stopped_round_left_is_not_fetched_again(tmp_path: Path) -> None:
    """A round that was broken off goes on where it was."""

    class Counting:
        name, has_tiles = "counting", True

        def __init__(self, folder: Path, fails_after: int) -> None:
            self.inner, self.left, self.asked = open_source(str(folder)), fails_after, 0

        def checkpoint(self) -> bytes:
            return self.inner.checkpoint()

        def tile(self, path: str) -> bytes | None:
            self.asked += 1
            self.left -= 1
            if self.left < 0:
                raise NotFound("test.gone", "expected a server, found none")
            return self.inner.tile(path)

        def payload(self, digest: str) -> bytes | None:
            return self.inner.payload(digest)

        def close(self) -> None:
            self.inner.close()

    publish(tmp_path / "log", entries_of(256 * 40))
    broken = Counting(tmp_path / "log", 30)
    with (
        Mirror(tmp_path / "copy", policy_of(), broken) as opened,
        pytest.raises(CounterfoilError, match="expected a server"),
    ):
        opened.round()
    had = len(list((tmp_path / "copy" / "tile" / "entries").glob("*")))
    assert had > 5
    whole = Counting(tmp_path / "log", 1 << 30)
    with Mirror(tmp_path / "copy", policy_of(), whole) as opened:
        assert opened.round().size == 256 * 40
    assert whole.asked <= 44 - had
    assert files_of(tmp_path / "copy") == files_of(tmp_path / "log")


@pytest.mark.parametrize("mode", ["hashes", "entries"])
def test_a_check_mends_what_rotted(mode: MirrorMode, tmp_path: Path) -> None:
    """Any tile or bundle that changed or went missing is found, and fetched again."""
    publish(tmp_path / "log", entries_of(256 * 257 + 5))
    copied(tmp_path / "log", tmp_path / "copy", mode)
    whole = files_of(tmp_path / "copy")
    rotten = ["tile/0/000", "tile/0/123", "tile/1/000", "tile/0/257.p/5", "tile/2/000.p/1"]
    rotten += ["tile/entries/000", "tile/entries/200"] if mode == "entries" else []
    for name in rotten[1:]:
        (tmp_path / "copy" / name).write_bytes(b"rot" + whole[name][3:])
    (tmp_path / "copy" / rotten[0]).unlink()
    source = open_source(str(tmp_path / "log"))
    with raises_code("mirror.damaged", FatalLogError):
        mirror(tmp_path / "log", tmp_path / "copy", mode)
    with Mirror(tmp_path / "copy", policy_of(), source, mode, mend=True) as opened:
        event = opened.check()
        assert (event.event, event.mended) == ("checked", len(rotten))
        assert opened.check().mended == 0
        assert opened.round().event == "unchanged"
    assert files_of(tmp_path / "copy") == whole


def test_a_check_needs_something_and_somebody(tmp_path: Path) -> None:
    """Nothing to check, or nobody who has what is damaged, is an error."""
    publish(tmp_path / "log", entries_of(300))
    with (
        mirror(tmp_path / "log", tmp_path / "copy") as opened,
        raises_code("mirror.empty", NotFound),
    ):
        opened.check()
    copied(tmp_path / "log", tmp_path / "copy")
    for folder in ("log", "copy"):
        (tmp_path / folder / "tile" / "entries" / "000").unlink()
    with (
        mirror(tmp_path / "log", tmp_path / "copy") as opened,
        raises_code("source.entries", VerificationError),
    ):
        opened.check()


def test_a_damaged_bundle_of_a_stopped_round_is_fetched_again(tmp_path: Path) -> None:
    """What a round left damaged does not stand in the way of the next."""
    publish(tmp_path / "log", entries_of(600))
    copied(tmp_path / "log", tmp_path / "copy")
    (tmp_path / "copy" / "checkpoint").unlink()
    (tmp_path / "copy" / "tile" / "entries" / "000").write_bytes(b"\0\4torn")
    copied(tmp_path / "log", tmp_path / "copy")
    assert files_of(tmp_path / "copy") == files_of(tmp_path / "log")
