"""Archives that are damaged, or packed in ways that cost their reader dearly, are bad input."""

from __future__ import annotations

import io
import random
import zipfile

import pytest

from counterfoil.errors import InputError
from counterfoil.http.api.workplace import workplace


def archive(packing: int) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", packing) as out:
        out.writestr("a.csv", b"x" * 500 + bytes(range(256)) * 4)
    return made.getvalue()


def keep(data: bytes) -> None:
    with workplace({}) as place:
        place.keep("path", "a.zip", data, tree=True)


@pytest.mark.parametrize("packing", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_damage_is_bad_input(packing: int) -> None:
    """Whatever byte of an archive is another one, it unpacks or is refused as an archive."""
    whole, chance = archive(packing), random.Random(packing)
    refused = 0
    for at in range(0, len(whole), 2):
        damaged = bytearray(whole)
        damaged[at] ^= 1 << chance.randrange(8)
        try:
            keep(bytes(damaged))
        except InputError as err:
            assert err.code == "http.archive"
            refused += 1
    assert refused > 10


@pytest.mark.parametrize("packing", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_packings_are_refused(packing: int) -> None:
    """A packing whose reader takes as much memory as the archive asks for is not read."""
    with pytest.raises(InputError, match="stored or deflated"):
        keep(archive(packing))


def test_very_many_names_are_not_read() -> None:
    """An archive's list of names has a most, which is looked at before the list is."""
    with pytest.raises(InputError, match="very many"):
        keep(b"PK\x01\x02" * 100_001)
