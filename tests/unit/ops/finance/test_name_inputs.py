"""What is given to match and to screen is read, or refused with what is wrong."""

from __future__ import annotations

import gzip
import io
from pathlib import Path
from typing import Any

import pytest

from counterfoil.errors import CounterfoilError, InputError, NotFound
from counterfoil.ops.finance.names import match
from counterfoil.ops.finance.screening import rescreen, screen
from counterfoil.ports import STANDARD_STREAM, Channel
from tests.lists_made import write_sdn


def channel(data: bytes = b"") -> Channel:
    return Channel(io.BytesIO(data), io.BytesIO())


@pytest.mark.parametrize(
    ("text", "threshold", "code"),
    [
        ("a,b\n1,2\n", None, "names.columns"),
        ("", None, "names.columns"),
        ('name1,name2,schema\n"' + "x" * 200_000 + '",b,Person\n', None, "names.csv"),
        ("name1,name2,schema\n", "2", "names.threshold"),
        ("name1,name2,schema\n", "half", "names.threshold"),
    ],
    ids=["columns", "empty", "huge", "high", "word"],
)
def test_bad_pairs_are_told(tmp_path: Path, text: str, threshold: str | None, code: str) -> None:
    """Wrong columns, huge cells and thresholds out of range end in an error that says so."""
    (tmp_path / "pairs.csv").write_text(text)
    with pytest.raises(InputError) as caught:
        list(match(tmp_path / "pairs.csv", threshold=threshold, channel=channel()))
    assert caught.value.code == code
    assert caught.value.hint


def test_an_empty_file_is_called_empty(tmp_path: Path) -> None:
    """What is wrong with an empty file is that it is empty."""
    (tmp_path / "none.csv").touch()
    listed = (write_sdn(tmp_path / "sdn"),)
    with pytest.raises(InputError, match="found an empty file"):
        list(match(tmp_path / "none.csv", channel=channel()))
    with pytest.raises(InputError, match="found an empty file"):
        list(screen(queries=tmp_path / "none.csv", list=listed, channel=channel()))


def test_pairs_come_from_anywhere(tmp_path: Path) -> None:
    """Standard input, a packed file, other orders of columns and short rows are read."""
    text = "\ufeffschema,NAME2,name1,x\nPerson,Ann Lee,Ann Lee,1\n\nPerson,Ann Lee\n".encode()
    packed = tmp_path / "pairs.csv.gz"
    packed.write_bytes(gzip.compress(text))
    streamed = list(match(STANDARD_STREAM, channel=channel(text)))
    assert [one.to_json() for one in streamed] == [
        one.to_json() for one in match(packed, channel=channel())
    ]
    assert [(one.name1, one.matched.match) for one in streamed] == [("Ann Lee", True), ("", False)]


def test_files_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    """A missing file, a folder and a cut gzip file say so."""
    with pytest.raises(NotFound, match=r"file\.missing"):
        list(match(tmp_path / "none.csv", channel=channel()))
    with pytest.raises(InputError, match=r"file\.unreadable"):
        list(match(tmp_path, channel=channel()))
    (tmp_path / "cut.gz").write_bytes(gzip.compress(b"name1,name2\n" * 99)[:-9])
    with pytest.raises(CounterfoilError, match=r"file\.read"):
        list(match(tmp_path / "cut.gz", channel=channel()))


@pytest.mark.parametrize(
    ("name", "options", "code"),
    [
        ("Jane Doe", {}, "names.nothing"),
        (None, {"list": "sdn"}, "names.nothing"),
        ("Jane Doe", {"queries": "q.csv", "list": "sdn"}, "names.nothing"),
        ("Jane Doe", {"list": "none.csv"}, "file.missing"),
        (None, {"queries": "q.csv", "list": "sdn"}, "names.columns"),
        (None, {"queries": "none.csv", "list": "sdn"}, "file.missing"),
        (None, {"queries": "q.ndjson", "list": "sdn"}, "names.query"),
        (None, {"queries": "huge.csv", "list": "sdn"}, "names.csv"),
        ("Jane Doe", {"list": "q.csv"}, "names.list-unknown"),
        ("Jane Doe", {"list": "sdn", "receipts": "r"}, "names.nothing"),
        ("Jane Doe", {"list": "sdn", "ledger": "none"}, "ledger.missing"),
    ],
    ids=range(11),
)
def test_bad_screenings_are_told(
    tmp_path: Path, name: str | None, options: dict[str, str], code: str
) -> None:
    """No list, no name, both, missing files, wrong columns and lines that are no JSON are told."""
    write_sdn(tmp_path / "sdn")
    (tmp_path / "q.csv").write_text("customer,dob\nJane Doe,1970\n")
    (tmp_path / "q.ndjson").write_text('{"name": "Jane Doe"}\n["Jane"]\n')
    (tmp_path / "huge.csv").write_text('name\n"' + "x" * 200_000 + '"\n')
    given: dict[str, Any] = {key: tmp_path / value for key, value in options.items()}
    if "list" in given:
        given["list"] = (given["list"],)
    with pytest.raises(CounterfoilError) as caught:
        list(screen(name, **given, channel=channel()))
    assert caught.value.code == code
    assert caught.value.hint


def test_a_date_of_birth_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    """What is named on the command line is used, or refused: never left out in silence."""
    listed = (write_sdn(tmp_path / "sdn"),)
    with pytest.raises(InputError, match=r"names\.query"):
        list(screen("Jane Doe", list=listed, born="yesterday", channel=channel()))
    (found,) = screen("Jane Doe", list=listed, born="1970-05", channel=channel())
    assert found.found.query.born == ("1970-05",)


def test_a_country_that_is_not_known_is_told(tmp_path: Path) -> None:
    """A country on the command line is one that is known, or refused; codes and names are."""
    listed = (write_sdn(tmp_path / "sdn"),)
    with pytest.raises(InputError, match=r"a country, found 'atlantis' \[names\.query\]"):
        list(screen("Jane Doe", list=listed, country="Atlantis", channel=channel()))
    (found,) = screen("Jane Doe", list=listed, country="gbr; GL; Reunion", channel=channel())
    assert found.found.query.countries == ("gb", "gl", "re")


def test_screening_again_needs_a_list() -> None:
    """Without a list there is nothing to screen against again."""
    with pytest.raises(InputError, match=r"names\.nothing"):
        list(rescreen(actor="me"))
