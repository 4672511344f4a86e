"""Files are read with a limit and written whole."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from counterfoil.errors import CounterfoilError, InputError, NotFound, Unavailable
from counterfoil.ops.files import keep_input, read_file, read_input, shown, write_file
from counterfoil.ports import STANDARD_STREAM, Channel


class Trickle(io.RawIOBase):
    """A pipe that gives one byte a read, and an error at the end if one is given."""

    def __init__(self, data: bytes, err: OSError | None = None) -> None:
        self._data, self._err, self.taken = data, err, 0

    def read(self, size: int = -1, /) -> bytes:
        """Read one byte."""
        if self.taken == len(self._data) and self._err:
            raise self._err
        self.taken += 1
        return self._data[self.taken - 1 : self.taken]


def channel_of(stream: object) -> Channel:
    return Channel(stream, io.BytesIO())  # type: ignore[arg-type]  # what is used of BinaryIO


def test_what_is_written_is_read(tmp_path: Path) -> None:
    """A file is written whole, over an older one too, and leaves nothing beside it."""
    path = tmp_path / "receipt.json"
    write_file(path, b"old")
    write_file(path, b"new")
    assert read_file(path, 3) == b"new"
    assert list(tmp_path.iterdir()) == [path]


def test_a_hyphen_is_no_name_of_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever means standard output gets no file named -."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="not written to standard output"):
        write_file(STANDARD_STREAM, b"x")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda path: None, "file.missing"),
        (lambda path: path.mkdir(), "file.unreadable"),
        (lambda path: path.write_bytes(b""), "file.empty"),
        (lambda path: path.write_bytes(b"12345"), "file.too-large"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(tmp_path: Path, make, code: str) -> None:  # type: ignore[no-untyped-def]  # one of the lambdas above
    """Missing, a folder, empty or too large: the error says which, and which file."""
    path = tmp_path / "policy.txt"
    make(path)
    with pytest.raises(CounterfoilError, match=r"policy\.txt") as found:
        read_file(path, 4)
    assert found.value.code == code


def test_standard_input_is_read_up_to_the_limit() -> None:
    """A pipe that trickles is read whole; one without end is read one byte beyond the limit."""
    assert read_input(STANDARD_STREAM, channel_of(Trickle(b"1234")), 4) == b"1234"
    endless = Trickle(b"1" * 100)
    with pytest.raises(InputError) as found:
        read_input(STANDARD_STREAM, channel_of(endless), 4)
    assert (found.value.code, endless.taken) == ("file.too-large", 5)
    with pytest.raises(Unavailable) as broken:
        read_input(STANDARD_STREAM, channel_of(Trickle(b"", OSError(5, "broken"))), 4)
    assert broken.value.code == "file.read"


def test_a_file_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    """A missing folder, a folder's name or a bad name is refused; nothing half-written stays."""
    with pytest.raises(NotFound) as missing:
        write_file(tmp_path / "none" / "file", b"data")
    assert missing.value.code == "file.folder"
    for wrong in (tmp_path, Path("/"), tmp_path / "a\0b"):
        with pytest.raises(InputError) as found:
            write_file(wrong, b"data")
        assert found.value.code == "file.not-writable"
    with pytest.raises(Unavailable) as full:
        write_file(tmp_path / ("n" * 300), b"data")
    assert full.value.code == "file.write"
    assert list(tmp_path.iterdir()) == []


def test_what_is_read_is_not_written_over(tmp_path: Path) -> None:
    """A result goes to another file than its input, by whatever name that is called."""
    given, other, link = tmp_path / "in.csv", tmp_path / "out.csv", tmp_path / "link.csv"
    given.write_text("a\n1\n")
    link.symlink_to(given)
    for out in (given, link, tmp_path / "." / "in.csv"):
        with pytest.raises(InputError) as found:
            keep_input(given, other, out)
        assert found.value.code == "file.is-input"
    other.write_text("a\n1\n")
    keep_input(given, other, None, tmp_path / "none.csv", STANDARD_STREAM)
    keep_input(STANDARD_STREAM, STANDARD_STREAM)


def test_a_disk_that_fails_is_told_from_a_file_that_does_not_fit(tmp_path: Path) -> None:
    """A read that the system refuses is the file's fault; an I/O error is the disk's."""
    with pytest.raises(Unavailable) as found:
        read_file(Path("/proc/self/mem"), 4)
    assert found.value.code == "file.read"


def test_paths_are_shown_as_text() -> None:
    """A name that is no UTF-8 is printed with its bytes, and cannot break an answer."""
    assert shown(Path("caf\udce9/é")) == "caf\\xe9/é"
