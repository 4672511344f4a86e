"""A name stands for what was recorded under it, wherever a reference is asked for."""

from __future__ import annotations

from typing import Any

import pytest

from counterfoil.errors import InputError, Unavailable
from counterfoil.formats.statement import Subject
from counterfoil.ledger import Ledger
from counterfoil.ledger.models import RecordedModel
from counterfoil.ledger.named import find_named
from counterfoil.provenance.checks import Item, Report
from counterfoil.provenance.statements.parts import Reference
from tests import models_made
from tests.provenance_story import digest_of
from tests.statements import refused


def data(ledger: Ledger, name: str, version: str | None = None) -> tuple[int, str]:
    """Record a data set; gives its index and digest."""
    digest = digest_of(f"{name} {version}")
    fields: dict[str, Any] = {
        "name": name,
        "fingerprint": {"format": "files/v1", "digest": digest, "root": digest, "rows": 1},
    }
    if version:
        fields["version"] = version
    subject = Subject(digest={"sha256": digest}, name=name)
    return ledger.record_statement("dataset", fields, subjects=[subject]).index, digest


def model(ledger: Ledger, name: str, **more: Any) -> RecordedModel:
    return ledger.models.record(models_made.booster_onnx(), name, version="1", **more)


def test_a_model_names_its_data_by_name(ledger: Ledger) -> None:
    """The newest of the name, or the version that is named; one thing needs no list around it."""
    data(ledger, "loans", "1")
    newest, digest = data(ledger, "loans", "2")
    for given, version in (("loans", "2"), (["loans:1"], "1"), (newest, "2"), ([newest], "2")):
        (found,) = model(ledger, "credit", trained_on=given).model.trained_on
        assert (found.name, found.role) == (f"loans:{version}", "train")
    assert found.digest == digest
    (from_,) = model(ledger, "other", derived_from="credit").model.derived_from
    assert from_.name == "credit:1"


def test_a_name_that_nothing_has_is_refused(ledger: Ledger) -> None:
    """Names are looked for among what the field is about, and the hint is for the command line."""
    model(ledger, "credit")
    for given in ("loans", "credit", b"loans", None):
        with pytest.raises(InputError) as caught:
            model(ledger, "x", trained_on=[given])
        assert caught.value.code == "model.reference"
        assert "counterfoil dataset ls" in caught.value.hint


def test_what_is_checked_is_named(ledger: Ledger) -> None:
    """A check is about a model or data set by name; where both have it, neither is meant."""
    made = model(ledger, "credit")
    report = Report("fairness", (Item(name="gap", passed=True),), 100)
    done = ledger.checks.record(report, about="credit:1")
    assert done.about.leaf == made.leaf
    assert [one.index for one in ledger.checks.ls("credit")] == [done.index]
    data(ledger, "credit")
    with refused("name.ambiguous"):
        ledger.checks.record(report, about="credit")
    assert find_named(ledger, "nothing") is None


def test_an_evaluation_on_training_data_says_so(ledger: Ledger) -> None:
    """By leaf or digest its role is `train`; other data are `test`; a role that is given stays."""
    data(ledger, "loans")
    _, other = data(ledger, "held out")
    index, digest = data(ledger, "loans", "2")
    made = model(ledger, "credit", trained_on="loans")
    for given, role in (
        ("loans", "train"),
        (index, "train"),
        (digest, "train"),
        ("held out", "test"),
        (other, "test"),
        (Reference(digest=other, role="validation"), "validation"),
    ):
        done = ledger.models.evaluate(made, given, {"auc": 0.9})
        assert ledger.get(done.index).content["data"]["role"] == role


def test_what_is_held_in_hand_shows_itself(ledger: Ledger) -> None:
    """A ledger, a model and its scorer are one short line each."""
    made = model(ledger, "credit", features=models_made.FEATURES)
    assert repr(made) == f"RecordedModel('credit:1', index={made.index}, digest={made.digest!r})"
    scorer = ledger.models.load("credit")
    assert repr(scorer).startswith(f"Scorer('onnx', digest={made.digest!r}, features=('age', ")
    assert repr(ledger) == f"Ledger({str(ledger.layout.folder)!r}, {ledger.origin!r}, open)"
    ledger.close()
    assert repr(ledger).endswith(", closed)")


def test_a_closed_ledger_says_so_whatever_is_asked(ledger: Ledger) -> None:
    """Reading and writing answer alike."""
    made = model(ledger, "credit")
    ledger.close()
    for ask in (
        lambda: ledger.models.load("credit"),
        lambda: ledger.models.get(made.index),
        lambda: ledger.search("kind=model"),
        lambda: ledger.size,
        lambda: ledger.get(0),
        lambda: ledger.receipt(0),
        lambda: ledger.record({"n": 1}),
    ):
        with pytest.raises(Unavailable) as caught:
            ask()
        assert caught.value.code == "ledger.closed"
