"""Find tiles that lead to a signed root: a folder's own, mended from a copy where they must be.

Bytes are right when they lead to the root that the log signed, wherever they come from. This
module refuses to write a tile before the whole tree is sound.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from counterfoil.errors import CounterfoilError, FatalLogError, InputError
from counterfoil.formats.tile import entries_path, parse_path, width_at
from counterfoil.ledger.layout import Layout
from counterfoil.ledger.old_database import SignedState
from counterfoil.ledger.recover_evidence import Evidence
from counterfoil.ledger.recover_index import IndexBuild
from counterfoil.ledger.tile_sources import MendedTiles
from counterfoil.log.audit import Claim, HashAudit
from counterfoil.log.findings import Findings
from counterfoil.storage import PayloadFiles
from counterfoil.storage.folder_copy import FolderCopy, files_below
from counterfoil.units import TILE_WIDTH

__all__ = ["SoundTree", "TileRecovery", "restore_payloads", "write_mended"]

Progress = Callable[[str, int, int], None]

_ALL = 1 << 40  # every damaged tile must be named, so that every one is mended
_PROGRESS_FILES = 64


@dataclass(frozen=True, slots=True)
class SoundTree:
    """Tiles that lead to a signed state, and the index that was made of their entries."""

    goal: SignedState
    tiles: MendedTiles
    index: IndexBuild


class TileRecovery:
    """Looks for the newest signed state whose tiles are whole.

    new_index: makes an empty index to fill. progress: told (what, done, total).
    """

    def __init__(
        self,
        evidence: Evidence,
        target: Layout,
        copy: Layout | None,
        new_index: Callable[[], IndexBuild],
        progress: Progress,
    ) -> None:
        self._evidence, self._target, self._copy = evidence, target, copy
        self._new_index, self._progress = new_index, progress

    def find(self) -> SoundTree:
        """Find the tiles of the newest state that has any.

        Raises FatalLogError with code recover.damaged or recover.forked.
        """
        for goal in reversed(self._evidence.states):
            if not self._has_edge(goal):
                continue  # nothing of it was written, or only the database has it
            found = self._try(goal)
            if found is not None:
                return found
        raise FatalLogError(
            "recover.damaged",
            f"expected tiles of a signed checkpoint in {self._target.folder}, found none",
            hint="Name a backup or mirror that has them with --from.",
        )

    def _has_edge(self, goal: SignedState) -> bool:
        last = (goal.size - 1) // TILE_WIDTH
        tiles = self._mended(goal, frozenset())
        return tiles.get(entries_path(last, width_at(0, last, goal.size))) is not None

    def _mended(self, goal: SignedState, bad: frozenset[str]) -> MendedTiles:
        source = self._copy.folder if self._copy is not None else None
        return MendedTiles(self._target.folder, goal.note, source, bad)

    def _try(self, goal: SignedState) -> SoundTree | None:
        """Audit the tiles of one state, twice where the copy may help; None to try an older one."""
        findings, found = self._audit(goal, frozenset())
        bad = frozenset(finding.place for finding in findings.kept if _is_tile(finding.place))
        if bad and self._copy is not None:
            findings, found = self._audit(goal, bad)
        if found is not None:
            return found
        if {finding.code for finding in findings.kept} == {"audit.forked"}:
            raise FatalLogError(
                "recover.forked",
                f"expected all that this log signed to be one history, found {findings.kept[0]}",
                hint="Keep both as evidence: the log signed two histories. Decide which one stands "
                "before anything is recovered.",
            )
        if not goal.published:
            return None
        raise FatalLogError(
            "recover.damaged",
            f"expected tiles that lead to the {goal.size} entries that {goal.place} says, found "
            f"{len(findings)} faults, the first: {findings.kept[0]}",
            hint="Name a backup or mirror that has what is damaged with --from.",
        )

    def _audit(self, goal: SignedState, bad: frozenset[str]) -> tuple[Findings, SoundTree | None]:
        tiles, index = self._mended(goal, bad), self._new_index()
        findings = Findings(_ALL)
        claims = [
            Claim(state.size, state.root, state.place, "audit.forked")
            for state in self._evidence.states
            if state.size <= goal.size
        ]
        try:
            HashAudit(
                tiles,
                None,
                self._evidence.open_note,
                findings,
                claims=claims,
                visit=index.visit,
                progress=lambda done, total: self._progress("audit", done, total),
            ).run()
        except BaseException:
            index.discard()
            raise
        if findings:
            index.discard()
            return findings, None
        return findings, SoundTree(goal, tiles, index)


def write_mended(tiles: MendedTiles, target: Layout, progress: Progress) -> tuple[str, ...]:
    """Write the tiles that came from the copy; returns their paths."""
    paths = sorted(tiles.used)
    files = FolderCopy()
    for done, path in enumerate(paths):
        if done % _PROGRESS_FILES == 0:
            progress("restore", done, len(paths))
        data = tiles.get(path)
        if data is not None:  # pragma: no branch - it was there when the tree was found sound
            files.write(target.folder / path, data)
    files.flush()
    progress("restore", len(paths), len(paths))
    return tuple(paths)


def restore_payloads(target: Layout, copy: Layout | None, notices: list[str]) -> int:
    """Bring back payloads that are missing or changed, where the copy has them unchanged."""
    if copy is None:
        return 0
    own, theirs = PayloadFiles(target.payloads), PayloadFiles(copy.payloads)
    restored = 0
    for path in files_below(copy.payloads):
        if path.suffix == ".new":
            continue
        try:
            own.get(path.name)
        except CounterfoilError:
            try:
                data = theirs.get(path.name)
            except CounterfoilError as err:
                notices.append(f"A payload of the copy is not restored: {err.message}.")
                continue
            (target.payloads / path.name[:2] / path.name).unlink(missing_ok=True)
            own.put(data)
            restored += 1
    return restored


def _is_tile(place: str) -> bool:
    try:
        parse_path(place)
    except InputError:
        return False
    return True
