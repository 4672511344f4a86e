"""The command line, Python and HTTP give the same: each is made from one operation."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

import counterfoil
from counterfoil.cli.main import main
from counterfoil.ops.registry import find, load
from tests.asking import Asker
from tests.ledgers import copy_ledger
from tests.nodes import served

READ = [
    ("record get", ["4"], {"entry": "4"}),
    ("record search", ["currency=EUR", "-n", "2"], {"terms": ["currency=EUR"], "limit": "2"}),
    ("record tail", ["-n", "3", "--all-entries"], {"limit": "3", "all_entries": "true"}),
    ("checkpoint ls", [], {}),
    ("key ls", [], {}),
    ("schema", [], {}),
    ("prove inclusion", ["4", "--size", "6"], {"entry": "4", "size": "6"}),
    ("prove consistency", ["3", "6"], {"old": "3", "new": "6"}),
    ("trace", ["4", "--depth", "2"], {"entry": "4", "depth": "2"}),
    ("decision ls", [], {}),
    ("watch alerts", [], {}),
    ("witness ls", [], {}),
    ("app ls", [], {}),
]
BYTES = [
    ("receipt get", ["4", "-o", "-"], {"entry": "4"}),
    ("receipt get", ["4", "-o", "-", "--html"], {"entry": "4", "html": "true"}),
    ("checkpoint get", [], {}),
    ("export", ["-o", "-", "--format", "csv", "--kind", "record"], {"format": "csv"}),
    ("rules default", [], {}),
    ("schema", ["record"], {"predicate": "record"}),
]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Asker]]:
    folder = copy_ledger(tmp_path_factory.mktemp("alike") / "shop")
    with counterfoil.open(folder) as ledger:
        for number in range(4):
            ledger.record({"amount": number, "currency": "EUR"})
        ledger.publish()
        with served(ledger) as url, Asker(url, "operator") as asker:
            yield folder, asker


def by_command(
    words: str, given: list[str], folder: Path, capture: pytest.CaptureFixture[bytes], *more: str
) -> bytes:
    operation = find(tuple(words.split()))
    assert operation is not None
    own = ["--ledger", str(folder)] if "ledger" in load(operation).__annotations__ else []
    assert main([*words.split(), *given, *own, *more]) == 0
    return capture.readouterr().out


@pytest.mark.parametrize(("words", "given", "query"), READ, ids=lambda one: str(one)[:30])
def test_the_same_facts(
    words: str,
    given: list[str],
    query: dict[str, str],
    place: tuple[Path, Asker],
    capsysbinary: pytest.CaptureFixture[bytes],
) -> None:
    """What a command prints as JSON is what the API answers, lists line by line."""
    folder, asker = place
    path = f"/api/v1/{words.replace(' ', '/')}?{urlencode(query, doseq=True)}"
    lines = by_command(words, given, folder, capsysbinary, "--json").splitlines()
    said = [json.loads(line) for line in lines]
    found = asker.get(path).json
    assert found == {"items": said, "next": None} if "items" in found else [found] == said
    streamed = asker.get(path, accept="application/x-ndjson").body.splitlines()
    assert [json.loads(line) for line in streamed] == said


@pytest.mark.parametrize(("words", "given", "query"), BYTES, ids=lambda one: str(one)[:30])
def test_the_same_bytes(
    words: str,
    given: list[str],
    query: dict[str, str],
    place: tuple[Path, Asker],
    capsysbinary: pytest.CaptureFixture[bytes],
) -> None:
    """A document is the same bytes, whoever hands it over."""
    folder, asker = place
    more = {"kind": "record"} if words == "export" else {}
    path = f"/api/v1/{words.replace(' ', '/')}?{urlencode({**query, **more})}"
    assert asker.get(path).body == by_command(words, given, folder, capsysbinary)


def test_the_same_errors(
    place: tuple[Path, Asker], capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    """An error has one code, and one status for each shell."""
    folder, asker = place
    for words, given, query in (
        ("record get", ["999"], {"entry": "999"}),
        ("record get", ["x"], {"entry": "x"}),
        ("prove inclusion", ["4", "--size", "1"], {"entry": "4", "size": "1"}),
        ("decision get", ["4"], {"entry": "4"}),
    ):
        assert main([*words.split(), *given, "--ledger", str(folder), "--json"]) != 0
        told = json.loads(capsysbinary.readouterr().err.splitlines()[-1])
        said = asker.get(f"/api/v1/{words.replace(' ', '/')}?{urlencode(query)}")
        assert said.code in json.dumps(told)
