"""Our PROV-JSON is read by the `prov` package, and comes back the same."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import counterfoil
from counterfoil.provenance.lineage import to_prov
from tests.ledgers import copy_ledger
from tests.provenance_story import tell_story


def test_prov_reads_our_document_and_writes_it_back(tmp_path: Path) -> None:
    """Parsed, serialised and parsed again it is equal, with every record that we wrote."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of what it imports
        from prov.model import ProvDerivation, ProvDocument, ProvEntity

    with counterfoil.open(copy_ledger(tmp_path / "ledger")) as ledger:
        told = tell_story(ledger)
        ours = to_prov(ledger.trace(told["decision 0"]))
        assert ours == to_prov(ledger.trace(told["decision 0"]))
    first = ProvDocument.deserialize(content=json.dumps(ours), format="json")
    text = first.serialize(format="json")
    assert text is not None
    second = ProvDocument.deserialize(content=text, format="json")
    assert first == second
    again = json.loads(text)
    parts = {kind: found for kind, found in ours.items() if kind != "prefix"}
    assert {kind: len(found) for kind, found in again.items() if kind != "prefix"} == {
        kind: len(found) for kind, found in parts.items()
    }
    assert set(parts) >= {
        "activity",
        "agent",
        "entity",
        "used",
        "wasAttributedTo",
        "wasDerivedFrom",
        "wasGeneratedBy",
    }
    assert again["entity"] == ours["entity"]
    assert len(list(first.get_records(ProvEntity))) == len(ours["entity"])
    assert list(first.get_records(ProvDerivation))
