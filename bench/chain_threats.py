"""Attacks on a chain's users: how soon each is found, and how often ordinary traffic is accused.

Every attack of `testing.chain_attacks` is put into simulated traffic several times, from other
seeds, and the stream of all blocks is shown to all detectors; time to alert is in blocks after the
first act and after the first loss. Then what is quiet: a simulated week of a chain with three
transactions a block, a part of a day of a busy one, ordinary things that look alike, and the real
blocks at hand. Simulated traffic is simpler than real one: its false alarms are a lower bound.

    ./dev bench chain_threats [TRANSACTIONS OF THE BUSY CHAIN]
"""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.measure import table
from counterfoil.insight.opening import open_tables
from counterfoil.insight.tables import Tables
from counterfoil.insight.threats import (
    ApprovalPhishing,
    Drains,
    FeeAnomalies,
    Fold,
    KnownBad,
    Poisoning,
    Ponzi,
    WashTrades,
    approval_phishing,
    drains,
    fee_anomalies,
    poisoning,
    ponzi,
    read_blocks,
    read_known,
    wash_trades,
)
from counterfoil.testing.chain_attacks import CHAIN_ATTACKS
from counterfoil.testing.chain_decoys import CHAIN_DECOYS
from counterfoil.testing.chain_scene import Scene, quiet_chain, tables_of

DATA = Path(
    os.environ.get("COUNTERFOIL_DATA")
    or Path(__file__).resolve().parents[1].parent / "shared" / "data"
)
ALARM = 0.5
SEEDS = range(1, 11)
WEEK_BLOCKS = 50_400
DETECTORS = (poisoning, approval_phishing, drains, fee_anomalies, ponzi, wash_trades)


def folds(known: Mapping[str, str]) -> list[Fold[Any]]:
    """Make all detectors."""
    made: list[Fold[Any]] = [Poisoning(), ApprovalPhishing(), Drains(), FeeAnomalies(), Ponzi()]
    return [*made, WashTrades(), KnownBad(known)]


def alarms(tables: Tables, known: Mapping[str, str]) -> dict[tuple[str, str], int]:
    """Stream all blocks through all detectors: (kind, account) -> block of its first alarm."""
    states = [(fold, fold.start()) for fold in folds(known)]
    first: dict[tuple[str, str], int] = {}
    for block in read_blocks(tables):
        for fold, state in states:
            for one in fold.see(state, block):
                if one.score >= ALARM:
                    first.setdefault((one.kind, one.account), block.number)
    return first


def attacks() -> None:
    """Put each attack into quiet traffic, ten times."""
    rows = []
    wrong: Counter[str] = Counter()
    quiet = quiet_chain(6000, 77, 3)
    for name, put in CHAIN_ATTACKS.items():
        found, delays, losses, before = 0, [], [], 0
        for seed in SEEDS:
            scene = Scene(quiet, seed)
            attack = put(scene, scene.first + 700 + 40 * seed)
            first = alarms(tables_of(scene.tables()), attack.known)
            hits = [first[key] for key in first if key[1] in attack.accounts]
            wrong.update(
                kind for kind, account in first if account not in {*attack.accounts, *attack.known}
            )
            if hits:
                found += 1
                delays.append(min(hits) - attack.begun)
                losses.append(min(hits) - attack.loss)
                before += min(hits) < attack.loss
        delays.sort()
        losses.sort()
        rows.append(
            [
                name,
                f"{found}/{len(SEEDS)}",
                f"{delays[len(delays) // 2]}" if delays else "-",
                f"{delays[-1]}" if delays else "-",
                f"{losses[len(losses) // 2]:+d}" if losses else "-",
                f"{before}",
            ]
        )
    heads = ["attack", "found", "median blocks to alert", "longest", "median after first loss"]
    table("simulated attacks in quiet traffic", [*heads, "alert before the loss"], rows)
    print(f"alarms about others in these {len(SEEDS) * len(CHAIN_ATTACKS)} runs: {dict(wrong)}")


def quiet(busy: int) -> None:
    """Count alarms where nothing is wrong."""
    rows = []
    week = quiet_chain(3 * WEEK_BLOCKS, 5, 3)
    dense = quiet_chain(busy, 6)
    decoyed = Scene(quiet_chain(6000, 7, 3), 3)
    for place, put in enumerate(CHAIN_DECOYS.values()):
        put(decoyed, decoyed.first + 200 + 150 * place)
    for name, tables in (
        ("simulated week, 3 a block", week),
        ("simulated busy chain", dense),
        (f"{len(CHAIN_DECOYS)} ordinary things that look alike", decoyed.tables()),
    ):
        began = time.perf_counter()
        opened = tables_of(tables)
        kinds = Counter(kind for kind, _ in alarms(opened, {}))
        rows.append(_row(name, opened, kinds, time.perf_counter() - began))
    for name in ("eth_raw_blocks", "eth_blocks_recent/transactions_2025_07.csv"):
        known = read_known(sorted((DATA / "eth_malicious_labels").glob("*.csv")))
        began = time.perf_counter()
        with open_tables(DATA / name) as real:
            kinds = Counter(kind for kind, _ in alarms(real, known))
            rows.append(_row(f"real: {name}", real, kinds, time.perf_counter() - began))
    table("alarms where nothing is known to be wrong", ["", "blocks", "rows", "s", "alarms"], rows)
    print("\nas tables, with the rows that matter alone:")
    opened = tables_of(dense)
    for detector in DETECTORS:
        began = time.perf_counter()
        count = len(list(detector(opened)))
        print(f"  {detector.__name__:18} {time.perf_counter() - began:6.1f} s  {count} findings")


def _row(name: str, tables: Tables, kinds: Counter[str], seconds: float) -> list[str]:
    blocks = tables.sql(
        "SELECT max(block_number) - min(block_number) + 1 FROM transactions"
    ).columns[0][0]
    said = ", ".join(f"{count} {kind}" for kind, count in kinds.items()) or "0"
    return [name, str(blocks), str(tables.count("transactions")), f"{seconds:.0f}", said]


def main(busy: int) -> None:
    """Attack, and count."""
    attacks()
    sys.stdout.flush()
    quiet(busy)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
