"""A file is chosen by its ending or its first bytes, and is named by its digest."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from counterfoil.errors import Conflict, InputError, NotFound, Unavailable
from counterfoil.ledger.sources import open_source, stream_source
from counterfoil.ledger.sources.file import unreadable
from tests.shared_data import require
from tests.unit.ledger.sources.reading import refusal, rows_of

ROWS = [{"n": str(number)} for number in range(5)]
CONTENTS = [b'{"n":"%d"}' % number for number in range(5)]


def write(path: Path) -> Path:
    """Write ROWS in the format that the ending asks for; Parquet for no ending that is known."""
    if path.suffix == ".csv":
        path.write_bytes(b"n\n" + b"".join(b"%d\n" % number for number in range(5)))
    elif path.suffix in (".ndjson", ".jsonl", ".json", ".log"):
        path.write_bytes(b"\n".join(json.dumps(row).encode() for row in ROWS))
    else:
        pq.write_table(pa.Table.from_pylist(ROWS), path)
    return path


@pytest.mark.parametrize(
    ("name", "media"),
    [
        ("a.ndjson", "ndjson"),
        ("a.jsonl", "ndjson"),
        ("a.json", "ndjson"),
        ("a.JSONL", "ndjson"),
        ("a.csv", "csv"),
        ("a.parquet", "parquet"),
        ("a.log", "ndjson"),
        ("part-0000.pq", "parquet"),
        ("part-0000", "parquet"),
    ],
)
def test_formats(tmp_path: Path, name: str, media: str) -> None:
    """The same file gives the same id and rows each time, whatever the chunk size."""
    path = tmp_path / name
    write(path if path.suffix != ".JSONL" else tmp_path / "a.jsonl").rename(path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    for size in (1, 2, 3, 1000):
        source = open_source(str(path) if size == 1 else path)
        assert source.media == media
        assert source.id == f"sha256:{digest}"
        assert source.size == path.stat().st_size
        assert source.rows == (5 if media == "parquet" else None)
        assert rows_of(source, size) == CONTENTS
        assert rows_of(source, size) == CONTENTS  # a file can be read again


def test_progress_of_the_digest(tmp_path: Path) -> None:
    """Digesting tells how far it is, each MiB and at the end."""
    path = tmp_path / "a.ndjson"
    path.write_bytes(b'{"a":1}\n' * 400_000)
    seen: list[int] = []
    open_source(path, on_bytes=seen.append)
    assert seen == [1 << 20, 2 << 20, 3 << 20, 3_200_000]


def test_given_name(tmp_path: Path) -> None:
    """A name takes the place of the digest, which is then not computed."""
    path = write(tmp_path / "a.ndjson")
    seen: list[int] = []
    assert open_source(path, name="export 7", on_bytes=seen.append).id == "export 7"
    assert seen == []


@pytest.mark.parametrize("name", ["", "a\n", "a\0", "x" * 256, "sha256:" + "0" * 64, "\ud800"])
def test_bad_name(tmp_path: Path, name: str) -> None:
    """A name is short and printable, and never claims a digest that nobody computed."""
    path = write(tmp_path / "a.ndjson")
    refusal(lambda: open_source(path, name=name), "source.name")
    refusal(lambda: stream_source(io.BytesIO(b"{}"), name=name), "source.name")


def test_what_is_no_file(tmp_path: Path) -> None:
    """A missing file, a directory, a pipe, a device and a circle of links are told apart."""
    error = refusal(lambda: open_source(tmp_path / "none.csv"), "source.missing")
    assert isinstance(error, NotFound)
    file = write(tmp_path / "a.csv")
    assert isinstance(refusal(lambda: open_source(file / "b.csv"), "source.missing"), NotFound)
    error = refusal(lambda: open_source(tmp_path), "source.not-a-file")
    assert "directory" in error.message
    os.mkfifo(tmp_path / "pipe.csv")
    refusal(lambda: open_source(tmp_path / "pipe.csv"), "source.not-a-file")
    refusal(lambda: open_source("/dev/zero"), "source.not-a-file")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    refusal(lambda: open_source(tmp_path / "loop"), "source.unreadable")
    refusal(lambda: open_source(tmp_path / ("x" * 300)), "source.unreadable")
    refusal(lambda: open_source("a\0b"), "source.unreadable")


def test_errors_of_the_system() -> None:
    """No permission is the caller's to correct; a failing disk is not."""
    assert isinstance(unreadable("f", PermissionError(13, "Permission denied")), InputError)
    assert isinstance(unreadable("f", OSError(5, "Input/output error")), Unavailable)
    assert isinstance(unreadable("f", OSError("odd")), Unavailable)


def test_disk_that_fails() -> None:
    """A file whose bytes cannot be read, as on a failing disk, is Unavailable."""
    path = Path("/proc/self/mem")  # a regular file: its first page is never there, EIO
    require(path.exists(), "needs Linux's /proc")
    assert isinstance(refusal(lambda: open_source(path), "source.unreadable"), Unavailable)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "source.empty"),
        (b"hello\n", "source.format"),
        (b"\x89PNG\r\n", "source.format"),
        (b"[1]\n", "source.format"),
        (b"\xff\xfe{\0", "source.format"),
    ],
)
def test_unknown_content(tmp_path: Path, data: bytes, code: str) -> None:
    """A file that is known neither by its ending nor by its first bytes is refused."""
    path = tmp_path / "a.dat"
    path.write_bytes(data)
    refusal(lambda: open_source(path), code)


def test_packed(tmp_path: Path) -> None:
    """A compressed file is named as what it is."""
    path = tmp_path / "a.ndjson.gz"
    path.write_bytes(gzip.compress(b'{"a":1}'))
    assert "gzip" in refusal(lambda: open_source(path), "source.format").message


def test_sniffing_beyond_white_space(tmp_path: Path) -> None:
    """NDJSON without a known ending is seen behind a byte-order mark and blank lines."""
    path = tmp_path / "a.txt"
    path.write_bytes(b'\xef\xbb\xbf\n \n{"a":1}')
    assert rows_of(open_source(path)) == [b'{"a":1}']


@pytest.mark.parametrize("name", ["a.ndjson", "a.csv", "a.parquet"])
def test_change_while_reading(tmp_path: Path, name: str) -> None:
    """After a change no further chunk is handed out: the id would no longer be the digest."""
    path = write(tmp_path / name)
    chunks = open_source(path).chunks(2)
    assert next(chunks).contents == CONTENTS[:2]
    with path.open("ab") as stream:
        stream.write(b"\n")
    assert isinstance(refusal(lambda: next(chunks), "source.changed"), Conflict)


@pytest.mark.parametrize("name", ["a.ndjson", "a.csv", "a.parquet", "a.log"])
def test_change_between(tmp_path: Path, name: str) -> None:
    """A file that was rewritten, replaced or removed after it was opened is not read."""
    path = write(tmp_path / name)
    source = open_source(path)
    stat = path.stat()
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns + 1))
    refusal(lambda: rows_of(source), "source.changed")
    source = open_source(path)
    other = write(tmp_path / f"b{path.suffix}")
    os.utime(other, ns=(stat.st_atime_ns, stat.st_mtime_ns + 1))
    other.rename(path)
    refusal(lambda: rows_of(source), "source.changed")
    source = open_source(path)
    path.unlink()
    refusal(lambda: rows_of(source), "source.missing")


def test_change_while_digesting(tmp_path: Path) -> None:
    """A file that grows while it is digested is refused at once."""
    path = write(tmp_path / "a.ndjson")
    seen: list[int] = []

    def grow_once(done: int) -> None:
        if not seen:
            with path.open("ab") as stream:
                stream.write(b'\n{"late":1}')
        seen.append(done)

    refusal(lambda: open_source(path, on_bytes=grow_once), "source.changed")
    assert seen == [path.stat().st_size - 11, path.stat().st_size]


def test_truncated_while_reading(tmp_path: Path) -> None:
    """A Parquet file that is cut while it is read is reported as changed, not as damaged."""
    path = tmp_path / "a.parquet"
    table = pa.table({"n": [os.urandom(64).hex() for _ in range(20_000)]})
    pq.write_table(table, path, row_group_size=5000)
    chunks = open_source(path).chunks(1000)
    next(chunks)
    os.truncate(path, 100_000)
    refusal(lambda: list(chunks), "source.changed")


def test_without_arrow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extra, Parquet says what to install and the other formats work."""
    path = write(tmp_path / "a.parquet")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.delitem(sys.modules, "counterfoil.ledger.sources.parquet", raising=False)
    error = refusal(lambda: open_source(path), "extra.missing")
    assert isinstance(error, Unavailable)
    assert error.hint == "Install it: pip install 'counterfoil[frames]'."
    assert rows_of(open_source(write(tmp_path / "a.csv"))) == CONTENTS


def test_arrow_is_loaded_late() -> None:
    """Importing the package does not load Arrow."""
    code = "import sys, counterfoil.ledger.sources; print('pyarrow' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
