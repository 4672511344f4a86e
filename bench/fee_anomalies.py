"""What `watch score` finds in real fees at a stated rate of alarms.

Nobody labelled these series; of one block the data's own README says that it is an anomaly. So one
table tells how many alarms were asked for and came, and whether that block was one; another lists
our alarms with the rows before and after. Each detector is held to the same rate by the same
command, as anybody's file would be; nothing was tuned to these series.

    ./dev bench fee_anomalies
"""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from bench.forecasts import DATA
from bench.measure import table
from counterfoil.ops.streams import ScoredRow, score
from counterfoil.ports import Channel

__all__: list[str] = []

ONE_IN = 1000
WIDTH = 100
KNOWN = 13_307_440
"""Its transaction fee of about 7,676 ether, says the README of eth_block_fees_2021."""
DETECTORS = ("auto", "random-cut-forest", "half-space-trees", "gaussian")


def main() -> None:
    """Score and print."""
    counts, alarms = list[list[str]](), list[list[str]]()
    with tempfile.TemporaryDirectory() as folder:
        for name, timed, known, rows in _series():
            file = Path(folder) / "series.csv"
            lines = ["at,v", *(f"{at},{value!r}" for at, value in rows)]
            file.write_text("\n".join(lines) + "\n", encoding="utf-8")
            for detector in DETECTORS:
                found = _score(file, detector, timed=timed)
                cried = [one for one in found if one.alarm]
                hit = "" if known is None else "yes" if found[known].alarm else "no"
                asked = f"{len(found) / ONE_IN:.0f}"
                counts.append([name, detector, f"{len(found):,}", asked, f"{len(cried)}", hit])
                if detector == DETECTORS[0]:
                    alarms += [
                        [name, _at(rows[one.row][0], timed=timed), *_beside(found, one.row)]
                        for one in cried
                    ]
    heads = ["", "detector", "rows", "alarms asked for", "alarms", "known block"]
    table(f"alarms at one row in {ONE_IN:,}", heads, counts)
    table("alarms of auto", ["", "at", "before", "value", "after", "score"], alarms)


def _series() -> Iterator[tuple[str, bool, int | None, list[tuple[str, float]]]]:
    """Give a name, whether its times count, the known block's row, and the rows."""
    days = pa_csv.read_csv(DATA / "eth_gas_price_daily" / "avg_gas_price.csv")
    gwei = [int(one) / 1e9 for one in days["Value (Wei)"].to_pylist()]
    moments = [str(one) for one in days["UnixTimeStamp"].to_pylist()]
    yield "gas price, gwei, a day", True, None, list(zip(moments, gwei, strict=True))
    blocks = pq.read_table(DATA / "eth_block_fees_2021" / "block_fees.parquet")
    fees = np.asarray(blocks["bundle_gas_fee_gwei"]) + np.asarray(blocks["other_gas_fee_gwei"])
    first = int(blocks["block_number"][0].as_py())
    groups = fees[: len(fees) // WIDTH * WIDTH].reshape(-1, WIDTH).astype(float) / 1e9
    known = (KNOWN - first) // WIDTH
    for kind in (np.sum, np.median, np.max):
        values = kind(groups, axis=1).tolist()
        at = [str(first + WIDTH * row) for row in range(len(values))]
        name = f"fees of {WIDTH} blocks, ether, {kind.__name__}"
        yield name, False, known, list(zip(at, values, strict=True))


def _score(file: Path, detector: str, *, timed: bool) -> list[ScoredRow]:
    channel = Channel(io.BytesIO(), io.BytesIO())
    time = "at" if timed else None
    return list(
        score(file, value="v", time=time, detector=detector, one_in=ONE_IN, channel=channel)
    )


def _beside(found: list[ScoredRow], row: int) -> list[str]:
    near = [found[at].value if 0 <= at < len(found) else None for at in (row - 1, row, row + 1)]
    return [*("" if v is None else f"{v:,.4g}" for v in near), f"{found[row].score:.3f}"]


def _at(at: str, *, timed: bool) -> str:
    return f"{datetime.fromtimestamp(int(at), UTC):%Y-%m-%d}" if timed else f"block {int(at):,}"


if __name__ == "__main__":
    main()
