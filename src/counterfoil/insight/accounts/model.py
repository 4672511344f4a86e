"""Learn which accounts are fraud: boosted trees under several seeds, joined into one model.

Each booster sees other columns and rows, and every second one no ratio: models that err apart are
better together. Their trees stand in one LightGBM text, each leaf divided by their number, so that
the mean is one artefact with exact contributions. Rows are put in the order of their hashes first:
the order of a file changes nothing. This module refuses to learn from a table without both labels.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from counterfoil.errors import InputError
from counterfoil.insight.accounts.features import FEATURES, features
from counterfoil.insight.accounts.grouping import keys_of
from counterfoil.insight.accounts.table import COLUMNS
from counterfoil.insight.extra import need

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

__all__ = ["OUTCOMES", "PARAMETERS", "ROUNDS", "SEEDS", "join", "raw_scores", "score", "train"]

OUTCOMES: Final = ("ordinary", "fraud")
"""What the model says of an account; its score is that of the second."""

ROUNDS: Final = 600
SEEDS: Final = 2

PARAMETERS: Final[dict[str, Any]] = {
    "objective": "binary",
    "learning_rate": 0.03,
    "num_leaves": 31,
    "min_data_in_leaf": 10,
    "feature_fraction": 0.3,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "verbose": -1,
    "num_threads": 1,
    "deterministic": True,
    "force_row_wise": True,
}
"""Of each booster; fewer columns a tree than by default, since many say nearly the same."""

_SCALED: Final = re.compile(r"^(leaf_value|internal_value)=(.*)$", re.MULTILINE)


def train(values: Floats, labels: Bools, *, rounds: int = ROUNDS, seeds: int = SEEDS) -> Any:
    """Learn from accounts; gives a `lightgbm.Booster` over `FEATURES`.

    values: (n, len(COLUMNS)), see `AccountTable`. labels: (n,), True for fraud. rounds: trees of
    each booster. seeds: boosters. The same rows in any order give the same model.
    Raises InputError with code accounts.labels.
    """
    np, lightgbm = need("numpy"), need("lightgbm")
    if not 0 < int(labels.sum()) < len(labels):
        raise InputError(
            "accounts.labels",
            f"expected accounts of both labels, found {int(labels.sum())} fraud of {len(labels)}",
            hint="Learn from a file with both.",
        )
    keys = keys_of(values)
    order = np.array(sorted(range(len(keys)), key=lambda at: (keys[at], bool(labels[at]))))
    table, target = features(values[order]), labels[order].astype(np.float64)
    texts = []
    bare = table.copy()
    bare[:, len(COLUMNS) :] = np.nan
    for seed in range(1, seeds + 1):
        seen = table if seed % 2 else bare
        data = lightgbm.Dataset(seen, target, feature_name=list(FEATURES), params={"verbose": -1})
        made = lightgbm.train({**PARAMETERS, "seed": seed}, data, num_boost_round=rounds)
        texts.append(made.model_to_string())
    return lightgbm.Booster(model_str=join(texts))


def score(booster: Any, values: Floats) -> Floats:
    """Score accounts: 0 (ordinary) to 1 (fraud). values: (n, len(COLUMNS))."""
    found: Floats = booster.predict(features(values), num_threads=1)
    return found


def raw_scores(booster: Any, values: Floats) -> Floats:
    """Score accounts in log-odds, which do not tie near 0 and 1. values: as for `score`."""
    found: Floats = booster.predict(features(values), num_threads=1, raw_score=True)
    return found


def join(texts: list[str]) -> str:
    """Join LightGBM text models of the same features into one, whose raw score is their mean.

    Source: GBDT::SaveModelToString in microsoft/LightGBM, model version v4.
    """
    share = 1.0 / len(texts)
    blocks: list[str] = []
    for text in texts:
        body = text[text.index("\nTree=0\n") + 1 : text.index("end of trees\n")]
        for block in re.split(r"^Tree=\d+\n", body, flags=re.MULTILINE)[1:]:
            scaled = _SCALED.sub(lambda found: _divide(found, share), block)
            blocks.append(f"Tree={len(blocks)}\n{scaled}")
    head = texts[0][: texts[0].index("\nTree=0\n") + 1]
    tail = texts[0][texts[0].index("end of trees\n") :]
    sizes = " ".join(str(len(block.encode())) for block in blocks)
    head = re.sub(r"^tree_sizes=.*$", f"tree_sizes={sizes}", head, flags=re.MULTILINE)
    return head + "".join(blocks) + tail


def _divide(found: re.Match[str], share: float) -> str:
    numbers = (repr(float(number) * share) for number in found[2].split(" "))
    return f"{found[1]}={' '.join(numbers)}"
