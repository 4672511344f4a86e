"""Croissant and OpenLineage as operations, and as people read them."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

import counterfoil
from counterfoil.cli.paint import Paint
from counterfoil.cli.text import standards as text
from counterfoil.errors import CounterfoilError, InputError
from counterfoil.ops import standards
from counterfoil.ports import STANDARD_STREAM, Document
from tests.provenance_story import tell_story

PLAIN = Paint(io.StringIO())


def test_a_file_is_named_only_if_it_holds_the_data(shop: Path, tmp_path: Path) -> None:
    """Other data, no file and a folder are refused before anything is written."""
    data, other, out = tmp_path / "a.csv", tmp_path / "b.csv", tmp_path / "a.json"
    data.write_text("n,name\n1,x\n")
    other.write_text("n,name\n2,x\n")
    with counterfoil.open(shop) as ledger:
        ledger.datasets.record(data, "numbers")
    for file, code in (
        (other, "croissant.other-data"),
        (tmp_path / "none.csv", "croissant.no-file"),
        (tmp_path, "croissant.file"),
    ):
        with pytest.raises(CounterfoilError) as caught:
            standards.croissant("numbers", out=out, file=file, ledger=shop)
        assert caught.value.code == code
        assert not out.exists()
    done = standards.croissant("numbers", out=out, file=data, ledger=shop)
    assert isinstance(done, standards.Written)
    assert list(text.croissant(done, PLAIN)) == [
        f"wrote {out} ({done.bytes:,} bytes) with 2 fields"
    ]
    (file,) = json.loads(out.read_text())["distribution"]
    assert (file["contentUrl"], file["encodingFormat"]) == ("a.csv", "text/csv")
    done = standards.croissant("numbers", out=out, ledger=shop)
    assert isinstance(done, standards.Written)
    assert "add --file" in list(text.croissant(done, PLAIN))[1]


def test_csv_is_read_as_it_was_recorded(shop: Path, tmp_path: Path) -> None:
    """A column that was recorded as text is text again, and its missing texts are missing."""
    data, out = tmp_path / "a.csv", tmp_path / "a.json"
    data.write_text("zip,n\n21234,1\n11111,NA\n")
    with counterfoil.open(shop) as ledger:
        ledger.datasets.record(data, "zips", types={"zip": "string"}, missing=["NA"])
    done = standards.croissant("zips", out=out, file=data, missing=("NA",), ledger=shop)
    assert isinstance(done, standards.Written)
    assert done.complete


def test_events_are_written_one_a_line(shop: Path, tmp_path: Path) -> None:
    """To a file or to standard output it is the same NDJSON; what was cut is said."""
    with counterfoil.open(shop) as ledger:
        model = str(tell_story(ledger)["model"])
    out = tmp_path / "events.ndjson"
    done = standards.openlineage(model, out=out, ledger=shop)
    assert isinstance(done, standards.Written)
    lines = out.read_bytes().splitlines()
    assert len(lines) == done.count == 8
    assert all(json.loads(line)["eventType"] in ("START", "COMPLETE") for line in lines)
    assert len(list(text.openlineage(done, PLAIN))) == 1
    streamed = standards.openlineage(model, out=STANDARD_STREAM, ledger=shop)
    assert isinstance(streamed, Document)
    assert b"".join(streamed.chunks) == out.read_bytes()
    cut = standards.openlineage(model, out=out, ledger=shop, depth=1, width=1)
    assert isinstance(cut, standards.Written)
    assert "not all" in list(text.openlineage(cut, PLAIN))[1]


def test_a_receiver_needs_a_ledger_and_a_key(shop: Path, tmp_path: Path) -> None:
    """Nothing is served with a key that is no key."""
    key = tmp_path / "ol.key"
    key.write_text("short")
    key.chmod(0o600)
    with pytest.raises(InputError, match="16 to 512"):
        next(standards.receive(key_file=key, ledger=shop, listen="127.0.0.1:0"))


def test_a_receiver_says_where_it_answers(shop: Path, tmp_path: Path) -> None:
    """The first thing told is the URL that clients are given, and where their key is."""
    told = standards.receive(key_file=tmp_path / "ol.key", ledger=shop, listen="127.0.0.1:0")
    first = next(told)
    shown = "\n".join(text.receive([first], PLAIN))
    assert first.url.endswith("/api/v1/lineage")
    assert first.url in shown
    assert "ol.key" in shown
    told.close()  # type: ignore[attr-defined]
