"""Forecasts: committed before the outcome, revealed after it, judged, proven to strangers.

This module refuses to take a time from this machine's clock for a forecast's: witnesses and chains
tell it. What is due is due by this machine's clock, which is its reader's.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec

from counterfoil.errors import InputError, NotFound
from counterfoil.extras import brings
from counterfoil.formats import anchors as anchor_files
from counterfoil.formats import json_text
from counterfoil.formats import policy as policies
from counterfoil.formats.anchors import ANCHORS_MAX_BYTES
from counterfoil.formats.policy import Policy
from counterfoil.formats.receipt import Receipt
from counterfoil.ledger import Ledger
from counterfoil.ops.files import POLICY_MAX_BYTES, read_file, read_input, shown, write_file
from counterfoil.ops.kinds import kind_of, told_apart
from counterfoil.ops.place import LedgerFolder, open_for_writing
from counterfoil.ports import Channel, Param, Progress

with brings("quant"):
    from counterfoil.apps.quant import book
    from counterfoil.apps.quant import bundle as bundles
    from counterfoil.apps.quant.backtest import Backtest
    from counterfoil.apps.quant.backtest import backtest as try_strategies
    from counterfoil.apps.quant.book import Committed, Revealed
    from counterfoil.apps.quant.forecasts import Asked, moment, parse_asked
    from counterfoil.apps.quant.judge import Report, judge
    from counterfoil.apps.quant.model import PARAMETERS, examples_of, fit, forecast
    from counterfoil.apps.quant.prices import Prices, read_prices
    from counterfoil.apps.quant.records import SOURCE, Commitment, Reveal

if TYPE_CHECKING:
    from counterfoil.ledger.datasets import RecordedDataset

__all__ = [
    "BundleFile",
    "Trained",
    "VerifiedRecord",
    "backtest",
    "bundle",
    "commit",
    "report",
    "reveal",
    "train",
    "verify",
]

_FORECAST_MAX_BYTES: Final = 1 << 20
_EVERY_MAX: Final = 252

_PricesFile = Annotated[
    Path, Param("Prices: CSV or Parquet, a column for each thing or a row for each price.", "FILE")
]
_Cost = Annotated[int, Param("Cost of trading, in 1/10,000 of what is bought or sold.", "N")]
_Every = Annotated[int, Param("Days of trade from a forecast's entry to its exit.", "N")]
_Rpc = Annotated[
    tuple[str, ...],
    Param("Ask this chain by when forecasts were anchored: a node, or embedded:PATH.", "URL"),
]
_Anchors = Annotated[
    Path | None, Param("Whose anchors you count: an anchors.json of your own.", "FILE")
]


@dataclass(frozen=True, slots=True)
class Trained:
    """A model that was trained and recorded. prices: index of the data set's statement."""

    index: int
    name: str
    digest: str
    examples: int
    prices: int


@dataclass(frozen=True, slots=True)
class BundleFile:
    """A track record that was written. forecasts, strategies: how many are in it."""

    file: str
    bytes: int
    forecasts: int
    strategies: int


@dataclass(frozen=True, slots=True)
class VerifiedRecord:
    """A track record that was verified, whole. counted, missed, pending: of its forecasts.

    report: where prices were given.
    """

    issuer: str
    origin: str
    size: int
    forecasts: int
    strategies: tuple[str, ...]
    counted: int
    missed: int
    pending: int
    report: Report | None

    def to_json(self) -> dict[str, Any]:
        """Turn it into what the command line and the API print."""
        found: dict[str, Any] = msgspec.to_builtins(self)
        return found


def train(
    prices: _PricesFile,
    *,
    name: Annotated[str, Param("Name of the model.", "NAME")] = "trees",
    until: Annotated[str | None, Param("Learn from prices up to this day.", "DATE")] = None,
    every: _Every = 21,
    ledger: LedgerFolder = None,
) -> Trained:
    """Train boosted trees on prices, and record prices and model.

    Raises InputError with code quant.prices, quant.short, quant.date or quant.every, and as
    `Models.record`.
    """
    _check_every(every)
    found = read_prices(prices)
    known = found if until is None else found.upto(_rows_until(found, _date(until)))
    examples = list(examples_of(known, every, max(1, every // 4)))
    booster = fit(examples)
    with open_for_writing(ledger) as opened:
        data = _recorded(opened, prices)
        parameters = {**PARAMETERS, "every": every, "until": until or known.days[-1]}
        recorded = opened.models.record(
            booster,
            name,
            trained_on=[data],
            parameters={key: str(value) for key, value in parameters.items()},
            task="regression",
        )
        return Trained(recorded.index, name, recorded.digest, len(examples), data.index)


def commit(
    strategy: Annotated[str, Param("The strategy's name.", "STRATEGY")],
    forecast_file: Annotated[
        Path | None,
        Param("A forecast as JSON, or - for standard input; not with --model.", "FORECAST"),
    ] = None,
    *,
    model: Annotated[str | None, Param("A recorded model of `quant train`.", "MODEL")] = None,
    prices: Annotated[Path | None, Param("Prices before the entry, for the model.", "FILE")] = None,
    entry: Annotated[str | None, Param("Day from which the model forecasts.", "DATE")] = None,
    exit: Annotated[str | None, Param("Day up to which it does.", "DATE")] = None,
    target: Annotated[tuple[str, ...], Param("What to forecast; else all.", "NAME")] = (),
    ledger: LedgerFolder = None,
    channel: Channel,
) -> Committed:
    """Commit a forecast before its outcome: hidden, numbered, and timed by others.

    Raises InputError with code quant.forecast, quant.which, quant.date, quant.short or
    quant.strategy, and as `book.commit`.
    """
    if (forecast_file is None) == (model is None):
        raise InputError(
            "quant.which",
            "expected a forecast's file, or --model with --prices, --entry and --exit",
            hint="A forecast's file is JSON; `counterfoil quant commit --help` shows both ways.",
        )
    asked = None
    if forecast_file is not None:
        said = json_text.parse(read_input(forecast_file, channel, _FORECAST_MAX_BYTES))
        asked = parse_asked(said if isinstance(said, dict) else {})
    with open_for_writing(ledger) as opened:
        digest = None
        if asked is None:
            digest, asked = _by_model(opened, model or "", prices, entry, exit, target)
        return book.commit(opened, strategy, asked, model=digest)


def reveal(
    strategy: Annotated[str | None, Param("Of this strategy; else of all.", "STRATEGY")] = None,
    *,
    number: Annotated[
        int | None, Param("This one of the strategy, even if its time is not over.", "N")
    ] = None,
    ledger: LedgerFolder = None,
) -> Iterator[Revealed]:
    """Reveal committed forecasts whose time is over, with the decisions of their models.

    Raises NotFound with code quant.unknown or quant.secret, and as `book.reveal`.
    """
    with open_for_writing(ledger) as opened:
        said = list(book.said_by(opened))
        shown_before = {one.said.commitment.leaf for one in said if isinstance(one.said, Reveal)}
        wanted = [
            one
            for one in said
            if isinstance(one.said, Commitment)
            and strategy in (None, one.said.source.removeprefix(SOURCE))
            and number in (None, one.said.number)
        ]
        if not wanted and (strategy is not None or number is not None):
            raise NotFound(
                "quant.unknown",
                f"expected a forecast {'' if number is None else f'{number} '}of "
                f"{(strategy or 'any strategy')[:64]!a}, found none",
                hint="`counterfoil quant report PRICES` lists all.",
            )
        for one in wanted:
            over = isinstance(one.said, Commitment) and one.said.ends_ms <= _now_ms()
            if one.leaf not in shown_before and (over or number is not None):
                yield book.reveal(opened, one)


def report(
    prices: _PricesFile,
    *,
    policy: Annotated[
        Path | None, Param("Whose times you believe; else the ledger's own policy.", "FILE")
    ] = None,
    rpc: _Rpc = (),
    anchors: _Anchors = None,
    cost_bps: _Cost = 10,
    ledger: LedgerFolder = None,
) -> Report:
    """Judge every strategy by prices: what counts, what is missed, and what luck explains.

    The prices are recorded as a data set. Raises InputError with code quant.prices or quant.cost,
    VerificationError with code quant.gap, quant.twice or quant.cut, and as `check_claims_on`.
    """
    _check_cost(cost_bps)
    found = read_prices(prices)
    trusted = None if policy is None else policies.parse(read_file(policy, POLICY_MAX_BYTES))
    with open_for_writing(ledger) as opened, ExitStack() as chains:
        for one in book.said_by(opened):  # what got no cosignature when it was made may have one
            if isinstance(one.said, Commitment):
                book.prove(opened, one.index, one.said.digest)
        data = _recorded(opened, prices)
        ask = _asking(chains, trusted or opened.policy, rpc, anchors)
        track = bundles.track_of(opened, trusted or opened.policy, _now_ms(), ask)
        return judge(
            track,
            found,
            issuer=opened.config.organisation,
            origin=opened.origin,
            digest=data.digest or "",
            cost_bps=cost_bps,
        )


def bundle(
    *,
    out: Annotated[Path, Param("File to write.", "FILE", short="o")],
    ledger: LedgerFolder = None,
) -> BundleFile:
    """Write the whole track record as one file that anybody verifies offline.

    It first records how many forecasts there are. Raises InputError with code quant.nothing, and
    as `write_file`.
    """
    with open_for_writing(ledger) as opened:
        data = bundles.make_bundle(opened)
        counts = book.strategies(opened)
    write_file(out, data)
    return BundleFile(shown(out), len(data), sum(counts.values()), len(counts))


def verify(
    file: Annotated[Path, Param("A track record, or - for standard input.", "FILE")],
    *,
    policy: Annotated[
        Path, Param("Whom you trust: a C2SP tlog-policy that you did not get here.", "FILE")
    ],
    prices: Annotated[Path | None, Param("Prices of your own, to judge it by.", "FILE")] = None,
    rpc: _Rpc = (),
    anchors: _Anchors = None,
    cost_bps: _Cost = 10,
    channel: Channel,
) -> VerifiedRecord:
    """Verify a track record against your own trust policy, and judge it by your own prices.

    Raises VerificationError with code quant.bundle, quant.gap, quant.twice, quant.cut,
    quant.two-logs or quant.issuer, and as `verify_receipt`; InputError with code quant.prices, or
    file.kind for another file of ours.
    """
    _check_cost(cost_bps)
    trusted = policies.parse(read_file(policy, POLICY_MAX_BYTES))
    data = read_input(file, channel, bundles.BUNDLE_MAX_BYTES)
    with told_apart(data, "a track record"):
        if (kind := kind_of(data)) is not None and kind.words != "a track record":
            raise InputError("file.kind", f"expected a track record, found {kind.words}")
    found = None if prices is None else read_prices(prices)
    with ExitStack() as chains:
        ask = _asking(chains, trusted, rpc, anchors)
        proven = bundles.verify_bundle(data, trusted, _now_ms() // 1000, ask)
    states = [one.state for one in proven.track.entered]
    judged = None
    if found is not None and prices is not None:
        judged = judge(
            proven.track,
            found,
            issuer=proven.issuer,
            origin=proven.origin,
            digest=_digest(prices),
            cost_bps=cost_bps,
        )
    return VerifiedRecord(
        proven.issuer,
        proven.origin,
        proven.size,
        len(states),
        tuple(proven.track.by_strategy()),
        states.count("counted"),
        states.count("missed"),
        states.count("pending"),
        judged,
    )


def backtest(
    prices: _PricesFile,
    *,
    every: _Every = 21,
    cost_bps: _Cost = 10,
    progress: Progress,
) -> Backtest:
    """Try a model and simple strategies on past prices, walking forward, after costs.

    Raises InputError with code quant.prices, quant.short, quant.every or quant.cost.
    """
    _check_every(every)
    _check_cost(cost_bps)
    return try_strategies(read_prices(prices), every=every, cost_bps=cost_bps, progress=progress)


def _by_model(
    ledger: Ledger,
    model: str,
    prices: Path | None,
    entry: str | None,
    exit: str | None,
    targets: tuple[str, ...],
) -> tuple[str, Asked]:
    """Forecast with a recorded model."""
    if prices is None or entry is None or exit is None:
        raise InputError(
            "quant.which",
            "expected --prices, --entry and --exit with --model",
            hint="--prices is read up to the day before the entry.",
        )
    first, last = _date(entry), _date(exit)
    days = (date.fromisoformat(last) - date.fromisoformat(first)).days
    if days < 1:
        raise InputError("quant.date", f"expected an exit after {first}, found {last}")
    scorer = ledger.models.load(model)
    made = forecast(read_prices(prices), first, days, scorer.score_many, targets)
    return scorer.digest, Asked(first, last, made, f"By the model {model[:200]}.")


def _asking(
    chains: ExitStack, policy: Policy, rpc: tuple[str, ...], anchors: Path | None
) -> bundles.AskChains | None:
    """Open the chains that were named, to ask them about a receipt's anchors."""
    if not rpc:
        return None
    from counterfoil.chain import open_chain
    from counterfoil.ledger.anchor_check import CheckedAnchor, check_claims_on
    from counterfoil.proofs.trust import evaluate

    named = () if anchors is None else anchor_files.parse(read_file(anchors, ANCHORS_MAX_BYTES))
    opened = []
    for url in rpc:
        chain = open_chain(url, read_only=True)
        chains.callback(chain.close)
        opened.append(chain)

    def ask(receipt: Receipt) -> tuple[CheckedAnchor, ...]:
        checkpoint = evaluate(policy, receipt.checkpoint.encode()).checkpoint
        on = [c for c in opened if any(a.chain_id == c.chain_id for a in receipt.anchors)]
        return check_claims_on(on, receipt.anchors, checkpoint, policy, named)

    return ask


def _recorded(ledger: Ledger, prices: Path) -> RecordedDataset:
    """Record prices as a data set, unless they are."""
    try:
        return ledger.datasets.get(_digest(prices))
    except NotFound:
        return ledger.datasets.record(prices, prices.name[:200] or "prices", public=True)


def _digest(prices: Path) -> str:
    from counterfoil.provenance.fingerprint import fingerprint_table, open_table

    opened = open_table(prices)
    return fingerprint_table(opened.schema, opened.batches()).digest


def _rows_until(prices: Prices, day: str) -> int:
    return sum(one <= day for one in prices.days)


def _date(text: str) -> str:
    try:
        moment(text)
    except ValueError as err:
        raise InputError(
            "quant.date", f"expected a date, found {text[:40]!a}", hint="Such as 2031-03-03."
        ) from err
    return text


def _check_every(every: int) -> None:
    if not 1 <= every <= _EVERY_MAX:
        raise InputError(
            "quant.every",
            f"expected 1 to {_EVERY_MAX} days of trade, found {every}",
            hint="21 is about a month.",
        )


def _check_cost(cost_bps: int) -> None:
    if not 0 <= cost_bps <= 1000:
        raise InputError(
            "quant.cost",
            f"expected a cost of 0 to 1,000, found {cost_bps}",
            hint="10 is a tenth of one per cent of what is traded.",
        )


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
