"""How long made-up lots keep, whose true life is hidden: with what was learned, and without.

Two made-up worlds: one of the kind that the model supposes (Arrhenius, with other levels and slopes
than the tables say), and one of another kind (growth by the square of the temperature, after a
lag). Split by time: every lot is asked about with what was known by then, and the later half of the
lots counts. The printed date is the middle of the table's life where the product belongs. The
figures compare forecasts in made-up worlds, and are no evidence of any shop's. Nothing was chosen
on these seeds. Four minutes.

    ./dev bench supply_spoilage [LOTS]
"""

from __future__ import annotations

import random
import sys
from typing import get_args

from bench.measure import table
from counterfoil.apps.supply.predict.spoilage.correction import Learned
from counterfoil.apps.supply.predict.spoilage.judging import figures_of
from counterfoil.apps.supply.predict.spoilage.simulated import Truth, lots
from counterfoil.apps.supply.predict.spoilage.trial import Asked, asked_of

__all__: list[str] = []

SEEDS = (201, 202, 203, 204)
ROUNDS = 2_000


def main(count: int) -> None:
    """Ask about lots of both worlds, and print the figures."""
    rows: list[list[str]] = []
    for truth in get_args(Truth):
        late: list[Asked] = []
        for seed in SEEDS:
            found = list(asked_of(lots(count, seed, truth), Learned()))
            late += found[count // 2 :]
            print(f"{truth}, seed {seed}: done", file=sys.stderr)
        rows += _rows(truth, late)
    heads = [
        "truth",
        "forecast",
        "lots",
        "MAE h",
        "of the date's",
        "bias h",
        "in the band",
        "wide h",
    ]
    table("hours left, a band of 90 %; in brackets the ratio's interval of 95 %", heads, rows)


def _rows(truth: str, late: list[Asked]) -> list[list[str]]:
    truths = [one.truth_h for one in late]
    said = {
        "corrected by outcomes": [one.corrected for one in late],
        "the table's kinetics": [one.table for one in late],
        "the printed date": [(one.printed_h,) * 3 for one in late],
    }
    date = [abs(one.printed_h - one.truth_h) for one in late]
    rows: list[list[str]] = []
    for name, forecasts in said.items():
        banded = name != "the printed date"
        figures = figures_of(truths, forecasts, band=banded)
        own = [abs(one[1] - truth) for one, truth in zip(forecasts, truths, strict=True)]
        rows.append(
            [
                truth if not rows else "",
                name,
                str(len(late)),
                f"{figures.mae_h:.1f}",
                _ratio(own, date) if banded else "1",
                f"{figures.bias_h:+.1f}",
                f"{figures.coverage:.1%}" if figures.coverage is not None else "",
                f"{figures.width_h:.0f}" if figures.width_h is not None else "",
            ]
        )
    return rows


def _ratio(own: list[float], other: list[float]) -> str:
    """Compare errors of the same lots, resampled together."""
    chance, ratios, number = random.Random(0), [], len(own)
    for _ in range(ROUNDS):
        drawn = chance.choices(range(number), k=number)
        ratios.append(sum(own[at] for at in drawn) / sum(other[at] for at in drawn))
    ratios.sort()
    low, high = ratios[ROUNDS // 40], ratios[-ROUNDS // 40]
    return f"{sum(own) / sum(other):.2f} [{low:.2f}, {high:.2f}]"


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 400)
