"""Models in a ledger: recorded with what made them, found, loaded years later, never swept away."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import skops.io

from counterfoil.errors import InputError, NotFound, Refused, VerificationError
from counterfoil.ledger import Ledger, open_ledger
from counterfoil.ledger.audit import audit
from counterfoil.ledger.backup import backup
from counterfoil.ledger.checks import POLICY_FILE
from counterfoil.ledger.doctor import diagnose
from counterfoil.ledger.models.code import find_code
from counterfoil.network.mirror_index import notable
from counterfoil.ports import Said
from counterfoil.provenance.models import Background, open_artefact
from counterfoil.provenance.statements.parts import Code, Measurement, Reference
from tests import models_made
from tests.ledgers import prove
from tests.models_made import FEATURES, rows
from tests.statements import refused

NO_CODE = Code(revision="0")


def test_a_booster_explains_its_export(ledger: Ledger) -> None:
    """Recorded, found, loaded from the bytes beside the log; both digests in the explanation."""
    booster = ledger.models.record(
        models_made.booster(), "credit-reasons", features=FEATURES, code=NO_CODE
    )
    made = ledger.models.record(
        models_made.booster_onnx(),
        "credit",
        version="2",
        features=FEATURES,
        outcomes=["grant", "hold"],
        metrics={"auc": 0.91, "n": Measurement("n", "400")},
        parameters={"trees": 20},
        trained_on=["ab" * 32],
        explained_by=booster,
        accountable="Ada",
        card="# Credit",
        code=NO_CODE,
    )
    assert prove(ledger, made.index).statement is not None
    said = made.model
    assert (said.format, said.task, said.features) == ("onnx", "classification", FEATURES)
    assert said.metrics[0] == Measurement("auc", "0.91")
    assert said.trained_on[0].role == "train"
    for name in ("credit", "credit:2", made.index, str(made.index), made.leaf, made.digest):
        assert ledger.models.get(name) == made
    scorer = ledger.models.load("credit")
    explained = scorer.explain(rows()[0])
    assert (explained.outcome, explained.explainer) == ("hold", booster.digest)
    assert list(explained.contributions) == list(FEATURES)
    found = ledger.models.agree("credit:2", rows(), tolerance=1e-6)
    assert found.agreed
    last = ledger.get(ledger.size - 1)
    assert (last.kind, last.content["model"]["digest"]) == ("evaluation", made.digest)
    assert [one.title for one in ledger.models.ls()] == ["credit:2", "credit-reasons"]
    assert [one.title for one in ledger.models.ls("credit")] == ["credit:2"]
    with refused("model.no-explainer", NotFound):
        ledger.models.agree(booster, rows())


def test_the_newest_of_a_name_is_meant(ledger: Ledger) -> None:
    """A version is asked for by name:version; what nobody recorded is not found."""
    for version in ("1", "2"):
        ledger.models.record(models_made.booster_onnx(), "m", version=version, code=NO_CODE)
    assert ledger.models.get("m").model.version == "2"
    assert ledger.models.get("m:1").model.version == "1"
    for name in ("other", "m:3", "ab" * 32, Reference(leaf="ab" * 32)):
        with refused("model.unknown", NotFound):
            ledger.models.get(name)
    with refused("model.other-statement"):
        ledger.models.get(0)


def test_estimators_are_written_without_a_pickle(ledger: Ledger) -> None:
    """scikit-learn by skops, ready to score; what is neither is refused, and nothing recorded."""
    made = ledger.models.record(models_made.linear(), "linear", features=FEATURES, code=NO_CODE)
    assert made.model.format == "skops"
    expected = models_made.linear().predict_proba(models_made.data()[0][:1].astype(float))[0, 1]
    assert ledger.models.load("linear").score(rows()[0]) == expected
    size = ledger.size
    with refused("model.kind"):
        ledger.models.record(object(), "thing")
    with refused("model.format"):
        ledger.models.record(b"hello", "thing")
    with refused("model.metrics"):
        ledger.models.record(models_made.linear(), "thing", metrics={"curve": [1, 2]})
    with refused("statement.number"):
        ledger.models.record(models_made.linear(), "thing", metrics={"auc": float("nan")})
    with refused("model.reference"):
        ledger.models.record(models_made.linear(), "thing", trained_on=["adult"])
    assert ledger.size == size


def test_only_the_digest_is_recorded_where_bytes_are_not_kept(ledger: Ledger) -> None:
    """A copy is loaded in their place, and another model is refused."""
    data = models_made.booster_onnx()
    made = ledger.models.record(data, "m", keep=False, code=NO_CODE)
    assert made.model.kept is None
    with refused("model.not-kept", NotFound):
        ledger.models.load("m")
    assert ledger.models.load("m", artefact=data).digest == made.digest
    with refused("model.digest", VerificationError):
        ledger.models.load("m", artefact=models_made.booster_onnx(True))


def test_background_and_a_long_card_lie_beside_the_log(ledger: Ledger) -> None:
    """Explanations compare with the recorded rows; a card of any length is kept whole."""
    card = "# Card\n" + "words " * 3000
    background = Background(rows(10))
    made = ledger.models.record(
        skops.io.dumps(models_made.linear()),
        "m",
        features=FEATURES,
        background=background,
        card=card,
        code=NO_CODE,
    )
    assert ledger.models.load("m").explain(rows()[0]).background == background.digest
    assert made.model.card_file is not None
    assert ledger.kept(made.model.card_file) == card.encode()
    assert len(made.model.payloads()) == 3


def test_a_folder_is_kept_whole(ledger: Ledger, tmp_path: Path) -> None:
    """Its archive is the same model again, and its one model scores."""
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "model.onnx").write_bytes(models_made.booster_onnx())
    (folder / "README.md").write_text("# Model\n")
    made = ledger.models.record(folder, "m", features=FEATURES, code=NO_CODE)
    shutil.rmtree(folder)
    assert ledger.models.artefact("m").digest == made.digest
    scorer = ledger.models.load("m")
    assert scorer.artefact.format == "folder"
    assert 0 < scorer.score(rows()[0]) < 1


def test_kept_models_are_known_to_audits_backups_and_the_doctor(
    ledger: Ledger, tmp_path: Path
) -> None:
    """A changed one is damage, a lost one is told, and neither is ever an orphan."""
    made = ledger.models.record(models_made.booster_onnx(), "m", code=NO_CODE)
    folder = ledger.layout.folder
    ledger.close()
    (health,) = [check for check in diagnose(folder) if check.word == "payloads"]
    assert (health.status, health.detail) == ("ok", "1 files, each named by an entry")
    copy = tmp_path / "copy"
    backup(folder, copy)
    with open_ledger(copy, read_only=True) as other:
        assert other.models.load("m").digest == made.digest
    kept = folder / "payload" / made.digest[:2] / made.digest
    data = kept.read_bytes()
    kept.write_bytes(data[:-1] + b"\0")
    assert "audit.payload-changed" in {one.code for one in audit(folder, full=True).findings}
    with (
        open_ledger(folder, read_only=True) as damaged,
        refused("payload.digest", VerificationError),
    ):
        damaged.models.load("m")
    kept.unlink()
    assert "audit.payload-missing" in {one.code for one in audit(folder, full=True).notices}


def test_another_process_records_through_the_owner(ledger: Ledger) -> None:
    """The bytes go to the owner's store, and are found there."""
    with open_ledger(ledger.layout.folder) as guest:
        made = guest.models.record(models_made.booster_onnx(), "m", code=NO_CODE)
        assert guest.models.load("m").digest == made.digest
    assert open_artefact(ledger.models.artefact(made).content()).digest == made.digest


def test_evaluations_name_model_data_and_parts(ledger: Ledger) -> None:
    """Figures as decimal text, with those of parts of the data."""
    made = ledger.models.record(models_made.booster_onnx(), "m", code=NO_CODE)
    done = ledger.models.evaluate(
        "m", "cd" * 32, {"auc": 0.5}, slices={"sex=Female": {"auc": 0.25}}, method="held out"
    )
    said = ledger.get(done.index).content
    assert said["model"]["leaf"] == made.leaf
    assert said["data"] == {"digest": "cd" * 32, "role": "test"}
    assert said["slices"] == [
        {"where": "sex=Female", "metrics": [{"name": "auc", "value": "0.25"}]}
    ]
    with pytest.raises(InputError):
        ledger.models.evaluate("m", "cd" * 32, {})


def test_the_code_is_found_from_git(tmp_path: Path) -> None:
    """Its commit and address without a password; changes make it dirty; elsewhere nothing fails."""
    assert find_code(tmp_path) is None
    assert find_code(tmp_path / "nothing") is None

    def git(*arguments: str) -> None:
        who = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", *who, *arguments], cwd=tmp_path, check=True, capture_output=True)

    git("init", "-q")
    (tmp_path / "train.py").write_text("x = 1\n")
    git("add", ".")
    git("commit", "-q", "-m", "first")
    git("remote", "add", "origin", "https://me:secret@git.example/team/model.git?token=x")
    clean = find_code(tmp_path)
    assert clean is not None
    assert clean.repository == "https://git.example/team/model.git"
    assert (clean.dirty, clean.digest, len(clean.revision or "")) == (False, None, 40)
    (tmp_path / "train.py").write_text("x = 2\n")
    changed = find_code(tmp_path)
    assert changed is not None
    assert changed.dirty
    assert changed.digest is not None


def test_a_mirror_brings_the_kept_model(ledger: Ledger) -> None:
    """Whoever copies a log hears of the bytes that it must bring, signed alone or in a batch."""
    made = ledger.models.record(models_made.booster_onnx(), "m", code=NO_CODE)
    fields = {
        name: value
        for name, value in ledger.get(made.index).content.items()
        if name not in ("issuer", "source", "number", "at_ms")
    }
    batch = ledger.record_statements([Said("model", fields)]).result()
    found = [at for at, said in notable(0, ledger.entries()) if said == made.digest]
    assert found == [made.index, batch.indices[0]]


@pytest.mark.parametrize(
    ("name", "options", "code"),
    [
        ("", {}, "predicate.malformed"),
        ("m" * 256, {}, "predicate.malformed"),
        ("m", {"metrics": {f"m{n}": 1.0 for n in range(257)}}, "predicate.malformed"),
        ("m", {"parameters": {"p": "x" * 70_000}}, "statement.size"),
    ],
    ids=["no name", "long name", "many metrics", "large parameters"],
)
def test_a_model_that_no_entry_holds_leaves_nothing(
    ledger: Ledger, name: str, options: dict[str, Any], code: str
) -> None:
    """What is wrong is told before the bytes are kept."""
    size = ledger.size
    with refused(code):
        ledger.models.record(models_made.booster_onnx(), name, code=NO_CODE, **options)
    assert ledger.size == size
    assert [one for one in ledger.layout.payloads.rglob("*") if one.is_file()] == []


def test_a_model_that_lacks_its_check_leaves_nothing(ledger: Ledger) -> None:
    """The gate is asked before its bytes are kept; only the refusal is there."""
    path = ledger.layout.folder / POLICY_FILE
    path.write_text('[[require]]\nfor = "model"\ncheck = "fairness"\n', encoding="utf-8")
    size = ledger.size
    with refused("check.missing", Refused):
        ledger.models.record(models_made.booster_onnx(), "m", card="x" * 9000, code=NO_CODE)
    assert [ledger.get(at).kind for at in range(size, ledger.size)] == ["refusal"]
    assert [one for one in ledger.layout.payloads.rglob("*") if one.is_file()] == []
