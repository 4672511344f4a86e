"""Anchor a ledger's checkpoints on EVM chains, and say how its anchors stand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated

from counterfoil.errors import NotFound
from counterfoil.ledger import Layout
from counterfoil.ledger.anchor_check import CheckedAnchor, check_claim
from counterfoil.ledger.anchor_place import state_of
from counterfoil.ledger.anchor_setup import EMBEDDED, name_of_place
from counterfoil.ledger.anchor_source import PublishedLog
from counterfoil.ledger.anchored import claims_of, read_anchored
from counterfoil.ledger.config import load_config
from counterfoil.ledger.policy_file import own_keys
from counterfoil.ledger.results import AnchorState
from counterfoil.log import parse_signed
from counterfoil.ops.place import LedgerFolder, find_ledger, open_for_reading, open_for_writing
from counterfoil.ports import Param

if TYPE_CHECKING:
    from counterfoil.chain import NodeChain
    from counterfoil.chain.anchor_tables import AnchoredAt

__all__ = ["Alarm", "AnchorView", "ChainStatus", "listing", "now", "status", "verify"]


@dataclass(frozen=True, slots=True)
class AnchorView:
    """A final anchor. time_s: of its block, Unix time. root: hexadecimal."""

    chain_id: int
    contract: str
    size: int
    root: str
    transaction: str
    block: int
    time_s: int


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something that must be looked at. at_ms: Unix ms."""

    code: str
    text: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class ChainStatus:
    """How a ledger's anchoring on one chain stands.

    chain: its address, without credentials. size: of the newest final anchor; waiting: published
    entries after it. state: of the newest anchor under way, or the newest. anchor_key: the account
    that pays. anchors_left: how many more it can pay for; None before the first. alarms: all that
    were raised. why: what the newest anchor that was begun in the background waited for.
    """

    chain: str
    chain_id: int | None
    run_by: str | None
    contract: str | None
    owner: str | None
    anchor_key: str | None
    size: int
    waiting: int
    state: AnchorState
    anchors_left: int | None
    alarms: tuple[Alarm, ...]
    why: str | None = None


def now(
    *,
    ledger: LedgerFolder = None,
    wait: Annotated[int, Param("Longest wait until it is final, seconds.", "SECONDS")] = 60,
) -> Iterator[AnchorState]:
    """Anchor the published checkpoint on every chain of the ledger's settings, and wait.

    The first time, the ledger gets its accounts, its contract and its registration there. Raises
    Refused with code anchor.no-chain or chain.underfunded, Unavailable with code
    chain.unreachable, FatalLogError with code anchor.ahead, VerificationError with code
    anchor.forked or anchor.lied.
    """
    with open_for_writing(ledger) as opened:
        yield from opened.anchor(wait)


def listing(*, ledger: LedgerFolder = None) -> Iterator[AnchorView]:
    """List a ledger's final anchors, smallest first."""
    for anchor in read_anchored(Layout(find_ledger(ledger))):
        yield AnchorView(
            chain_id=anchor.chain_id,
            contract=anchor.contract,
            size=anchor.size,
            root=anchor.root.hex(),
            transaction=f"0x{anchor.mined.tx_hash.hex()}",
            block=anchor.mined.block,
            time_s=anchor.mined.time_s,
        )


def status(*, ledger: LedgerFolder = None) -> Iterator[ChainStatus]:
    """Say how anchoring stands on each chain, by what is written down; no chain is asked."""
    with open_for_reading(ledger) as opened:
        layout, config = opened.layout, opened.config
        published = parse_signed(opened.published()).size
    for place in config.anchor_chains:
        yield _status(layout, name_of_place(place), published)


def verify(
    *,
    ledger: LedgerFolder = None,
    rpc: Annotated[
        tuple[str, ...],
        Param("Ask these nodes; else those of the settings.", "URL", holds="machine"),
    ] = (),
) -> Iterator[CheckedAnchor]:
    """Ask the chains whether every anchor of a ledger is there.

    And whether they know more of it than is here. Raises NotFound with code anchor.none or
    anchor.not-asked, FatalLogError with code anchor.ahead, VerificationError with code
    anchor.forked, and as `check_claim`.
    """
    layout = Layout(find_ledger(ledger))
    config, anchors = load_config(layout.config), read_anchored(layout)
    keys = own_keys(layout, config.origin).keys
    if not anchors:
        raise NotFound(
            "anchor.none",
            "expected a ledger with anchors, found none",
            hint="`counterfoil anchor now` makes the first.",
        )
    with ExitStack() as opened:
        chains = _open_chains(layout, rpc or config.anchor_chains, opened)
        standing: dict[int, int] = {}
        for anchor in anchors:
            chain = chains.get(anchor.chain_id)
            if chain is None:
                raise NotFound(
                    "anchor.not-asked",
                    f"expected a node of chain {anchor.chain_id}, found none among those named",
                    hint="Name one with --rpc.",
                )
            if anchor.chain_id not in standing:
                standing[anchor.chain_id] = _check_standing(layout, chain, anchor)
            checkpoint = parse_signed(anchor.note)
            (claim,) = claims_of([anchor], checkpoint)
            checked = check_claim(chain, claim, checkpoint, keys)
            yield replace(checked, named=True)  # they are this ledger's own


def _check_standing(layout: Layout, chain: NodeChain, anchor: AnchoredAt) -> int:
    """Hold what is anchored last against the ledger at hand; gives its size."""
    from counterfoil.chain.anchor_contract import AnchorContract
    from counterfoil.chain.anchor_queue import check_standing
    from counterfoil.contracts import load_artifact

    contract = AnchorContract(chain, anchor.contract, load_artifact("anchor").abi)
    return check_standing(contract, anchor.log_id, PublishedLog(layout.folder)).size


def _open_chains(
    layout: Layout, places: tuple[str, ...], opened: ExitStack
) -> dict[int, NodeChain]:
    from counterfoil.chain import open_chain

    found = {}
    for place in places:
        url = f"embedded:{layout.chain}" if place == EMBEDDED else place
        chain = open_chain(url, read_only=True)
        opened.callback(chain.close)
        found[chain.chain_id] = chain
    return found


def _status(layout: Layout, shown: str, published: int) -> ChainStatus:
    unknown = ChainStatus(
        chain=shown,
        chain_id=None,
        run_by=None,
        contract=None,
        owner=None,
        anchor_key=None,
        size=0,
        waiting=published,
        state=state_of(shown, None, None, published),
        anchors_left=None,
        alarms=(),
    )
    if not layout.anchor_book.exists():
        return unknown
    from counterfoil.chain.anchor_book import AnchorBook

    with closing(AnchorBook(layout.anchor_book, read_only=True)) as book:
        note = next((note for note in book.chains() if note.url == shown), None)
        if note is None:
            return unknown
        final = book.newest_final(note.chain_id)
        return ChainStatus(
            chain=shown,
            chain_id=note.chain_id,
            run_by=note.run_by,
            contract=note.contract,
            owner=note.owner,
            anchor_key=note.anchor_key,
            size=final,
            waiting=published - final,
            state=state_of(shown, note, book, book.newest(note.chain_id)),
            anchors_left=note.anchors_left,
            alarms=tuple(
                Alarm(alarm.code, alarm.text, alarm.at_ms)
                for alarm in book.alarms()
                if alarm.chain_id == note.chain_id
            ),
            why=book.why(note.chain_id, book.newest(note.chain_id)),
        )
