"""Learning, the served graph, calibration and costs."""

from __future__ import annotations

import json
import math
import random
from pathlib import Path

import lightgbm
import numpy as np
import pytest

from counterfoil.apps.finance.fraud.calibration import Calibration, calibrate
from counterfoil.apps.finance.fraud.costs import Costs, cost_of, raise_bar
from counterfoil.apps.finance.fraud.deciding import HOLD, Decider
from counterfoil.apps.finance.fraud.judging import (
    area_of,
    bootstrap,
    card_precision,
    gain,
    precision_of,
)
from counterfoil.apps.finance.fraud.kept import load_kept, open_model, save_kept
from counterfoil.apps.finance.fraud.payment import Payment
from counterfoil.apps.finance.fraud.table import read_table
from counterfoil.apps.finance.fraud.trees import write_onnx
from counterfoil.errors import CounterfoilError, InputError, NotFound, VerificationError
from counterfoil.learn.metrics import average_precision
from tests.fraud_made import made, model, rows, table, written

DAY_MS = 86_400_000


def grown(seed: int, *, missing: bool) -> tuple[lightgbm.Booster, np.ndarray]:
    random_ = np.random.default_rng(seed)
    x = random_.normal(size=(800, 6)).astype(np.float32)
    x[:, 3] = np.round(x[:, 3])
    if missing:
        x[random_.random(x.shape) < 0.2] = np.nan
    y = (np.nan_to_num(x[:, 0]) + np.nan_to_num(x[:, 3]) > 0.5).astype(int)
    settings = {"objective": "binary", "verbose": -1, "num_threads": 1, "min_data_in_leaf": 5}
    names = [f"f{at}" for at in range(6)]
    return lightgbm.train(settings, lightgbm.Dataset(x, y, feature_name=names), 40), x


@pytest.mark.parametrize("missing", [False, True])
def test_the_served_graph_says_what_the_trees_say(missing: bool) -> None:
    """ONNX in one thread, LightGBM and its explanation agree, with missing values and on edges."""
    booster, x = grown(1, missing=missing)
    calibration = Calibration(0.8, 1.3, -0.2)
    names = [f"f{at}" for at in range(6)]
    scorer = open_model(
        write_onnx(booster, calibration, names), booster.model_to_string().encode(), names
    )
    edges = x[:300].copy()
    splits = json.dumps(booster.dump_model())
    thresholds = [float(part.split(",")[0]) for part in splits.split('"threshold": ')[1:]]
    edges[:200, 0] = np.array(thresholds[:200], np.float32)[: len(edges[:200])]
    edges[:50, 1] = np.nan
    margins = np.asarray(booster.predict(edges, raw_score=True), np.float64)
    for row, margin, probability in zip(
        edges, margins, calibration.probability(margins), strict=True
    ):
        inputs = {name: None if v != v else float(v) for name, v in zip(names, row, strict=True)}
        assert scorer.score(inputs) == pytest.approx(probability, abs=2e-6)
        explained = scorer.explain(inputs)
        assert explained.exact
        assert explained.total == pytest.approx(margin, abs=1e-9)
        total = explained.base + sum(explained.contributions.values())
        assert total == pytest.approx(margin, abs=1e-9)


def test_probabilities_mean_what_they_say() -> None:
    """A margin that is off by a slope and a shift is mended, and the order stays."""
    random_ = np.random.default_rng(3)
    true = random_.normal(-3, 2, 20_000)
    labels = (random_.random(20_000) < 1 / (1 + np.exp(-true))).astype(float)
    found = calibrate(true * 0.5 + 2, labels)
    margins = np.sort(true) * 0.5 + 2
    said = found.probability(margins)
    assert np.all(np.diff(said) >= 0)
    assert np.abs(said - 1 / (1 + np.exp(-np.sort(true)))).max() < 0.05


@pytest.mark.parametrize("frauds", [0, 1, 5, 20, 100])
def test_few_frauds_calibrate_to_their_share(frauds: int) -> None:
    """However few there are, the mean probability is the share of fraud, and nothing breaks."""
    random_ = np.random.default_rng(frauds)
    labels = np.zeros(1000)
    labels[:frauds] = 1
    margins = random_.normal(-2, 1, 1000) + 2 * labels
    found = calibrate(margins, labels)
    assert min(found.a, found.b) >= 0
    if frauds:
        assert found.probability(margins).mean() == pytest.approx(frauds / 1000, rel=0.02)
    else:
        assert found == Calibration()


def test_the_bar_follows_from_costs() -> None:
    """Twice the amount halves the bar; nothing at risk is never held; a fee counts as well."""
    costs = Costs(review=5.0)
    assert costs.threshold(100) == pytest.approx(0.05)
    assert costs.threshold(-200) == pytest.approx(0.025)
    assert costs.threshold(0) > 1
    assert Costs(review=5.0, fixed=95).threshold(5) == pytest.approx(0.05)
    spent = cost_of(costs, [100, 100, 50], [1, 1, 0], [True, False, True])
    assert (spent.missed, spent.reviews, spent.nothing) == (100, 10, 200)
    with pytest.raises(InputError):
        Costs(review=0)


def test_the_bar_is_raised_to_the_capacity() -> None:
    """On the days it is set by, no more are held than there is time for."""
    rng = random.Random(5)
    scores = [rng.random() for _ in range(2_000)]
    amounts = [rng.uniform(1, 500) for _ in scores]
    times = [at * DAY_MS // 200 for at in range(len(scores))]
    costs = raise_bar(Costs(review=1.0, capacity=20), scores, amounts, times)
    held = sum(s >= costs.threshold(a) for s, a in zip(scores, amounts, strict=True))
    assert 0 < held <= 20 * 10
    wide = raise_bar(Costs(review=1.0, capacity=10_000), scores, amounts, times)
    assert wide.factor == 1


def test_figures_are_those_of_others() -> None:
    """Average precision is learn.metrics's, ties too; card precision counts a card once a day."""
    rng = random.Random(8)
    labels = [rng.random() < 0.1 for _ in range(500)]
    scores = [round(rng.random() + label, 1) for label in labels]
    assert precision_of(labels, scores) == pytest.approx(average_precision(scores, labels))
    assert area_of([0, 1, 0, 1], [1, 2, 3, 4]) == 0.75
    assert area_of([0, 0], [1, 2]) == 0.5
    payments = [Payment(str(at), 0, 1.0, card, "t", label) for at, (card, label) in enumerate(
        [("a", 1), ("a", 1), ("b", 0), ("c", 0)])]  # fmt: skip
    assert card_precision(payments, [0.9, 0.8, 0.7, 0.1], 2) == 0.5
    assert card_precision([], []) == 0


def test_intervals_hold_the_figure_and_are_paired() -> None:
    """A ranking is not better than itself; a better one is, by an interval above 0."""
    payments = table(rows(days=20))
    rng = random.Random(2)
    good = [(one.label or 0) + rng.random() for one in payments]
    bad = [rng.random() for _ in payments]
    found = bootstrap(payments, good, rounds=50)
    assert found.low <= found.value <= found.high
    assert gain(payments, good, good, rounds=50).low == 0
    assert gain(payments, good, bad, rounds=50).low > 0


def test_a_model_finds_later_frauds(tmp_path: Path) -> None:
    """On ten days after training it is far above chance, and holds few genuine payments."""
    kept = load_kept(model())
    read = read_table(made() / "later.csv", kept.manifest.columns)
    decider = Decider(kept)
    decided = [decider.decide(one) for one in read.payments]
    labels = [one.label or 0 for one in read.payments]
    share = sum(labels) / len(labels)
    assert precision_of(labels, [one.score for one in decided]) > 5 * share
    held = [one for one in decided if one.outcome == HOLD]
    assert held
    assert all((one.explained is not None) == (one.outcome == HOLD) for one in decided)


def test_training_twice_gives_the_same_model() -> None:
    """The same file and seed give the same bytes of what scores."""
    from counterfoil.apps.finance.fraud.train import train

    again = train(made() / "past.csv", {})
    assert again.onnx == load_kept(model()).onnx


def test_a_model_is_whole_or_refused(tmp_path: Path) -> None:
    """A changed file, a missing one, no folder and a folder of something else have their errors."""
    kept = load_kept(model())
    folder = tmp_path / "m"
    args = (kept.manifest, kept.onnx, kept.reasons, kept.memory)
    save_kept(folder, *args)
    save_kept(folder, *args)  # one of a model may be replaced
    assert [one.name for one in tmp_path.iterdir()] == ["m"]
    with (folder / "reasons.txt").open("ab") as file:
        file.write(b" ")
    with pytest.raises(VerificationError, match=r"reasons\.txt"):
        load_kept(folder)
    (folder / "reasons.txt").unlink()
    with pytest.raises(NotFound):
        load_kept(folder)
    (folder / "fraud.json").write_text("{}")
    with pytest.raises(InputError):
        load_kept(folder)
    with pytest.raises(InputError, match="no file or folder"):
        save_kept(written(tmp_path / "x.csv", rows()[:2]), *args)
    with pytest.raises(CounterfoilError):
        save_kept(tmp_path / "no" / "such" / "m", *args)
    assert math.isfinite(kept.manifest.costs.review)
