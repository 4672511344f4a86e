"""Simulate the traffic of a chain: for reports, detectors and benches where real data is small.

Accounts differ as on real chains: a few are in most transactions, most in few, and accounts of a
group deal with each other rather than with others. They send coins, move and approve tokens, call
and make contracts. Demand has a day and shrinks when fees rise; the base fee follows EIP-1559
exactly. Nothing here is a model of any one chain, and all that is written says that it is
simulated. The same seed gives the same chain. This module refuses to simulate execution: gas is
drawn, hashes are random.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from counterfoil.errors import InputError
from counterfoil.extras import brings
from counterfoil.insight.extra import need
from counterfoil.insight.folder import ChainFolder, State
from counterfoil.insight.simulated_rows import block_rows, transaction_rows
from counterfoil.ports import Progress, no_progress

with brings("insight"):
    from counterfoil.learn.forecast.basefee import next_base_fee

__all__ = ["CHAIN_ID", "Traffic", "simulate", "simulated_parts"]

CHAIN_ID: Final = 1_984_000_001
"""The chain id that simulated data says."""

_START_S: Final = 1_780_000_000
_FIRST_BLOCK: Final = 20_000_000
_SLOT_S: Final = 12
_GAS_LIMIT: Final = 30_000_000
_START_FEE: Final = 12 * 10**9
_USUAL_FEE: Final = 12e9
_DAY_BLOCKS: Final = 7200
_MAX: Final = 20_000_000

# Kind of transaction: share, and gas used at least and (log-normal) on top.
KINDS: Final = ("coins", "token", "approval", "call", "creation")
_SHARES: Final = (0.42, 0.30, 0.05, 0.225, 0.005)
_GAS_LEAST: Final = (21_000, 38_000, 44_000, 35_000, 400_000)
_GAS_MORE: Final = (0, 12_000, 3_000, 110_000, 700_000)


@dataclass(frozen=True, slots=True)
class Traffic:
    """Drawn transactions and blocks, as numpy arrays; indices count accounts and blocks.

    addresses: accounts, then tokens, then other contracts, then those made. kind: index in
    `KINDS`. sender, to, other: indices of addresses; other receives a token or is approved; to is
    the made contract for a creation. value: gwei. amount: of a token. tip: wei. block: index of
    the block. Blocks: base_fee wei, gas gas used, count of transactions.
    """

    addresses: list[str]
    kind: Any
    sender: Any
    to: Any
    other: Any
    value: Any
    amount: Any
    gas_used: Any
    tip: Any
    failed: Any
    nonce: Any
    block: Any
    base_fee: Any
    block_gas: Any
    count: Any

    @property
    def first_block(self) -> int:
        """The number of the first block."""
        return _FIRST_BLOCK

    @property
    def gas_limit(self) -> int:
        """The gas limit of every block."""
        return _GAS_LIMIT

    def time_s(self, block: Any) -> Any:
        """Give the Unix time of a block by its index."""
        return _START_S + _SLOT_S * block


def simulate(out: Path, transactions: int, seed: int, progress: Progress = no_progress) -> State:
    """Write simulated tables into a new folder, and give what it holds.

    transactions: 1 to 20,000,000. seed: >= 0. Raises InputError with code insight.simulate, and
    as `ChainFolder`.
    """
    if not 1 <= transactions <= _MAX or seed < 0:
        raise InputError(
            "insight.simulate",
            f"expected 1 to {_MAX:,} transactions and a seed from 0 on, found {transactions} and "
            f"{seed}",
        )
    with ChainFolder(out, f"simulated, seed {seed}", CHAIN_ID, simulated=True) as folder:
        if folder.state.parts:
            raise InputError(
                "insight.simulate",
                f"expected a new folder, found tables in {out}",
                hint="Name another folder.",
            )
        done = 0
        for first, last, tables, last_hash in simulated_parts(transactions, seed):
            folder.commit([(first, last, True, tables)], last_hash)
            done += tables["transactions"].num_rows
            progress(done, transactions, "transactions simulated")
        return folder.state


def simulated_parts(
    transactions: int, seed: int, blocks: int = 1000
) -> Iterator[tuple[int, int, dict[str, Any], str]]:
    """Yield (first block, last block, tables, last block's hash), `blocks` blocks at a time."""
    numpy = need("numpy")
    random = numpy.random.default_rng(seed)
    drawn = draw(transactions, random)
    total = len(drawn.base_fee)
    hashes = _hashes(random, total + 1)
    starts = numpy.concatenate([[0], numpy.cumsum(drawn.count)])
    for first in range(0, total, blocks):
        last = min(first + blocks, total)
        rows = slice(int(starts[first]), int(starts[last]))
        tables = {"blocks": block_rows(drawn, slice(first, last), hashes, _miners(drawn))}
        tables |= transaction_rows(drawn, rows, hashes, _hashes(random, rows.stop - rows.start))
        yield _FIRST_BLOCK + first, _FIRST_BLOCK + last - 1, tables, hashes[last]


def draw(transactions: int, random: Any) -> Traffic:
    """Draw who does what with whom, and the blocks that it stands in."""
    numpy = need("numpy")
    people = max(40, transactions // 8)
    tokens, apps = max(3, people // 400), max(4, people // 150)
    kind = random.choice(len(KINDS), transactions, p=_SHARES).astype(numpy.int8)
    made = int((kind == 4).sum())
    addresses = ["0x" + one[2:42] for one in _hashes(random, people + tokens + apps + made)]
    group = random.integers(0, max(4, int(people**0.5 / 2)), people)
    sender = _weighted(random, random.pareto(1.15, people) + 0.05, transactions)
    near = _neighbours(random, group, sender)
    anyone = _weighted(random, random.pareto(1.05, people) + 0.02, transactions)
    other = numpy.where(random.random(transactions) < 0.75, near, anyone)
    to = other.copy()
    moves = (kind == 1) | (kind == 2)
    token = people + _weighted(random, 1.0 / numpy.arange(1, tokens + 1), transactions)
    app = people + tokens + _app(random, group[sender], apps, transactions)
    to[moves] = token[moves]
    to[kind == 3] = app[kind == 3]
    other[kind == 2] = app[kind == 2]  # who is approved
    to[kind == 4] = people + tokens + apps + numpy.arange(made)
    least, more = numpy.array(_GAS_LEAST)[kind], numpy.array(_GAS_MORE)[kind]
    gas = (least + more * random.lognormal(-0.4, 0.8, transactions)).astype(numpy.int64)
    gas = numpy.minimum(gas, _GAS_LIMIT // 4)
    block, base_fee, block_gas, count = _blocks(random, gas)
    return Traffic(
        addresses=addresses,
        kind=kind,
        sender=sender,
        to=to,
        other=other,
        value=numpy.where(kind == 0, random.lognormal(17.5, 2.4, transactions), 0).astype(
            numpy.int64
        ),
        amount=(random.lognormal(16, 3, transactions)).astype(numpy.int64),
        gas_used=gas,
        tip=(random.lognormal(0, 1.1, transactions) * 1e8).astype(numpy.int64),
        failed=random.random(transactions) < numpy.where(kind == 3, 0.04, 0.002),
        nonce=_nonces(sender),
        block=block,
        base_fee=base_fee,
        block_gas=block_gas,
        count=count,
    )


def _blocks(random: Any, gas: Any) -> tuple[Any, Any, Any, Any]:
    """Put transactions into blocks in order: demand falls as the fee rises, and limits hold."""
    numpy = need("numpy")
    ends = numpy.concatenate([[0], numpy.cumsum(gas)])
    usual = _GAS_LIMIT / 2 / float(gas.mean())
    fees: list[int] = []
    used: list[int] = []
    counts: list[int] = []
    at, fee = 0, _START_FEE
    while at < len(gas):
        day = 1 + 0.35 * numpy.sin(2 * numpy.pi * len(fees) / _DAY_BLOCKS)
        wanted = usual * day * (_USUAL_FEE / fee) ** 0.6 * random.lognormal(-0.08, 0.4)
        fits = int(numpy.searchsorted(ends, ends[at] + _GAS_LIMIT, side="right")) - 1 - at
        count = min(int(random.poisson(wanted)), fits, len(gas) - at)
        fees.append(fee)
        used.append(int(ends[at + count] - ends[at]))
        counts.append(count)
        at += count
        fee = next_base_fee(fee, used[-1], _GAS_LIMIT)
    count_of = numpy.array(counts)
    return numpy.repeat(numpy.arange(len(fees)), count_of), numpy.array(fees), used, count_of


def _weighted(random: Any, weights: Any, count: int) -> Any:
    """Draw indices with the given weights."""
    numpy = need("numpy")
    edges = numpy.cumsum(weights)
    return numpy.searchsorted(edges, random.random(count) * edges[-1])


def _neighbours(random: Any, group: Any, sender: Any) -> Any:
    """Draw for each sender an account of its group; the first of a group are drawn most."""
    numpy = need("numpy")
    order = numpy.argsort(group, kind="stable")
    sizes = numpy.bincount(group)
    starts = numpy.concatenate([[0], numpy.cumsum(sizes)])[:-1]
    mine = group[sender]
    place = (random.random(len(sender)) ** 2.5 * sizes[mine]).astype(numpy.int64)
    return order[starts[mine] + place]


def _app(random: Any, group: Any, apps: int, count: int) -> Any:
    numpy = need("numpy")
    everyones = _weighted(random, 1.0 / numpy.arange(1, apps + 1) ** 1.2, count)
    return numpy.where(random.random(count) < 0.5, group % apps, everyones)


def _nonces(sender: Any) -> Any:
    """Count each sender's transactions in order."""
    numpy = need("numpy")
    order = numpy.argsort(sender, kind="stable")
    ordered = sender[order]
    starts = numpy.concatenate([[0], numpy.flatnonzero(numpy.diff(ordered)) + 1])
    lengths = numpy.diff(numpy.concatenate([starts, [len(sender)]]))
    nonces = numpy.empty(len(sender), dtype=numpy.int64)
    nonces[order] = numpy.arange(len(sender)) - numpy.repeat(starts, lengths)
    return nonces


def _miners(drawn: Traffic) -> list[str]:
    return drawn.addresses[:12]


def _hashes(random: Any, count: int) -> list[str]:
    text = random.bytes(32 * count).hex()
    return ["0x" + text[at : at + 64] for at in range(0, 64 * count, 64)]
