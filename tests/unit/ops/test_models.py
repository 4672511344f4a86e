"""Models by the commands that every shell offers."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from counterfoil.errors import NotFound, VerificationError
from counterfoil.ops import models
from counterfoil.ops.models import ModelShown
from counterfoil.ports import STANDARD_STREAM, Channel, Document
from tests import models_made
from tests.statements import refused

INPUTS = '{"age": 1.5, "income": 0.5, "debt": 0.0, "years": 1}'


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Give a folder with a booster, its export, a card and a pair of keys."""
    (tmp_path / "credit.txt").write_text(models_made.booster().model_to_string())
    (tmp_path / "credit.onnx").write_bytes(models_made.booster_onnx())
    (tmp_path / "card.md").write_text("Use it for loans <script>.\n")
    private = ec.generate_private_key(ec.SECP256R1())
    (tmp_path / "key.pem").write_bytes(
        private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"secret"),
        )
    )
    (tmp_path / "pub.pem").write_bytes(
        private.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    )
    return tmp_path


def test_a_model_from_record_to_score(shop: Path, files: Path, channel: Channel) -> None:
    """Recorded with its explainer, listed, shown with its card, scored with reasons, evaluated."""
    names = "age,income, debt,years"
    models.add(files / "credit.txt", "reasons", features=names, ledger=shop)
    added = models.add(
        files / "credit.onnx",
        "credit",
        version="2",
        features=names,
        outcomes="grant,hold",
        metric=("auc=0.91",),
        parameter=("trees=20",),
        trained_on=("ab" * 32,),
        explained_by="reasons",
        accountable="Ada",
        card=files / "card.md",
        ledger=shop,
    )
    done = models.evaluate(
        "credit",
        data="cd" * 32,
        metric=("auc=0.88",),
        slice_=("sex=Female:auc=0.85", "sex=Female:rows=99"),
        ledger=shop,
    )
    assert done.index == added.found.index + 1
    assert [one.title for one in models.listing(ledger=shop)] == ["credit:2", "reasons"]
    assert [one.title for one in models.listing("reasons", ledger=shop, limit=1)] == ["reasons"]
    shown = models.get("credit:2", ledger=shop, out=files / "again.onnx")
    assert (files / "again.onnx").read_bytes() == models_made.booster_onnx()
    assert isinstance(shown, ModelShown)
    assert (shown.written, shown.bytes) == (str(files / "again.onnx"), shown.found.model.size)
    for line in ("# credit 2", "- auc: 0.91", "- sex=Female: auc: 0.85", "Answers for it: Ada"):
        assert line in shown.card
    said = shown.to_json()
    assert said["model"]["digest"] == added.found.digest
    assert said["evaluations"][0]["index"] == done.index
    bare = models.get("credit:2", ledger=shop, out=STANDARD_STREAM)
    assert isinstance(bare, Document)
    assert b"".join(bare.chunks) == models_made.booster_onnx()
    scored = models.score("credit", INPUTS, explain=True, ledger=shop, channel=channel)
    assert (scored.outcome, scored.model) == ("hold", "credit:2")
    assert scored.explained is not None
    assert scored.explained.explainer is not None
    other = models.score("credit", INPUTS, outcome="grant", ledger=shop, channel=channel)
    assert other.score == pytest.approx(1 - scored.score)
    piped = Channel(io.BytesIO(INPUTS.encode()), io.BytesIO())
    assert models.score("credit", "-", ledger=shop, channel=piped).score == scored.score


def test_bad_words_are_named(shop: Path, files: Path, channel: Channel) -> None:
    """Figures, pairs, parts and inputs that are none; nothing is recorded."""
    onnx = files / "credit.onnx"
    for metric, code in (("auc", "model.pair"), ("auc=high", "model.metric")):
        with refused(code):
            models.add(onnx, "m", metric=(metric,), ledger=shop)
    with refused("model.slice"):
        models.evaluate("m", data="0", slice_=("auc=1",), ledger=shop)
    with refused("model.card"):
        models.add(onnx, "m", card=files / "none.md", ledger=shop)
    assert list(models.listing(ledger=shop)) == []
    with refused("list.limit"):
        list(models.listing(ledger=shop, limit=0))
    models.add(onnx, "m", ledger=shop)
    with refused("model.inputs-file", NotFound):
        models.score("m", "none.json", ledger=shop, channel=channel)
    with refused("json.no-object"):
        models.score("m", "[1]", ledger=shop, channel=channel)
    with refused("model.feature-missing"):
        models.score("m", "{}", ledger=shop, channel=channel)


def test_files_are_signed_and_checked(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By a key with a password from the environment; a changed byte is refused."""
    model = files / "model"
    model.mkdir()
    (model / "a.bin").write_bytes(b"weights")
    signature = model / "model.sig"
    with refused("model.key"):
        models.sign(model, key=files / "key.pem", out=signature)
    monkeypatch.setenv(models.PASSWORD, "secret")
    said = models.sign(model, key=files / "key.pem", out=signature)
    assert models.verify_signature(model, signature, key=files / "pub.pem") == said
    signature.unlink()
    bare = models.sign(model, key=files / "key.pem", out=STANDARD_STREAM)
    assert isinstance(bare, Document)
    signature.write_bytes(b"".join(bare.chunks))
    assert models.verify_signature(model, signature, key=files / "pub.pem") == said
    (model / "a.bin").write_bytes(b"weightz")
    with refused("model.signed-files", VerificationError):
        models.verify_signature(model, signature, key=files / "pub.pem")


@pytest.mark.parametrize(
    ("written", "recorded"),
    [(".9", "0.9"), ("9.", "9"), ("+09", "9"), ("-.50", "-0.50"), ("1e-3", "1e-3")],
)
def test_a_figure_is_taken_as_people_write_it(
    shop: Path, files: Path, written: str, recorded: str
) -> None:
    """Without a digit before the point, or with a plus: recorded as JSON writes it."""
    shown = models.add(files / "credit.onnx", "m", metric=(f"auc={written}",), ledger=shop)
    assert shown.to_json()["model"]["metrics"] == ({"name": "auc", "value": recorded},)
