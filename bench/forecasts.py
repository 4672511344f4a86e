"""Forecasts of public series beside the seasonal naive and a strong library model.

Each series goes through `counterfoil forecast eval` as anybody's file would; the windows lie in
its last part, at least 200 of them. The fee series are our aggregates of the blocks' fees: the
median of each 100 blocks, and the sum of each 300 (about an hour), after London.

    ./dev bench forecasts [PART OF A NAME]
"""

from __future__ import annotations

import csv
import io
import os
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from bench.measure import table
from counterfoil.ops.forecasts import evaluate
from counterfoil.ports import Channel

__all__ = ["Given", "series"]

ROOT = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("COUNTERFOIL_DATA") or ROOT.parent / "shared" / "data")
LONDON = 12_965_000


@dataclass(frozen=True, slots=True)
class Given:
    """A series as anybody would give it. times: empty where there are none."""

    name: str
    horizon: int
    values: list[float]
    times: list[str]


def series() -> Iterator[Given]:
    """Read the series of four data sets."""
    etth = pa_csv.read_csv(DATA / "ett_etth1" / "ETTh1.csv.gz")
    times = [str(one) for one in etth["date"].to_pylist()]
    for column in ("OT", "HUFL", "MULL"):
        yield Given(f"ett_etth1 {column}", 24, etth[column].to_pylist(), times)
    epf = pa_csv.read_csv(DATA / "epf_prices" / "electricity-short-with-ex-vars.csv.gz")
    for market in ("BE", "DE", "FR", "NP"):
        part = epf.filter(pc.equal(epf["unique_id"], market))
        moments = [str(one) for one in part["ds"].to_pylist()]
        yield Given(f"epf_prices {market}", 24, part["y"].to_pylist(), moments)
    shops = pq.read_table(DATA / "store_item_demand" / "store_item.parquet")
    for store, item in ((1, 1), (2, 15), (3, 50), (1, 28)):
        both = pc.and_(pc.equal(shops["store"], store), pc.equal(shops["item"], item))
        part = shops.filter(both).sort_by("date")
        days = [str(one.date()) for one in part["date"].to_pylist()]
        yield Given(f"store_item_demand {store}/{item}", 14, part["sales"].to_pylist(), days)
    blocks = pq.read_table(DATA / "eth_block_fees_2021" / "block_fees.parquet")
    blocks = blocks.filter(pc.greater_equal(blocks["block_number"], LONDON))
    fees = np.asarray(blocks["bundle_gas_fee_gwei"]) + np.asarray(blocks["other_gas_fee_gwei"])
    for width, kind in ((100, np.median), (300, np.sum)):
        groups = fees[: len(fees) // width * width].reshape(-1, width).astype(float)
        name = f"eth_block_fees_2021 {kind.__name__} of {width}"
        yield Given(name, 12, kind(groups, axis=1).tolist(), [])


def main(part: str) -> None:
    """Evaluate and print."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for given in series():
            if part not in given.name:
                continue
            file = Path(folder) / "series.csv"
            file.write_text(_csv(given), encoding="utf-8")
            found = evaluate(
                file,
                value="value",
                horizon=given.horizon,
                time="time" if given.times else None,
                channel=Channel(io.BytesIO(), io.BytesIO()),
            )
            for model, one in found.models.items():
                first = model == "counterfoil"
                shape = f"{found.kept}/{found.horizon}/{found.season}/{found.windows}"
                figures = [one.mase, one.pinball, one.coverage, one.interval_score]
                rows.append(
                    [
                        given.name if first else "",
                        shape if first else "",
                        model,
                        *(f"{figure:.4g}" for figure in figures),
                        f"{found.seconds:.0f}" if first else "",
                    ]
                )
            print(f"{given.name}: done", file=sys.stderr)
    heads = ["", "values/ahead/season/windows", "model"]
    heads += ["MASE", "pinball", "coverage", "interval score", "s for all"]
    table("rolling origin, a band of 90 %", heads, rows)


def _csv(given: Given) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(["time", "value"])
    times = given.times or [""] * len(given.values)
    writer.writerows([time, repr(value)] for time, value in zip(times, given.values, strict=True))
    return text.getvalue()


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "")
