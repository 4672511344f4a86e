"""The app's model: how likely a parcel comes late, learned from those that came."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import Any, Final

from counterfoil.extras import need
from counterfoil.ports import Example, Learning

__all__ = ["FEATURES", "fit", "learning", "score", "simulated"]

FEATURES: Final = ("distance_km", "weight_kg", "stops")
_EVERY: Final = 50  # parcels after which it learns anew


def simulated(count: int, seed: int = 1) -> list[Example]:
    """Simulate parcels: far and heavy ones come late more often. Replace this by your data."""
    chance = random.Random(seed)  # noqa: S311  # a simulation
    made = []
    for _ in range(count):
        distance, weight = chance.uniform(1, 400), chance.uniform(0.1, 30)
        stops = chance.randint(1, 12)
        late = chance.random() < 0.1 + distance / 800 + weight / 120
        inputs = {"distance_km": distance, "weight_kg": weight, "stops": stops}
        made.append(Example(inputs, float(late)))
    return made


def fit(examples: Sequence[Example]) -> Any:
    """Learn from parcels that came; gives a LightGBM booster, the same for the same parcels."""
    lightgbm, np = need("lightgbm", "models"), need("numpy", "models")
    settings = {
        "objective": "binary", "num_leaves": 7, "min_data_in_leaf": 10, "seed": 1, "verbose": -1,
        "num_threads": 1, "deterministic": True, "force_row_wise": True,
    }  # fmt: skip
    rows = np.array([[one.inputs[name] for name in FEATURES] for one in examples])
    data = lightgbm.Dataset(rows, [one.outcome for one in examples], feature_name=list(FEATURES))
    return lightgbm.train(settings, data, 40)


def score(examples: Sequence[Example]) -> Iterator[float]:
    """Score parcels in the order in which they came, before the model learns from them."""
    for begin in range(0, len(examples), _EVERY):
        part = examples[begin : begin + _EVERY]
        if begin:
            rows = [[one.inputs[name] for name in FEATURES] for one in part]
            yield from map(float, fit(examples[:begin]).predict(rows, num_threads=1))
        else:
            yield from [0.5] * len(part)


def learning() -> Learning:
    """Show the checks how this model meets a stream."""
    return Learning(simulated(300), score)
