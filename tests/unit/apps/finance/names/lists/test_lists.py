"""Lists of every form are read into one shape, and what is no list is refused in words."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from counterfoil.apps.finance.names.lists import country_code, read_dates, read_list
from counterfoil.apps.finance.names.lists.opened import open_list_file
from counterfoil.errors import CounterfoilError, InputError, NotFound
from tests.lists_made import FTM, OFAC_XML, SIMPLE, UN_XML, write_sdn
from tests.shared_data import data_path

FORMS = {"ofac-xml": OFAC_XML, "un-xml": UN_XML, "opensanctions-csv": SIMPLE, "ftm-json": FTM}


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "list"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_treasurys_files_are_one_list(tmp_path: Path) -> None:
    """Names, aliases, weak aliases, dates, countries and programmes come from all three files."""
    found = read_list(write_sdn(tmp_path / "sdn"))
    sokolov, delta, heron, mansouri = found.entries
    assert sokolov.name == "SOKOLOV, Grigory Pavlovich"
    assert sokolov.spoken() == "Grigory Pavlovich SOKOLOV"
    assert sokolov.aliases == ("SOKOLOFF, Grigori",)
    assert sokolov.weak == ("THE FALCON",)
    assert sokolov.born == ("1961-03-05", "1962")
    assert sokolov.countries == ("ru",)
    assert sokolov.programmes == ("TEST-A", "TEST-B")
    assert (delta.kind, delta.countries) == ("organisation", ("cy",))
    assert (heron.kind, mansouri.born) == ("vessel", ("1970",))
    assert (found.version.form, found.version.entries, found.version.names) == ("ofac-csv", 4, 7)


@pytest.mark.parametrize("form", FORMS)
def test_every_form_tells_of_the_same_man(tmp_path: Path, form: str) -> None:
    """XML and CSV, of OFAC, the UN and OpenSanctions: names, kind, birth and country."""
    found = read_list(written(tmp_path, FORMS[form]))
    man = next(entry for entry in found.entries if entry.kind == "person")
    assert found.version.form == form
    assert "sokolov" in man.name.casefold()
    assert any("okoloff" in alias.casefold() for alias in man.aliases)
    assert any(date.startswith("1961") for date in man.born)
    assert man.countries == ("ru",)
    assert found.version.date in {"2021-07-02", "2026-03-01", "2026-02-03"}


def test_a_version_is_what_a_list_says(tmp_path: Path) -> None:
    """Packed or not, and in whatever order, a list is the same version; a change makes another."""
    plain = read_list(write_sdn(tmp_path / "plain")).version
    packed = read_list(write_sdn(tmp_path / "packed", packed=True)).version
    assert plain == packed
    file = tmp_path / "plain" / "sdn.csv"
    lines = file.read_text().splitlines(keepends=True)
    file.write_text("".join(reversed(lines)))
    assert read_list(tmp_path / "plain").version.digest == plain.digest
    file.write_text("".join(lines).replace("HERON 4", "HERON 5"))
    assert read_list(tmp_path / "plain").version.digest != plain.digest


def test_aliases_with_semicolons_stay_whole(tmp_path: Path) -> None:
    """A value in quotes within a field of several values is one value."""
    found = read_list(written(tmp_path, SIMPLE))
    assert found.entries[0].aliases == ("Grigori Sokoloff", "Sokolov; the Falcon")
    assert found.version.passed == 1


def test_a_packed_single_file_is_read(tmp_path: Path) -> None:
    """A file of its own, packed, is a list, and so is a folder with nothing else."""
    (tmp_path / "folder").mkdir()
    path = tmp_path / "folder" / "targets.simple.csv.gz"
    path.write_bytes(gzip.compress(SIMPLE.encode()))
    assert read_list(path) == read_list(tmp_path / "folder")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "names.list-unknown"),
        ("name,price\napple,1\n", "names.list-unknown"),
        ("<html><body/></html>", "names.list-unknown"),
        ("<CONSOLIDATED_LIST><INDIVIDUALS></CONSOLIDATED_LIST>", "names.list-form"),
        ("<CONSOLIDATED_LIST></CONSOLIDATED_LIST>", "names.list-empty"),
        ('<!DOCTYPE a [<!ENTITY b "c">]><CONSOLIDATED_LIST>&b;</CONSOLIDATED_LIST>',
         "names.list-form"),
        ('{"id": 1}\nnot json\n', "names.list-form"),
        ('{"id": "x", "schema": "Person", "properties": {"name": [7]}}\n', "names.list-empty"),
        ('1,"A","individual","T",-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- \n2,"B"\n',
         "names.list-form"),
    ],
)  # fmt: skip
def test_what_is_no_list_is_refused(tmp_path: Path, text: str, code: str) -> None:
    """Empty files, other tables, broken XML, entities, bad lines and short rows are told."""
    with pytest.raises(InputError) as caught:
        read_list(written(tmp_path, text))
    assert caught.value.code == code
    assert caught.value.hint


def test_a_missing_list_is_not_found(tmp_path: Path) -> None:
    """A path that names nothing says so, and a folder with two lists asks which."""
    with pytest.raises(NotFound, match=r"file\.missing"):
        read_list(tmp_path / "none.csv")
    for name in ("a.csv", "b.xml"):
        (tmp_path / name).write_text("x")
    with pytest.raises(InputError, match=r"names\.list-unknown"):
        read_list(tmp_path)


def test_a_bomb_is_refused(tmp_path: Path) -> None:
    """A packed file that unpacks beyond the limit is refused while it is read; a cut one, too."""
    path = tmp_path / "bomb.gz"
    path.write_bytes(gzip.compress(b"0" * 100_000))
    with (
        pytest.raises(InputError, match=r"names\.list-large"),
        open_list_file(path, limit=1000) as stream,
    ):
        stream.read()
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(InputError, match=r"names\.list-form"), open_list_file(path) as stream:
        stream.read()


@settings(max_examples=60, deadline=None)
@given(data=st.binary(max_size=300), start=st.sampled_from([b"", b"{", b"<sdnList>", b"\x1f\x8b"]))
def test_any_bytes_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, start: bytes
) -> None:
    """Whatever a file holds, reading it ends in a list or in an error of ours."""
    path = tmp_path_factory.mktemp("any") / "list"
    path.write_bytes(start + data)
    try:
        assert read_list(path).entries
    except CounterfoilError as err:
        assert err.code.startswith(("names.list-", "file."))


@pytest.mark.parametrize(
    ("text", "dates"),
    [
        ("31 Feb 1970", ()),
        ("Feb 1970", ("1970-02",)),
        ("1950 to 1990", ()),
        ("1950-1952", ("1950", "1951", "1952")),
        ("07/02/2021", ("2021-07-02",)),
        ("1961-03-05T00:00:00Z", ("1961-03-05",)),
        ("unknown", ()),
        ("12 Foo 1970", ()),
    ],
)
def test_dates_are_read_or_left(text: str, dates: tuple[str, ...]) -> None:
    """Dates of every form are read; days that no calendar has and long spans are none."""
    assert read_dates(text) == dates


def test_countries_have_one_name() -> None:
    """What different lists call a country is one code; what is unknown stays."""
    assert {country_code(name) for name in ("Korea, North", "kp", "NORTH KOREA.")} == {"kp"}
    assert country_code("Region: Atlantis") == "region: atlantis"


def test_the_list_of_2021_is_read() -> None:
    """The Treasury's list as it was in 2021: every entity, most with a programme."""
    found = read_list(data_path("ofac_sdn_2021"))
    assert found.version.entries == 7379
    assert found.version.names > 18_000
    assert sum(bool(entry.born) for entry in found.entries) > 3000
    assert sum(bool(entry.programmes) for entry in found.entries) == 7379
