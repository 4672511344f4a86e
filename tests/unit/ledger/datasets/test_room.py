"""Data sets in a ledger: recorded, found, and proven row by row, offline."""

from __future__ import annotations

from bisect import bisect_left
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import pyarrow.csv
import pytest

from counterfoil.cli import main
from counterfoil.errors import NotFound, Refused, VerificationError
from counterfoil.ledger import Ledger
from counterfoil.ledger.datasets import verify_absence, verify_membership
from counterfoil.ledger.datasets.absence import Neighbour
from counterfoil.ops import ledgers
from counterfoil.proofs.merkle import inclusion_path, reader_of
from counterfoil.provenance.fingerprint.table import content_leaf
from tests.ledgers import prove
from tests.statements import refused

ROWS = "".join(f"{n},name {n},{n * 10}\n" for n in range(300))
MODEL = {"name": "credit", "format": "onnx", "digest": "ab" * 32, "size": 1}


@pytest.fixture
def csv(tmp_path: Path) -> Path:
    """Write a table of 300 rows."""
    path = tmp_path / "people.csv"
    path.write_text("id,name,income\n" + ROWS)
    return path


def one_row(csv: Path, row: int, text: str | None = None) -> Path:
    """Write a table of one row: that of the data set, or another."""
    path = csv.with_name(f"row-{row}.csv")
    path.write_text("id,name,income\n" + (text or ROWS.splitlines()[row]) + "\n")
    return path


def test_a_data_set_is_recorded_and_found(ledger: Ledger, csv: Path) -> None:
    """Its statement says rows, columns and digest; name, version, digest and leaf lead to it."""
    first = ledger.datasets.record(csv, "people", version="1", licence="CC-BY-4.0")
    second = ledger.datasets.record(csv, "people", version="2", derived_from=[first], public=True)
    assert prove(ledger, first.index).index == first.index
    said = first.dataset.fingerprint
    assert said is not None
    assert (said.rows, said.salted, [one.type for one in said.columns]) == (
        300,
        True,
        ["integer", "string", "integer"],
    )
    assert second.dataset.derived_from[0].leaf == first.leaf
    for name in ("people:1", first.digest, first.leaf, first.index, str(first.index)):
        assert ledger.datasets.get(name).index == first.index
    assert ledger.datasets.get("people").index == second.index
    assert [one.title for one in ledger.datasets.ls()] == ["people:2", "people:1"]
    with refused("dataset.unknown", NotFound):
        ledger.datasets.get("nobody")
    with refused("dataset.other-statement"):
        ledger.datasets.get(0)


def test_a_row_is_proven_to_have_trained_a_model(ledger: Ledger, csv: Path) -> None:
    """The proof holds offline for this row, data set and model, and for nothing else."""
    found = ledger.datasets.record(csv, "people")
    trained = {**MODEL, "trained_on": [{"leaf": found.leaf, "role": "train"}]}
    model = ledger.record_statement("model", trained)
    proof = ledger.datasets.prove_row(found, 77, csv, model=model.index)
    shown = verify_membership(msgspec.json.encode(proof), ledger.policy)
    assert shown.values == {"id": 77, "name": "name 77", "income": 770}
    assert shown.model is not None
    changes = {
        "row": 78,
        "cells": proof.cells[:-2] + ("00" if proof.cells[-2:] != "00" else "01"),
        "salt": "00" * 16,
        "path": proof.path[::-1],
    }
    for field, value in changes.items():
        with refused("dataset.row", VerificationError):
            verify_membership(msgspec.structs.replace(proof, **{field: value}), ledger.policy)
    other = ledger.record_statement("model", MODEL)
    wrong = ledger.datasets.prove_row(found, 1, csv, model=other.index)
    with refused("dataset.not-trained-on", VerificationError):
        verify_membership(wrong, ledger.policy)
    with refused("dataset.proof"):
        verify_membership(b"{}", ledger.policy)


def test_a_row_that_is_another_is_not_proven(ledger: Ledger, csv: Path) -> None:
    """Changed data, a row that is not there and a lost secret have errors that say so."""
    found = ledger.datasets.record(csv, "people")
    assert ledger.datasets.rows_like(found, one_row(csv, 7)) == [7]
    changed = csv.with_name("changed.csv")
    changed.write_text(csv.read_text().replace("name 5\n", "x").replace("5,name 5,50", "5,x,50"))
    with refused("dataset.row", VerificationError):
        ledger.datasets.prove_row(found, 5, changed)
    with refused("dataset.row-number"):
        ledger.datasets.prove_row(found, 300, csv)
    (secret,) = (ledger.layout.keys / "datasets").iterdir()
    assert secret.stat().st_mode & 0o077 == 0
    secret.unlink()
    with refused("dataset.no-secret", NotFound):
        ledger.datasets.prove_row(found, 5, csv)


@pytest.mark.parametrize("public", [True, False], ids=["public", "salted"])
def test_a_row_is_proven_to_be_nowhere(ledger: Ledger, csv: Path, public: bool) -> None:
    """Two neighbours of the sorted tree leave no place for it; a row that is there has no proof."""
    found = ledger.datasets.record(csv, "people", public=public, sorted_tree=True)
    absent = [one_row(csv, n, f"{n},nobody,0") for n in range(40)]
    for path in absent:
        proof = ledger.datasets.prove_absence(found, path)
        shown = verify_absence(msgspec.json.encode(proof), ledger.policy)
        assert shown.values["name"] == "nobody"
        assert ledger.datasets.rows_like(found, path) == []
    with refused("dataset.not-absent", VerificationError):
        ledger.datasets.prove_absence(found, one_row(csv, 7))


def test_no_other_proof_of_absence_is_believed(ledger: Ledger, csv: Path) -> None:
    """A row that is there, another place, neighbours apart and a foreign key are all refused."""
    found = ledger.datasets.record(csv, "people", sorted_tree=True)
    proofs = [
        ledger.datasets.prove_absence(found, one_row(csv, n, f"{n},nobody,0")) for n in range(9)
    ]
    proof = next(one for one in proofs if one.below and one.above)
    there = ledger.datasets.prove_row(found, 7, csv)
    changes: list[dict[str, Any]] = [
        {"cells": there.cells},
        {"key": "00" * 16},
        {"place": proof.place + 1},
        {"place": -1, "below": None},
        {"below": None},
        {"above": None, "place": 300},
        {"below": proof.above, "above": proof.below},
        {"below": next(one.below for one in proofs if one.below and one.place != proof.place)},
    ]
    for change in changes:
        with refused("dataset.not-absent", VerificationError):
            verify_absence(msgspec.structs.replace(proof, **change), ledger.policy)
    plain = ledger.datasets.record(csv, "people")
    with refused("dataset.no-sorted-tree", Refused):
        ledger.datasets.prove_absence(plain, one_row(csv, 7))
    receipt = ledger.datasets.prove_row(plain, 7, csv).dataset
    with refused("dataset.no-sorted-tree", VerificationError):
        verify_absence(msgspec.structs.replace(proof, dataset=receipt), ledger.policy)
    other_columns = csv.with_name("other.csv")
    other_columns.write_text("id,name\n1,x\n")
    with refused("dataset.columns"):
        ledger.datasets.prove_absence(found, other_columns)


def test_a_foreign_key_makes_no_row_absent(ledger: Ledger, csv: Path) -> None:
    """Who has the whole tree cannot choose a key under which a row that is there is in a gap."""
    found = ledger.datasets.record(csv, "people", sorted_tree=True)
    absent = ledger.datasets.prove_absence(found, one_row(csv, 1, "1,nobody,0"))
    there = ledger.datasets.prove_row(found, 7, csv)
    kept = found.dataset.sorted_leaves
    assert kept is not None
    data = ledger.kept(kept)
    leaves = [data[at : at + 32] for at in range(0, len(data), 32)]
    key = bytes(16)
    place = bisect_left(leaves, content_leaf(key, bytes.fromhex(there.cells)))

    def neighbour(at: int) -> Neighbour | None:
        if not 0 <= at < len(leaves):
            return None
        path = inclusion_path(at, len(leaves), reader_of(leaves))
        return Neighbour(leaves[at].hex(), tuple(one.hex() for one in path))

    forged = msgspec.structs.replace(
        absent, key=key.hex(), cells=there.cells, place=place,
        below=neighbour(place - 1), above=neighbour(place),
    )  # fmt: skip
    with refused("dataset.not-absent", VerificationError):
        verify_absence(forged, ledger.policy)


def test_data_is_held_against_what_was_recorded(ledger: Ledger, csv: Path) -> None:
    """The same data matches whatever its form; else the columns that differ are named."""
    found = ledger.datasets.record(csv, "people")
    assert ledger.datasets.record(csv, "people").digest != found.digest  # another secret
    frame = pyarrow.csv.read_csv(csv)
    for same in (csv, str(csv), frame, frame.to_pandas()):
        assert ledger.datasets.match("people", same).same
    other = csv.with_name("other.csv")
    text = csv.read_text()
    cases = {
        text.replace("name 7,70", "name 7,71"): (("income",), (), ()),
        text.replace("7,name 7,70", "7,name 7,much"): (("income",), (), ()),
        text.replace("id,", "number,", 1): ((), ("number",), ("id",)),
    }
    for changed, columns in cases.items():
        other.write_text(changed)
        made = ledger.datasets.match(found, other)
        assert not made.same
        assert (made.differing, made.added, made.removed) == columns
    other.write_text("\n".join(text.splitlines()[:-1]) + "\n")
    assert not ledger.datasets.match(found, other).same


def test_what_stood_for_nothing_stands_for_nothing_again(ledger: Ledger, csv: Path) -> None:
    """A file with its own word for missing values is proven with that word."""
    gaps = csv.with_name("gaps.csv")
    gaps.write_text("id;income\n1;NA\n2;1.5\n")
    found = ledger.datasets.record(gaps, "gaps", missing=["NA"], sorted_tree=True)
    proof = ledger.datasets.prove_row(found, 0, gaps, missing=["NA"])
    assert verify_membership(proof, ledger.policy).values == {"id": 1, "income": None}
    assert ledger.datasets.match(found, gaps, missing=["NA"]).same
    with refused("dataset.value"):
        ledger.datasets.prove_row(found, 0, gaps)
    bare = csv.with_name("bare.csv")
    bare.write_text("3;NA\n")
    absent = ledger.datasets.prove_absence(found, bare, missing=["NA"], columns=["id", "income"])
    assert verify_absence(absent, ledger.policy).values == {"id": 3, "income": None}


def test_a_column_of_few_values_cannot_be_guessed(ledger: Ledger, csv: Path) -> None:
    """What the log says of a salted set's column is not what anybody can compute from a guess."""
    truth = csv.with_name("truth.csv")
    truth.write_text("ill\ntrue\nfalse\n")
    salted = ledger.datasets.record(truth, "salted").dataset.fingerprint
    public = ledger.datasets.record(truth, "public", public=True).dataset.fingerprint
    guessed = sha256(b"\0" + bytes(16) + b"\1\1" + b"\1\0").hexdigest()
    assert public is not None
    assert salted is not None
    assert public.columns[0].digest == guessed != salted.columns[0].digest


def test_an_empty_table_has_no_row(ledger: Ledger, csv: Path) -> None:
    """Of nothing, everything is absent, and that is proven, too."""
    empty = csv.with_name("empty.csv")
    empty.write_text("id,name,income\n")
    types = {"id": "integer", "income": "integer"}
    found = ledger.datasets.record(empty, "nobody", sorted_tree=True, types=types)
    proof = ledger.datasets.prove_absence(found, one_row(csv, 7))
    assert verify_absence(proof, ledger.policy).values["id"] == 7


def test_what_a_proof_shows_is_what_it_proves(ledger: Ledger, tmp_path: Path) -> None:
    """Columns too many for an entry come with the proof, and no others are believed."""
    wide = tmp_path / "wide.csv"
    names = [f"column number {n}" for n in range(400)]
    wide.write_text(",".join(names) + "\n" + ",".join(["1"] * 400) + "\n")
    found = ledger.datasets.record(wide, "wide", sorted_tree=True)
    proof = ledger.datasets.prove_row(found, 0, wide)
    assert verify_membership(proof, ledger.policy).values == dict.fromkeys(names, 1)
    assert proof.columns is not None
    other = proof.columns.replace("number 7", "number VII")
    for columns in (other, None):
        with refused("dataset.columns-file", VerificationError):
            changed = msgspec.structs.replace(proof, columns=columns)
            verify_membership(changed, ledger.policy)
    two = ["2", *["1"] * 399]
    other_row = wide.with_name("two.csv")
    other_row.write_text(",".join(names) + "\n" + ",".join(two) + "\n")
    absent = ledger.datasets.prove_absence(found, other_row)
    assert verify_absence(absent, ledger.policy).values["column number 0"] == 2


def test_folders_are_data_sets_too(ledger: Ledger, tmp_path: Path) -> None:
    """A folder is the tree over its files; a changed byte or name is another one."""
    folder = tmp_path / "scans"
    (folder / "a").mkdir(parents=True)
    (folder / "a" / "1.bin").write_bytes(b"\0\1")
    (folder / "2.bin").write_bytes(b"")
    first = ledger.datasets.record(folder, "scans")
    assert ledger.datasets.record(folder, "scans").digest == first.digest
    (folder / "2.bin").write_bytes(b"x")
    assert ledger.datasets.record(folder, "scans").digest != first.digest
    (folder / "link").symlink_to(folder / "2.bin")
    with refused("dataset.folder"):
        ledger.datasets.record(folder, "scans")
    with refused("dataset.no-rows"):
        ledger.datasets.prove_row(first, 0, folder / "2.bin")


def test_the_commands(
    csv: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Added, listed, shown, proven and verified from the command line."""
    monkeypatch.chdir(csv.parent)
    monkeypatch.setenv("COUNTERFOIL_LEDGER", "shop")
    monkeypatch.setenv("COUNTERFOIL_OUTPUT", "text")
    ledgers.init(Path("shop"), name="shop", organisation="https://shop.example")

    def say(*words: str) -> str:
        capsys.readouterr()
        assert main(words) == 0, capsys.readouterr().err
        return capsys.readouterr().out

    assert say("dataset", "ls").startswith("no data set:")
    assert "recorded as entry 3: people:1\n" in say(
        "dataset", "add", "people.csv", "people", "--version", "1", "--sorted-tree"
    )
    assert "people:1  300 rows" in say("dataset", "ls")
    assert "income: integer" in say("dataset", "get", "people")
    say("dataset", "prove", "people", "7", "people.csv", "--out", "row.json")
    said = say("dataset", "verify", "row.json", "--policy", "shop/policy.txt")
    assert said.startswith("verified: self-witnessed\n  row 7 of people:1 (entry 3)\n")
    assert '"name": "name 7"' in said
    assert say("dataset", "match", "people", "people.csv").startswith("the same: people.csv is")
    one_row(csv, 1, "1,nobody,2")
    assert main(["dataset", "match", "people", "row-1.csv"]) == 1
    said = capsys.readouterr().out
    assert said.splitlines() == [
        "another: row-1.csv is not people:1 (entry 3); 1 rows",
        "  differ    id, name, income",
    ]
    assert main(["dataset", "add", "people", "people.csv"]) == 2
    assert "The file comes first" in capsys.readouterr().err
    assert main(["dataset", "get", "poeple"]) == 3
    assert "Did you mean 'people'?" in capsys.readouterr().err
    say("dataset", "prove-absence", "people", "row-1.csv", "--out", "absent.json")
    said = say("dataset", "verify", "absent.json", "--policy", "shop/policy.txt")
    assert "no row of people:1 (entry 3) is\n" in said
    assert '"name": "nobody"' in said
