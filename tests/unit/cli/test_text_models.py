"""Models as people read them."""

from __future__ import annotations

import io

from counterfoil.cli.paint import Paint
from counterfoil.cli.text import models
from counterfoil.formats.predicates import ContentRef
from counterfoil.ledger import Recorded
from counterfoil.ledger.models import RecordedModel
from counterfoil.ops.models import ModelShown, Scored
from counterfoil.provenance.models import Explained, SignedModel
from counterfoil.provenance.statements.models import Model

PLAIN = Paint(io.StringIO())
DIGEST = "ab" * 32
MODEL = Model(
    issuer="https://org.example",
    source="s",
    number=0,
    name="credit",
    version="2",
    format="onnx",
    digest=DIGEST,
    size=5000,
    outcomes=("grant", "hold"),
    kept=ContentRef(DIGEST, 5000),
)
FOUND = RecordedModel(7, "cd" * 32, MODEL)


def test_a_model_is_shown() -> None:
    """Where it stands, what it is, its card line by line, and that nothing is recorded yet."""
    added = "\n".join(models.add(ModelShown(FOUND), PLAIN))
    assert added.startswith("recorded as entry 7: credit:2")
    assert "5,000, beside the log" in added
    shown = ModelShown(FOUND, (), "# credit\n\x1b[31m\n", "credit.onnx", 5000)
    text = "\n".join(models.get(shown, PLAIN))
    assert "\x1b" not in text
    assert text.endswith("wrote credit.onnx (5,000 bytes)")
    assert list(models.listing([FOUND], PLAIN)) == ["       7  credit:2  onnx  abababababab…"]
    assert "model add" in "\n".join(models.listing([], PLAIN))


def test_a_score_is_shown_with_its_reasons() -> None:
    """The largest share first, and the sum."""
    said = Explained("tree-shap", "log-odds", 0.1, {"a": 0.2, "b": -0.7}, True, -0.4, 0.4, "hold")
    lines = list(models.score(Scored("credit:2", DIGEST, "hold", 0.4, {}, said), PLAIN))
    assert lines[0] == "0.4 for hold  credit:2"
    assert [line.split()[0] for line in lines[2:]] == ["base", "b", "a", "sum"]
    assert list(models.score(Scored("m", DIGEST, "", 2.5), PLAIN)) == ["2.5  m"]


def test_signatures_and_evaluations_are_told() -> None:
    """What was signed, and that it holds."""
    said = SignedModel("model", DIGEST, 3, DIGEST)
    assert next(models.sign(said, PLAIN)) == "signed model"
    assert "holds: model is what the key signed" in "\n".join(models.verify_signature(said, PLAIN))
    done = Recorded(8, "ef" * 32, "s", 0)
    assert "8" in "\n".join(models.evaluate(done, PLAIN))
