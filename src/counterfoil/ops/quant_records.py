"""Track records: judged by prices, written as one file, verified by whoever is handed one.

This module refuses to leave a strategy out, and to believe a bundle about its own times.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import msgspec

from counterfoil.errors import InputError
from counterfoil.extras import brings
from counterfoil.formats import anchors as anchor_files
from counterfoil.formats import policy as policies
from counterfoil.formats.anchors import ANCHORS_MAX_BYTES
from counterfoil.formats.policy import Policy
from counterfoil.formats.receipt import Receipt
from counterfoil.ops.files import POLICY_MAX_BYTES, read_file, read_input, shown, write_file
from counterfoil.ops.kinds import kind_of, told_apart
from counterfoil.ops.place import LedgerFolder, open_for_writing
from counterfoil.ops.quant_inputs import (
    Cost,
    PricesFile,
    check_cost,
    digest_of_prices,
    now_ms,
    recorded_prices,
)
from counterfoil.ports import Channel, Param

with brings("quant"):
    from counterfoil.apps.quant import book
    from counterfoil.apps.quant import bundle as bundles
    from counterfoil.apps.quant.judge import Report, judge
    from counterfoil.apps.quant.prices import read_prices
    from counterfoil.apps.quant.records import Commitment

__all__ = ["BundleFile", "VerifiedRecord", "bundle", "report", "verify"]

_Rpc = Annotated[
    tuple[str, ...],
    Param(
        "Ask this chain by when forecasts were anchored: a node, or embedded:PATH.",
        "URL",
        holds="machine",
    ),
]
_Anchors = Annotated[
    Path | None,
    Param("Whose anchors you count: an anchors.json of your own.", "FILE", holds="file"),
]


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


def report(
    prices: PricesFile,
    *,
    policy: Annotated[
        Path | None,
        Param("Whose times you believe; else the ledger's own policy.", "FILE", holds="file"),
    ] = None,
    rpc: _Rpc = (),
    anchors: _Anchors = None,
    cost_bps: Cost = 10,
    ledger: LedgerFolder = None,
) -> Report:
    """Judge every strategy by prices: what counts, what is missed, and what luck explains.

    The prices are recorded as a data set. Raises InputError with code quant.prices or quant.cost,
    VerificationError with code quant.gap, quant.twice or quant.cut, and as `check_claims_on`.
    """
    check_cost(cost_bps)
    found = read_prices(prices)
    trusted = None if policy is None else policies.parse(read_file(policy, POLICY_MAX_BYTES))
    with open_for_writing(ledger) as opened, ExitStack() as chains:
        for one in book.said_by(opened):  # what got no cosignature when it was made may have one
            if isinstance(one.said, Commitment):
                book.prove(opened, one.index, one.said.digest)
        data = recorded_prices(opened, prices)
        ask = _asking(chains, trusted or opened.policy, rpc, anchors)
        track = bundles.track_of(opened, trusted or opened.policy, now_ms(), ask)
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
    out: Annotated[
        Path, Param("File to write.", "FILE", short="o", holds="output", ending=".json")
    ],
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
    file: Annotated[Path, Param("A track record, or - for standard input.", "FILE", holds="file")],
    *,
    policy: Annotated[
        Path,
        Param(
            "Whom you trust: a C2SP tlog-policy that you did not get here.", "FILE", holds="file"
        ),
    ],
    prices: Annotated[
        Path | None, Param("Prices of your own, to judge it by.", "FILE", holds="file")
    ] = None,
    rpc: _Rpc = (),
    anchors: _Anchors = None,
    cost_bps: Cost = 10,
    channel: Channel,
) -> VerifiedRecord:
    """Verify a track record against your own trust policy, and judge it by your own prices.

    Raises VerificationError with code quant.bundle, quant.gap, quant.twice, quant.cut,
    quant.two-logs or quant.issuer, and as `verify_receipt`; InputError with code quant.prices, or
    file.kind for another file of ours.
    """
    check_cost(cost_bps)
    trusted = policies.parse(read_file(policy, POLICY_MAX_BYTES))
    data = read_input(file, channel, bundles.BUNDLE_MAX_BYTES)
    with told_apart(data, "a track record"):
        if (kind := kind_of(data)) is not None and kind.words != "a track record":
            raise InputError("file.kind", f"expected a track record, found {kind.words}")
    found = None if prices is None else read_prices(prices)
    with ExitStack() as chains:
        ask = _asking(chains, trusted, rpc, anchors)
        proven = bundles.verify_bundle(data, trusted, now_ms() // 1000, ask)
    states = [one.state for one in proven.track.entered]
    judged = None
    if found is not None and prices is not None:
        judged = judge(
            proven.track,
            found,
            issuer=proven.issuer,
            origin=proven.origin,
            digest=digest_of_prices(prices),
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
