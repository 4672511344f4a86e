"""Watch a chain: the detectors as one watcher over the tables that `chain sync` keeps.

Only blocks that never change again are seen, as far as the sync says so: a reorganisation replaces
the others before any detector has learned from them, so nothing is ever taken back. An alert
carries its finding as a file beside the ledger. This module refuses files of others: they do not
say which of their blocks are final.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import msgspec

from counterfoil.errors import InputError
from counterfoil.insight.folder import is_chain_folder, read_state
from counterfoil.insight.opening import open_tables
from counterfoil.insight.threats.approvals import ApprovalPhishing
from counterfoil.insight.threats.approvals import State as ApprovalState
from counterfoil.insight.threats.drains import Drains
from counterfoil.insight.threats.drains import State as DrainState
from counterfoil.insight.threats.events import Fold, SeenBlock
from counterfoil.insight.threats.fees import FeeAnomalies
from counterfoil.insight.threats.fees import State as FeeState
from counterfoil.insight.threats.known import read_known
from counterfoil.insight.threats.neighbours import KnownBad
from counterfoil.insight.threats.neighbours import State as NeighbourState
from counterfoil.insight.threats.poisoning import Poisoning
from counterfoil.insight.threats.poisoning import State as PoisoningState
from counterfoil.insight.threats.ponzi import Ponzi
from counterfoil.insight.threats.ponzi import State as PonziState
from counterfoil.insight.threats.reading import EVERYTHING, read_blocks
from counterfoil.insight.threats.wash import State as WashState
from counterfoil.insight.threats.wash import WashTrades
from counterfoil.ports import Finding
from counterfoil.ports.watchers import Noticed, Setting, Severity, Sight, Step, WatcherType

__all__ = ["CHAIN_THREATS", "FinalBlocks", "State"]

_HIGH: Final = 0.8
_TITLE_MAX: Final = 255


class FinalBlocks:
    """Feeds a watcher with the final blocks of a folder of `chain sync`.

    Raises InputError with code threats.folder, and as `insight.folder.read_state`.
    """

    def __init__(self, folder: Path) -> None:
        if not is_chain_folder(folder):
            raise InputError(
                "threats.folder",
                f"expected a folder of `chain sync`, found none at {str(folder)[:120]!a}",
                hint="Files of others do not say which blocks are final: search them with "
                "`counterfoil chain threats`.",
            )
        self._folder = folder
        self._last = -1
        state = read_state(folder)
        self.origin = f"chain {state.chain_id or 'unknown'}: {state.source}"[:_TITLE_MAX]

    def poll(self) -> bool:
        """Look how far the final blocks reach."""
        before = self._last
        state = read_state(self._folder)
        ends = [part.last if part.sealed else min(part.last, state.final) for part in state.parts]
        self._last = max(ends, default=-1)
        return self._last > before

    def steps(self, cursor: Any, limit: int) -> Iterator[Step]:
        """Read final blocks after the one that the cursor names."""
        at = -1 if cursor is None else msgspec.convert(cursor, int)
        while limit > 0 and at < self._last:
            until = self._end(at, limit)
            with open_tables(self._folder) as tables:
                blocks = list(read_blocks(tables, replace(EVERYTHING, first=at + 1, last=until)))
            for block in blocks[:limit]:
                limit -= 1
                yield Step(block, block.number, block.number, block.time_s * 1000)
            at = until

    def close(self) -> None:
        """Hold nothing open."""

    def _end(self, at: int, limit: int) -> int:
        """Give the last block to read now: at most `limit` blocks, from the first that is there."""
        parts = read_state(self._folder).parts
        first = min((max(part.first, at + 1) for part in parts if part.last > at), default=at + 1)
        return min(self._last, first + limit - 1)


class State(msgspec.Struct):
    """What the detectors know, each its own; told: `kind account` -> the score it was told with."""

    poisoning: PoisoningState
    approvals: ApprovalState
    drains: DrainState
    fees: FeeState
    ponzi: PonziState
    wash: WashState
    neighbours: NeighbourState
    told: dict[str, float] = msgspec.field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Watcher:
    folds: Mapping[str, Fold[Any]]
    least: float

    def start(self) -> State:
        return State(**{name: fold.start() for name, fold in self.folds.items()})

    def see(self, state: State, event: SeenBlock) -> tuple[State, Sequence[Noticed]]:
        best: dict[str, Finding] = {}
        for name, fold in self.folds.items():
            for one in fold.see(getattr(state, name), event):
                key = f"{one.kind} {one.account}"
                if one.score >= max(self.least, best[key].score if key in best else 0.0):
                    best[key] = one
        new = [key for key, one in best.items() if one.score > state.told.get(key, 0.0)]
        state.told |= {key: best[key].score for key in new}
        return state, [_noticed(best[key], event) for key in new]


def _noticed(one: Finding, block: SeenBlock) -> Noticed:
    figures = {name: float(value) for name, value in one.figures.items()}
    said = {**msgspec.structs.asdict(_Said.of(one)), "block": block.number, "figures": figures}
    data = msgspec.json.encode(said)
    return Noticed(
        kind=one.kind,
        group=one.account,
        title=f"{one.kind}: {one.account}, score {one.score:.2f}",
        why=f"Block {block.number}: {one.why}.",
        severity=_severity(one.score),
        score=one.score,
        evidence=[Sight(digest=sha256(data).hexdigest(), name="finding")],
        measured=figures,
        keep=data,
    )


class _Said(msgspec.Struct):
    """What of a finding is kept beside the ledger."""

    account: str
    kind: str
    score: float
    why: str
    transactions: tuple[str, ...]

    @classmethod
    def of(cls, one: Finding) -> _Said:
        """Take it from a finding."""
        return cls(one.account, one.kind, one.score, one.why, one.transactions)


def _severity(score: float) -> Severity:
    return "high" if score >= _HIGH else "medium"


def _make(settings: Mapping[str, Setting]) -> _Watcher:
    known = str(settings["known"])
    labels = read_known([Path(known)]) if known else {}
    folds: dict[str, Fold[Any]] = {
        "poisoning": Poisoning(),
        "approvals": ApprovalPhishing(),
        "drains": Drains(),
        "fees": FeeAnomalies(),
        "ponzi": Ponzi(),
        "wash": WashTrades(),
        "neighbours": KnownBad(labels),
    }
    return _Watcher(folds, float(settings["least"]) / 100)


CHAIN_THREATS: Final = WatcherType(
    name="chain-threats",
    version="1",
    summary="Attacks on the users of a chain, in the blocks that `chain sync` keeps as final.",
    state=State,
    settings={"least": 50.0, "known": ""},
    make=_make,
    feed=lambda where: FinalBlocks(Path(where)),
)
"""The watcher: `least`, percent, is the score from which on it alarms; `known`, a list's file."""
