"""Our Croissant documents are valid by `mlcroissant`, and its loader reads the data by them."""

from __future__ import annotations

import importlib
import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

import pytest

import counterfoil
from counterfoil.ops import standards
from tests.doc_blocks import ROOT
from tests.ledgers import copy_ledger
from tests.shared_data import require

pytestmark = pytest.mark.filterwarnings(
    "ignore:ConjunctiveGraph is deprecated:DeprecationWarning"  # of rdflib, which it calls
)

PEERS = str(ROOT / ".dev" / "peers")
CSV = "income,city,at,ratio\n31,Köln,2026-11-01,0.5\n17,Oslo,2026-11-02,0.25\n"


def mlcroissant() -> Any:
    """Import their package, from where `./dev test` unpacked it."""
    if PEERS not in sys.path:
        sys.path.append(PEERS)
    require(
        importlib.util.find_spec("mlcroissant") is not None,
        "mlcroissant is not in .dev/peers, where ./dev test puts it",
    )
    return importlib.import_module("mlcroissant")


def validated(document: Path) -> Any:
    """Have their package read and validate a document."""
    found = mlcroissant().Dataset(jsonld=document)
    assert not found.metadata.ctx.issues.errors
    return found


@pytest.mark.parametrize("public", [True, False])
def test_their_loader_reads_what_we_describe(tmp_path: Path, *, public: bool) -> None:
    """With the file, the document is valid, and loads every row under our columns' types."""
    data, out = tmp_path / "loans.csv", tmp_path / "loans.json"
    data.write_text(CSV, encoding="utf-8")
    folder = copy_ledger(tmp_path / "ledger")
    with counterfoil.open(folder) as ledger:
        recorded = ledger.datasets.record(
            data,
            "loans: November",
            version="1.0.0",
            public=public,
            licence="https://spdx.org/licenses/CC-BY-4.0",
            accountable="Ada Example",
        )
    done = standards.croissant("loans: November", out=out, file=data, ledger=folder)
    assert isinstance(done, standards.Written)
    assert (done.count, done.complete) == (4, True)
    found = validated(out)
    assert found.metadata.conforms_to == ["http://mlcommons.org/croissant/1.1"]
    rows = list(found.records("rows"))
    assert [row["rows/income"] for row in rows] == [31, 17]
    assert [row["rows/city"] for row in rows] == ["Köln".encode(), b"Oslo"]
    said = {
        one["propertyID"]: one["value"] for one in json.loads(out.read_text())["additionalProperty"]
    }
    assert said["cf:fingerprint"] == recorded.digest
    assert said["cf:leaf"] == recorded.leaf


def test_without_the_file_columns_are_named(tmp_path: Path) -> None:
    """A document without a file is valid, and names columns without saying where they lie."""
    data, out = tmp_path / "loans.csv", tmp_path / "loans.json"
    data.write_text(CSV, encoding="utf-8")
    folder = copy_ledger(tmp_path / "ledger")
    with counterfoil.open(folder) as ledger:
        ledger.datasets.record(data, "loans")
    standards.croissant("loans", out=out, ledger=folder)
    assert validated(out).metadata.distribution == []
    named = json.loads(out.read_text())["variableMeasured"]
    assert [one["name"] for one in named] == ["income", "city", "at", "ratio"]
