"""Forecast an EVM chain's base fee: the next block's by the rule, further ones learned.

This module refuses to say that a fee is exact where the chain follows another rule than EIP-1559
as Ethereum has it, and says whose word it is instead.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

from counterfoil.errors import InputError
from counterfoil.ops.fee_files import FeeBlocks, read_fee_file
from counterfoil.ports import Channel, Param, Progress, no_progress

if TYPE_CHECKING:
    from counterfoil.learn.forecast import Judged

__all__ = ["FeeForecast", "FeeStep", "fees"]

_BLOCKS_MAX: Final = 20_000
_HORIZON_MAX: Final = 1000
_CHAINS: Final = ("http://", "https://", "embedded:")


@dataclass(frozen=True, slots=True)
class FeeStep:
    """The base fee of one block to come, wei. block: None where blocks have no numbers.

    low, high: hold it nine times in ten; None where not known.
    """

    block: int | None
    base_fee_wei: int
    low_wei: int | None
    high_wei: int | None


@dataclass(frozen=True, slots=True)
class FeeForecast:
    """Base fees to come.

    blocks: how many were read. newest: the last one's number. next_by: how the next one is known:
    `rule` (computed from the newest block, exactly), `node` (its word), `forecast`. windows, past:
    earlier places from which fees were forecast alike, and how good that was; stays: how good it
    would have been to expect no change; wei, the next block apart where it is known.
    """

    source: str
    chain_id: int | None
    blocks: int
    newest: int | None
    next_by: Literal["rule", "node", "forecast"]
    level: float
    steps: list[FeeStep]
    windows: int
    past: Judged | None
    stays: Judged | None
    notes: list[str]


def fees(
    *,
    rpc: Annotated[
        str,
        Param(
            "A node's address, embedded:PATH, or a file: see the documentation.",
            "URL|FILE",
            holds="machine",
        ),
    ],
    horizon: Annotated[int, Param("How many blocks ahead to forecast, 1 to 1000.", "H")] = 20,
    blocks: Annotated[int, Param("How many of the newest blocks to learn from.", "N")] = 2_000,
    forecaster: Annotated[str, Param("Which forecaster, by its entry point.", "NAME")] = "auto",
    progress: Progress = no_progress,
    channel: Channel,
) -> FeeForecast:
    """Forecast the base fee of the next blocks: the first exactly, with bands for the others.

    Raises InputError with code fees.file, fees.blocks, forecast.horizon, forecast.short or
    learn.forecaster, and as `open_chain`.
    """
    _require(horizon, blocks)
    chain_id, read = _read(rpc, blocks, channel)
    read = replace(read, fees=read.fees[-blocks - 1 :])
    notes: list[str] = []
    known, next_by = _next(read, notes)
    ahead = next_by != "forecast"
    count = len(read.fees) - read.ahead
    newest = None if read.first is None else read.first + count - 1
    steps = [FeeStep(None, known[-1], known[-1], known[-1])] if ahead else []
    found = None
    if horizon > len(steps):
        import numpy as np

        from counterfoil.learn.forecast.fees_ahead import fees_ahead
        from counterfoil.learn.forecast.registered import forecaster as named

        found = fees_ahead(
            partial(named, forecaster),
            np.asarray(known, dtype=np.float64),
            horizon - len(steps),
            ruled=_is_ruled(known),
            progress=lambda done, total: progress(done, total, "parts of models learned"),
        )
        for told, low, high in zip(found.told, found.low, found.high, strict=True):
            steps.append(FeeStep(None, round(float(told)), _wei(low), _wei(high)))
    if newest is not None:
        steps = [replace(one, block=newest + 1 + at) for at, one in enumerate(steps)]
    return FeeForecast(
        source=rpc if chain_id is None else _shown(rpc),
        chain_id=chain_id,
        blocks=count,
        newest=newest,
        next_by=next_by,
        level=0.9,
        steps=steps,
        windows=found.windows if found else 0,
        past=found.past if found else None,
        stays=found.stays if found else None,
        notes=notes,
    )


def _require(horizon: int, blocks: int) -> None:
    if not 1 <= horizon <= _HORIZON_MAX:
        raise InputError(
            "forecast.horizon",
            f"expected 1 to {_HORIZON_MAX} blocks ahead, found {horizon}",
            hint="Give fewer.",
        )
    if not 1 <= blocks <= _BLOCKS_MAX:
        raise InputError(
            "fees.blocks",
            f"expected to learn from 1 to {_BLOCKS_MAX} blocks, found {blocks}",
            hint="Two thousand are enough for twenty blocks ahead.",
        )


def _read(rpc: str, blocks: int, channel: Channel) -> tuple[int | None, FeeBlocks]:
    """Read fees from a chain or a file; gives the chain's id, too."""
    if not rpc.startswith(_CHAINS):
        return None, read_fee_file(Path(rpc), channel)
    from counterfoil.chain import open_chain
    from counterfoil.chain.fee_blocks import newest_fees

    chain = open_chain(rpc, read_only=True)
    try:
        found = newest_fees(chain, blocks)
        read = FeeBlocks(found.first, list(found.fees), found.gas_used, found.gas_limit, ahead=True)
        return chain.chain_id, read
    finally:
        chain.close()


def _next(
    read: FeeBlocks, notes: list[str]
) -> tuple[list[int], Literal["rule", "node", "forecast"]]:
    """Give the fees known, that of the next block among them where it is, and how it is known."""
    from counterfoil.learn.forecast.basefee import next_base_fee

    newest = read.fees[-2] if read.ahead and len(read.fees) > 1 else read.fees[-1]
    by_rule = None
    if read.used is not None and read.limit is not None:
        by_rule = next_base_fee(newest, read.used, read.limit)
    if not read.ahead:
        if by_rule is None:
            notes.append("the newest block's gas is not told, so that the next fee is forecast")
            return read.fees, "forecast"
        return [*read.fees, by_rule], "rule"
    if by_rule == read.fees[-1]:
        return read.fees, "rule"
    if by_rule is not None:
        notes.append(
            f"the node says {read.fees[-1]} wei where Ethereum's rule gives {by_rule}: this chain "
            "follows another"
        )
    return read.fees, "node"


def _is_ruled(known: list[int]) -> bool:
    """Tell whether no block moved its fee by more than EIP-1559 allows."""
    return all(abs(after - before) <= max(before // 8, 1) for before, after in pairwise(known))


def _wei(fee: float) -> int | None:
    return round(float(fee)) if 0 < fee < float("inf") else None


def _shown(rpc: str) -> str:
    """Write an address without user, password or query, which may hold a key."""
    from urllib.parse import urlsplit

    if rpc.startswith("embedded:"):
        return rpc
    parts = urlsplit(rpc)
    return f"{parts.scheme}://{parts.hostname or ''}{f':{parts.port}' if parts.port else ''}"
