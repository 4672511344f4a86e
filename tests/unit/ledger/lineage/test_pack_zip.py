"""A pack from a stranger is unpacked within bounds, or refused before it is."""

from __future__ import annotations

import io
import struct
import warnings
import zipfile

import pytest

from counterfoil.errors import InputError
from counterfoil.ledger.documents import write_zip
from counterfoil.ledger.lineage.pack import FILE_MAX_BYTES
from counterfoil.ledger.lineage.pack_zip import read_html, read_zip
from tests.statements import refused

FILES = {"README.txt": b"a" * 1000, "receipts/7.json": b"{}"}


def zipped(names: list[str], method: int = zipfile.ZIP_STORED, comment: bytes = b"") -> bytes:
    packed = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # the standard library's, for a name twice
        with zipfile.ZipFile(packed, "w", method) as archive:
            for name in names:
                archive.writestr(name, b"x")
            archive.comment = comment
    return packed.getvalue()


def test_what_was_written_is_read() -> None:
    """Names and bytes come back; the same files are the same zip."""
    assert read_zip(write_zip(FILES)) == FILES
    assert write_zip(FILES) == write_zip(dict(FILES))


def test_folders_of_other_zip_programs_are_nothing() -> None:
    """A pack that somebody unpacked and zipped again is read all the same."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.mkdir("receipts")
        archive.writestr("receipts/7.json", b"{}")
    assert read_zip(packed.getvalue()) == {"receipts/7.json": b"{}"}


@pytest.mark.parametrize(
    "name",
    ["../x.txt", "/x.txt", "a/../x.txt", "a\\x.txt", "a/b/c.txt", "x", ".x.txt", "ü.txt", "a" * 99],
)
def test_other_names_are_refused(name: str) -> None:
    """Nothing that could leave a folder, or surprise one."""
    with refused("pack.hostile"):
        read_zip(zipped([name]))


def test_too_much_is_refused_before_it_is_unpacked() -> None:
    """Too many files, a name twice, and a file that unpacks to more than its bound."""
    with refused("pack.hostile"):
        read_zip(zipped([f"a{number}.txt" for number in range(4065)]))
    with refused("pack.hostile"):
        read_zip(zipped(["a.txt", "a.txt"]))
    bomb = write_zip({"a.json": bytes(FILE_MAX_BYTES + 1)})
    assert len(bomb) < 100_000
    with refused("pack.hostile"):
        read_zip(bomb)


def test_a_directory_that_lies_about_sizes_is_refused() -> None:
    """A file that says it is small, and is not, is not unpacked beyond what it says."""
    bomb = bytearray(write_zip({"a.json": bytes(FILE_MAX_BYTES + 1)}))
    directory = bomb.index(b"PK\x01\x02")
    struct.pack_into("<L", bomb, directory + 24, 10)
    with refused("pack.malformed"):
        read_zip(bytes(bomb))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no zip",
        b"before" + write_zip(FILES),
        write_zip(FILES) + b"after",
        zipped(["a.txt"], comment=b"c"),
        zipped(["a.txt"], zipfile.ZIP_LZMA),
        write_zip(FILES)[:-30] + write_zip(FILES)[-22:],
    ],
)
def test_what_is_no_zip_of_ours_is_refused(data: bytes) -> None:
    """Cut, surrounded, commented, or packed in another way."""
    with refused("pack.malformed"):
        read_zip(data)


def test_no_changed_byte_breaks_the_reader() -> None:
    """Whatever byte is changed, the answer is files or a clear error of ours."""
    whole = write_zip(FILES)
    refusals = 0
    for at in range(len(whole)):
        data = bytearray(whole)
        data[at] ^= 0x55
        try:
            read_zip(bytes(data))
        except InputError as err:
            refusals += err.code in ("pack.malformed", "pack.hostile")
    assert refusals > len(whole) // 2


@pytest.mark.parametrize(
    "page",
    [
        b"<!doctype html>",
        b'<script type="application/zip" id="pack">AAAA',
        b'<script type="application/zip" id="pack">?</script>',
        b'<script type="application/zip" id="pack">AAAA</script>' * 2,
    ],
)
def test_a_page_without_one_pack_is_refused(page: bytes) -> None:
    """None, an open end, no base64, or two."""
    with refused("pack.malformed"):
        read_html(page)
