"""Copy another party's log so that the copy is a log of its own at every moment.

A round fetches the newest checkpoint, checks it under the reader's policy, proves that it extends
the last one, copies what is new (each tile and bundle is proven against the signed root before it
gets its name), syncs it, and puts the checkpoint in place last. So a crash leaves the old state
with some tiles of the new one, and the next round goes on from there. A log that forked is
convicted by evidence; one that serves an older or unproven state is refused, and the last good
state stays. This module refuses to delete entries, and to serve: `log_app` does.
"""

from __future__ import annotations

import contextlib
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from counterfoil.errors import (
    CounterfoilError,
    FatalLogError,
    NotFound,
    Refused,
    VerificationError,
)
from counterfoil.formats import policy as policies
from counterfoil.formats.checkpoint import Checkpoint
from counterfoil.formats.policy import Policy
from counterfoil.ledger import Layout
from counterfoil.ledger.mirror_marker import MirrorMarker, MirrorMode, read_mirror
from counterfoil.log import LogReader, parse_signed
from counterfoil.network.conviction import convict, keep_evidence
from counterfoil.network.mirror_copy import MirrorCopy
from counterfoil.network.mirror_index import MirrorIndex, load_index, save_index
from counterfoil.network.proven import ProvenTiles
from counterfoil.network.sources import LogSource
from counterfoil.ports import Clock, Progress, SystemClock, no_progress
from counterfoil.proofs.equivocation import root_at
from counterfoil.proofs.merkle import EMPTY_ROOT
from counterfoil.proofs.trust import Trusted, evaluate, open_note
from counterfoil.proofs.verify import grade
from counterfoil.storage import OwnerLock, PayloadFiles, TileFiles
from counterfoil.storage.folder_copy import replace_file
from counterfoil.storage.owner_lock import LOCK_FILE

__all__ = ["Mirror", "MirrorEvent", "RoundKind"]

RoundKind = Literal[
    "copied", "cosigned", "unchanged", "refused", "forked", "unreachable", "checked"
]
"""How a round ended: with new entries; with more cosignatures; with nothing new; or not at all,
because what was served is not acceptable, convicts the log, or could not be fetched. `checked`:
what the mirror has was proven again."""

_STRANGERS_ALLOWED: Final = frozenset({LOCK_FILE, "lost+found"})
_HALF_WRITTEN: Final = re.compile(r"\.mirror\.json\.[0-9a-f]{8}\.new")  # by one that was killed


@dataclass(frozen=True, slots=True)
class MirrorEvent:
    """What a round did.

    at_ms: when it ended. origin, size, root (hexadecimal): of the state that the mirror now has.
    entries, payloads: copied in this round. mended: tiles that were damaged. missing: payloads
    that entries name and the source does not have. grade: who vouches for the checkpoint. code,
    message: of a refusal. evidence: file that convicts the log.
    """

    event: RoundKind
    at_ms: int
    source: str
    origin: str
    size: int
    root: str
    entries: int = 0
    payloads: int = 0
    mended: int = 0
    missing: int = 0
    seconds: float = 0.0
    grade: str = ""
    code: str = ""
    message: str = ""
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class _Held:
    """The state that stands in the folder."""

    tree: Checkpoint
    signed: bytes


class Mirror:
    """A mirror's folder, owned until `close`. Not safe for threads.

    folder: empty, new, or a mirror of the same log and mode. policy: the reader's; whose log it
    is, and who must have witnessed it. source: any party that serves the log; each round may be
    of another. mend: damaged tiles are no reason to refuse; to be followed by `check`.
    Raises Refused with code mirror.not-empty, mirror.mode or mirror.other-log, Conflict with code
    ledger.owned, FatalLogError with code mirror.damaged or mirror.marker.
    """

    def __init__(
        self,
        folder: Path,
        policy: Policy,
        source: LogSource,
        mode: MirrorMode = "entries",
        *,
        mend: bool = False,
        clock: Clock | None = None,
        progress: Progress = no_progress,
    ) -> None:
        self._mend = mend
        self._folder, self._policy, self._source, self._mode = folder, policy, source, mode
        self._clock: Clock = clock or SystemClock()
        self._evidence = ""
        self._marker = _admit(folder, mode, policy)
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = OwnerLock(folder)
        try:
            self._tiles = TileFiles(folder)
            self._copy = MirrorCopy(
                self._tiles, PayloadFiles(Layout(folder).payloads), source, mode, progress
            )
            self._keep_policy()
            self._held = self._load()
            self._index = self._load_index()
        except BaseException:
            self._lock.release()
            raise

    @property
    def origin(self) -> str:
        """The log's identity; empty before the first round of a new mirror."""
        return self._marker.origin if self._marker is not None else ""

    @property
    def size(self) -> int:
        """Entries of the state that stands in the folder."""
        return self._held.tree.size if self._held is not None else 0

    def round(self) -> MirrorEvent:
        """Copy what is new.

        Raises VerificationError with code mirror.forked (the evidence is kept), mirror.older,
        source.* or trust.*; Refused with code mirror.other-log; Unavailable and InputError as
        the source does. Whatever is raised, the last good state stands.
        """
        began = time.monotonic()
        signed = self._source.checkpoint()
        trusted = evaluate(self._policy, signed, now_s=self._clock.now_ms() // 1000)
        tree = trusted.checkpoint
        self._require_origin(tree.origin)
        held = self._held
        kind: RoundKind = "copied"
        entries = payloads = 0
        if held is not None and tree.size <= held.tree.size:
            kind = self._not_larger(held, trusted, signed)
        else:
            entries, payloads = self._extend(tree, signed)
        return self._event(
            kind,
            entries=entries,
            payloads=payloads,
            seconds=round(time.monotonic() - began, 3),
            grade=grade(trusted),
        )

    def check(self) -> MirrorEvent:
        """Prove all that the mirror has once more, and fetch again what is damaged.

        Raises NotFound with code mirror.empty before the first round, and as `round` where
        something is damaged that the source does not have either.
        """
        began, held = time.monotonic(), self._held
        if held is None:
            raise NotFound(
                "mirror.empty",
                f"expected something to check at {self._folder}, found a mirror without a state",
                hint="Mirror first.",
            )
        proven = ProvenTiles(held.tree, self._source.tile, self._source.name, self._tiles.get)
        self._mend = False
        index, mended = self._copy.check(proven)
        if self._mode != "hashes":
            save_index(self._folder, index)
            self._index = index
        return self._event(
            "checked",
            mended=mended,
            payloads=self._copy.take_payload_count(),
            seconds=round(time.monotonic() - began, 3),
        )

    def failed(self, err: CounterfoilError) -> MirrorEvent:
        """Tell of a round that raised."""
        kind: RoundKind = "refused"
        if err.code == "mirror.forked":
            kind = "forked"
        elif err.exit_status == 5:
            kind = "unreachable"
        evidence = self._evidence if kind == "forked" else ""
        return self._event(kind, code=err.code, message=err.message, evidence=evidence)

    def close(self) -> None:
        """Give the folder up. Calling it again does nothing."""
        self._lock.release()

    def __enter__(self) -> Mirror:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _event(self, kind: RoundKind, **more: object) -> MirrorEvent:
        tree = self._held.tree if self._held is not None else None
        return MirrorEvent(
            kind,
            self._clock.now_ms(),
            self._source.name,
            self.origin,
            tree.size if tree is not None else 0,
            (tree.root if tree is not None else EMPTY_ROOT).hex(),
            missing=len(self._index.missing),
            **more,  # type: ignore[arg-type]  # fields of the event
        )

    def _load(self) -> _Held | None:
        """Check the state that stands in the folder, down to its last tiles."""
        signed = self._tiles.published()
        if signed is None:
            return None
        try:
            tree = parse_signed(signed)
            open_note(signed, [log.key for log in self._policy.logs if log.key.name == tree.origin])
            if not self._mend:
                ProvenTiles(tree, self._tiles.get, str(self._folder))
        except CounterfoilError as err:
            raise FatalLogError(
                "mirror.damaged",
                f"expected the mirror at {self._folder} to be whole, but: {err.message}",
                hint="`counterfoil mirror run` with --check mends tiles; else take a copy.",
            ) from err
        self._require_origin(tree.origin)
        return _Held(tree, signed)

    def _load_index(self) -> MirrorIndex:
        """Read the index, and finish or remake it where it is of another state."""
        index = load_index(self._folder)
        tree = self._held.tree if self._held is not None else None
        if tree is None or self._mode == "hashes" or self._mend:
            size, root = (tree.size, tree.root) if tree is not None else (0, EMPTY_ROOT)
            return MirrorIndex(size, root.hex())
        reader = LogReader(self._tiles)
        if index is None or index.size > tree.size:
            index = MirrorIndex(0, EMPTY_ROOT.hex())
        if root_at(index.size, reader.nodes(tree.size)).hex() != index.root:
            index = MirrorIndex(0, EMPTY_ROOT.hex())
        if index.size < tree.size:
            index = self._copy.scan(reader, index, tree)
            self._copy.drop_partials(0, tree.size)  # whoever was killed had not come to that
            save_index(self._folder, index)
        if self._mode == "all" and index.missing:  # perhaps they are there now
            index = self._copy.fetch_missing(index)
        return index

    def _require_origin(self, origin: str) -> None:
        if self._marker is not None and self._marker.origin != origin:
            raise Refused(
                "mirror.other-log",
                f"expected the log {self._marker.origin}, which {self._folder} mirrors, "
                f"found {origin}",
                hint="Mirror each log into a folder of its own.",
            )

    def _not_larger(self, held: _Held, trusted: Trusted, signed: bytes) -> RoundKind:
        """Judge a checkpoint that is not larger than ours; put better signatures in place."""
        tree = trusted.checkpoint
        nodes = LogReader(self._tiles).nodes(held.tree.size)
        if root_at(tree.size, nodes) != tree.root:
            raise self._forked(held, signed)
        if tree.size < held.tree.size:
            raise VerificationError(
                "mirror.older",
                f"expected at least the {held.tree.size} entries that are mirrored, found a "
                f"checkpoint of {tree.size}",
                hint="A cache may serve an old state, or the log was put back: an older checkpoint "
                "proves neither by itself. The mirror keeps the newer one, which convicts the log "
                "if it ever signs another history.",
            )
        if signed == held.signed:
            return "unchanged"
        ours = _cosigners(self._policy, held.signed)
        if len(trusted.cosigners) <= ours:
            return "unchanged"
        self._tiles.publish(signed)
        self._held = _Held(tree, signed)
        return "cosigned"

    def _extend(self, tree: Checkpoint, signed: bytes) -> tuple[int, int]:
        held = self._held
        old = held.tree.size if held is not None else 0
        proven = ProvenTiles(tree, self._source.tile, self._source.name, self._tiles.get)
        if held is not None and root_at(old, proven.nodes()) != held.tree.root:
            raise self._forked(held, signed, proven)
        if self._marker is None:
            self._begin(tree.origin)
        index = self._copy.extend(proven, old, self._index)
        self._tiles.flush()
        self._tiles.publish(signed)
        self._held, self._index = _Held(tree, signed), index
        if self._mode != "hashes":
            save_index(self._folder, index)
        self._copy.drop_partials(old, tree.size)
        return tree.size - old, self._copy.take_payload_count()

    def _begin(self, origin: str) -> None:
        """Make an empty folder a mirror of a log."""
        self._marker = MirrorMarker(origin, self._mode, self._source.name)
        self._marker.write(self._folder)
        self._keep_policy()

    def _keep_policy(self) -> None:
        """Keep the policy beside what was copied under it: readers and recovery need one."""
        file, text = Layout(self._folder).policy, policies.format(self._policy)
        if self._marker is not None and not (file.is_file() and file.read_bytes() == text):
            replace_file(file, text)

    def _forked(
        self, held: _Held, signed: bytes, proven: ProvenTiles | None = None
    ) -> VerificationError:
        """Keep evidence that the log signed both what we hold and what it serves now."""
        ours = LogReader(self._tiles).nodes(held.tree.size)
        keys = [log.key for log in self._policy.logs if log.key.name == held.tree.origin]
        theirs = proven.nodes() if proven is not None else None
        tree = parse_signed(signed)
        bundle = convict(keys, held.signed, signed, [self._source], ours, theirs)
        file = keep_evidence(self._folder, bundle)
        self._evidence = str(file)
        return VerificationError(
            "mirror.forked",
            f"expected {tree.origin} to extend its {held.tree.size} entries, found another "
            f"history of {tree.size} under its own signature",
            hint=f"Show {file} to whoever relies on this log: anyone can verify it with "
            "`counterfoil evidence verify`.",
        )


def _admit(folder: Path, mode: MirrorMode, policy: Policy) -> MirrorMarker | None:
    """Check that a folder is empty, or a mirror of a log of the policy in the same mode."""
    marker = read_mirror(folder)
    if marker is None:
        found = []
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            names = {path.name for path in folder.iterdir()} - _STRANGERS_ALLOWED
            found = sorted(name for name in names if not _HALF_WRITTEN.fullmatch(name))
        if found or (folder.exists() and not folder.is_dir()):
            raise Refused(
                "mirror.not-empty",
                f"expected an empty folder or a mirror at {folder}, found "
                f"{found[0] if found else 'a file'}",
                hint="Name another folder: a mirror never overwrites what is there.",
            )
        return None
    if marker.mode != mode:
        raise Refused(
            "mirror.mode",
            f"expected the mode that the mirror began with, {marker.mode}, found {mode}",
            hint="Mirror another mode into another folder.",
        )
    if marker.origin not in [log.key.name for log in policy.logs]:
        raise Refused(
            "mirror.other-log",
            f"expected a policy that names {marker.origin}, which {folder} mirrors, found others",
            hint="Mirror each log into a folder of its own.",
        )
    return marker


def _cosigners(policy: Policy, signed: bytes) -> int:
    """Count the witnesses of the policy on a note that is held; none where it falls short now."""
    try:
        return len(evaluate(policy, signed).cosigners)
    except CounterfoilError:
        return -1
