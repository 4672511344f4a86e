"""Operations on what is watched: logs, alerts, numeric streams; and forecasts."""

from __future__ import annotations

from typing import Final

from counterfoil.ops.catalogue.entries import reads, writes
from counterfoil.ports import Operation

__all__ = ["OPERATIONS"]

OPERATIONS: Final[tuple[Operation, ...]] = (
    writes(
        "watch run",
        "watchers:run",
        "Run watchers over a log or what else they read, and record each alert once.",
        "all --ledger shop",
        "odd-hours flood --ledger shop --once --set odd-hours.per_week=0.5",
        "all --ledger shop --log https://log.example/theirs --policy theirs.txt",
        "equivocation --ledger shop --from seen",
        "stream --ledger shop --from load.csv#at --set value=requests",
    ),
    reads(
        "watch ls",
        "watchers:listing",
        "List the watchers that are registered, with their settings.",
        "--ledger shop",
    ),
    reads(
        "watch alerts",
        "alerts:listing",
        "List alerts, the newest first, with what people said of them.",
        "--ledger shop --new",
    ),
    writes(
        "watch ack",
        "alerts:ack",
        "Say that a person looked at an alert, and whether it was real; the newest word counts.",
        '412 --verdict real --by "Ada Example" --note "key revoked" --ledger shop',
    ),
    reads(
        "watch labels",
        "alerts:labels",
        "Write the alerts that people looked at as labelled rows, oldest first.",
        "--out labels.csv --ledger shop",
    ),
    reads(
        "watch backtest",
        "watchers:backtest",
        "Show what watchers would have said of all that is past; nothing is recorded.",
        "all --ledger shop",
        "habits --ledger shop --learned 5000 --set per_week=0.2",
    ),
    reads(
        "watch score",
        "streams:score",
        "Score each row of a numeric stream for anomalies, from the rows before it alone.",
        "load.csv --value requests --time at --alarms-per-week 2",
        "fees.csv --value base_fee --one-in 10000",
    ),
    reads(
        "forecast eval",
        "forecasts:evaluate",
        "Judge forecasts of a column from many places in it, beside a naive and a strong model.",
        "load.csv --value requests --time at --horizon 24",
        "load.csv --value requests --horizon 24 --season 24 --out forecasts.csv",
    ),
    reads(
        "forecast run",
        "forecasts:run",
        "Forecast the next rows of a column, with a band that holds nine in ten.",
        "load.csv --value requests --time at --horizon 24",
    ),
    reads(
        "forecast load",
        "loads:load",
        "Forecast how many records a second will come, with a band that holds nine in ten.",
        "--ledger DIR --horizon 24",
        "--ledger DIR --every 60 --horizon 30",
    ),
    reads(
        "forecast fees",
        "fees:fees",
        "Forecast the base fee of the next blocks: the first exactly, with bands for the others.",
        "--rpc https://node.example --horizon 20",
        "--rpc blocks.csv --horizon 50 --blocks 5000",
    ),
)
