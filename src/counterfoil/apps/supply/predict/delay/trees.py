"""Boosted trees on top of the usual rate, as one LightGBM model that scores and explains itself.

The trees learn what is to be added to the log-odds of the usual rate. To have one artefact whose
score and TreeSHAP contributions are the calibrated ones, the trees of several boosters are joined
into one text with their leaves scaled, and the usual rate enters by a tree of its own: steps along
that feature. This module refuses to choose how many trees.
Source: GBDT::SaveModelToString in microsoft/LightGBM, model version v4.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from counterfoil.extras import need

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["ROUNDS_MOST", "boost", "join", "steps"]

ROUNDS_MOST: Final = 300
"""Trees of a booster; the first so many of them are taken."""

_EXTRA: Final = "supply"
_ENDED: Final = "\nend of trees\n"
_SCALED: Final = re.compile(r"^(leaf_value|internal_value)=(.*)$", re.MULTILINE)
_SIZES: Final = re.compile(r"^tree_sizes=.*$", re.MULTILINE)
_INFOS: Final = re.compile(r"^feature_infos=.*$", re.MULTILINE)
_PANDAS: Final = re.compile(r"^pandas_categorical:.*$", re.MULTILINE)
_LEAVES: Final = 7  # late ones are few, so that trees have to be small
_GRID: Final = 256
_LOWEST, _HIGHEST = -7.0, 4.0  # log-odds of shares of 0.1 % and 98 %
_CALM: Final = {"verbosity": -1, "num_threads": 1, "deterministic": True, "force_row_wise": True}


def boost(
    values: Floats,
    labels: Floats,
    usual: Floats,
    weights: Floats,
    used: Sequence[int],
    categories: Sequence[int],
    seed: int,
) -> Any:
    """Learn trees that are added to the usual log-odds, `ROUNDS_MOST` of them.

    values: (n, d), of which the columns `used` are read; of those, `categories` hold codes. labels:
    1 late, 0 not. usual: log-odds, (n,). seed: of the rows and features that each tree sees. Gives
    a LightGBM booster; its raw score is the addition.
    """
    lightgbm: Any = need("lightgbm", _EXTRA)
    np: Any = need("numpy", _EXTRA)
    seen = np.zeros_like(values)
    seen[:, list(used)] = values[:, list(used)]
    settings = {
        **_CALM,
        "objective": "binary",
        "learning_rate": 0.03,
        "num_leaves": _LEAVES,
        "min_data_in_leaf": max(2, min(30, len(labels) // 50)),
        "feature_fraction": 0.3,
        "bagging_fraction": 0.7,
        "bagging_freq": 1,
        "lambda_l2": 10.0,
        "cat_smooth": 50.0,
        "seed": seed,
    }
    names = [f"f{at}" for at in range(values.shape[1])]  # its text knows no blanks in names
    data = lightgbm.Dataset(
        seen,
        np.ascontiguousarray(labels),
        weight=np.ascontiguousarray(weights),
        init_score=np.ascontiguousarray(usual),
        feature_name=names,
        categorical_feature=[at for at in categories if at in set(used)],
        params={"verbosity": -1},
    )
    return lightgbm.train(settings, data, ROUNDS_MOST)


def steps(values: Floats, column: int, slope: float, shift: float) -> Any:
    """Make a tree of steps: shift + slope x the value of a column, all others unread.

    values: (n, d), whose mean is what contributions are counted from. It has 256 steps between the
    log-odds -7 and 4, and is flat beyond.
    """
    lightgbm: Any = need("lightgbm", _EXTRA)
    np: Any = need("numpy", _EXTRA)
    grid = np.linspace(_LOWEST, _HIGHEST, _GRID)
    own = np.concatenate([np.clip(values[:, column], _LOWEST, _HIGHEST), grid])
    nearest = grid[np.abs(own[:, None] - grid[None, :]).argmin(axis=1)]
    table = np.zeros((len(own), values.shape[1]))
    table[:, column] = own
    settings = {
        **_CALM,
        "objective": "regression",
        "boost_from_average": False,
        "learning_rate": 1.0,
        "num_leaves": _GRID,
        "min_data_in_leaf": 1,
        "min_data_in_bin": 1,
        "min_sum_hessian_in_leaf": 0.0,
        "max_bin": 4 * _GRID,
        "lambda_l2": 0.0,
    }
    names = [f"f{at}" for at in range(values.shape[1])]
    data = lightgbm.Dataset(table, shift + slope * nearest, feature_name=names, params={**settings})
    return lightgbm.train(settings, data, 1)


def join(
    boosters: Sequence[Any],
    scales: Sequence[float],
    rounds: Sequence[int],
    values: Mapping[int, Sequence[str]],
) -> str:
    """Join boosters into one binary model, whose raw score is the sum of theirs, scaled.

    boosters: on the same features, the first one binary. scales, rounds: one each; rounds are how
    many of its trees are taken. values: column -> the texts that its codes stand for.
    """
    head, trees, tail = "", list[str](), ""
    for booster, scale, most in zip(boosters, scales, rounds, strict=True):
        begin, _, rest = booster.model_to_string(num_iteration=most).partition("\nTree=0\n")
        body, _, end = rest.partition(_ENDED)
        if not head:
            head, tail = begin, end
        trees += [_scaled(one.strip("\n"), scale) for one in re.split(r"\nTree=\d+\n", body)]
    written = [f"Tree={at}\n{one}\n\n\n" for at, one in enumerate(trees)]
    sizes = " ".join(str(len(one.encode())) for one in written)
    # No column may look unused: its texts are found by their place among those with codes.
    infos = [
        ":".join(map(str, range(max(1, len(values[at]))))) if at in values else "[0:1]"
        for at in range(boosters[0].num_feature())
    ]
    head = _SIZES.sub(f"tree_sizes={sizes}", _INFOS.sub(f"feature_infos={' '.join(infos)}", head))
    texts = json.dumps([list(values[at]) for at in sorted(values)])
    tail = _PANDAS.sub(lambda _: f"pandas_categorical:{texts if values else 'null'}", tail)
    return f"{head}\n{''.join(written)}end of trees\n{tail}"


def _scaled(tree: str, scale: float) -> str:
    def multiplied(found: re.Match[str]) -> str:
        values = " ".join(repr(float(one) * scale) for one in found[2].split())
        return f"{found[1]}={values}"

    return _SCALED.sub(multiplied, tree)
