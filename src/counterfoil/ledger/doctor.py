"""Look a ledger and its machine over for what could go wrong, and say what to do about it.

A diagnosis reads and guesses; it proves nothing about entries: an audit does. This module refuses
to change anything, and to raise for what it finds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import msgspec

from counterfoil.errors import CounterfoilError
from counterfoil.formats.checkpoint import Checkpoint
from counterfoil.ledger import machine
from counterfoil.ledger.anchor_health import anchoring_health
from counterfoil.ledger.backup_marker import read_marker
from counterfoil.ledger.config import Config, load_config
from counterfoil.ledger.create import PRODUCER_KEY, RECOVERY_KEY
from counterfoil.ledger.examine import Unreadable, examine
from counterfoil.ledger.layout import Layout, key_files
from counterfoil.ledger.memory import witness_note
from counterfoil.ledger.policy_file import own_keys
from counterfoil.ledger.vault_health import vault_health
from counterfoil.log import LogReader, check_start
from counterfoil.log.steady_clock import STEP_BACK_MAX_MS
from counterfoil.ports import Clock, Head, SystemClock
from counterfoil.storage import KeyFiles, SqliteStore, TileFiles, read_owner
from counterfoil.storage.folder_copy import files_below
from counterfoil.storage.owner_lock import is_owned

__all__ = ["Check", "diagnose"]

Status = Literal["ok", "warn", "bad"]

_WAL_WARN_BYTES: Final = 64 << 20
_TAIL_WARN_ENTRIES: Final = 100_000
_ORPHANS_ENTRIES_MAX: Final = 200_000


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at.

    word: what, short. status: ok, warn or bad. detail: what was found. hint: what to do.
    """

    word: str
    status: Status
    detail: str
    hint: str = ""

    def to_json(self) -> dict[str, str]:
        """Turn it into what the command line and the API print."""
        found: dict[str, str] = msgspec.to_builtins(self)
        return found


def diagnose(folder: str | Path, *, clock: Clock | None = None) -> list[Check]:
    """Look over the ledger in a folder and the machine that it is on.

    clock: the machine's when None. Raises NotFound with code ledger.missing; what is found is
    never raised.
    """
    layout = Layout(Path(folder))
    layout.require()
    return list(_Doctor(layout, clock or SystemClock()).checks())


class _Doctor:
    """One diagnosis."""

    def __init__(self, layout: Layout, clock: Clock) -> None:
        self._layout, self._clock = layout, clock
        self._config: Config | None = None
        self._head: Head | None = None
        self._published: Checkpoint | None = None

    def checks(self) -> Iterator[Check]:
        steps: list[Callable[[], Check]] = [
            self._settings,
            self._policy,
            self._database,
            self._start,
            self._tail,
            self._wal,
            self._time,
            self._owner,
            self._marker,
            self._witness,
            lambda: Check(*anchoring_health(self._layout, self._config)),
            lambda: Check(*vault_health(self._layout)),
            self._keys,
            self._recovery_key,
            self._payloads,
            lambda: Check(*machine.disk(self._layout.folder)),
            lambda: Check(*machine.filesystem(self._layout.folder)),
            lambda: Check(*machine.sqlite()),
            lambda: Check(*machine.search()),
            lambda: Check(*machine.versions()),
        ]
        for step in steps:
            try:
                yield step()
            except (CounterfoilError, OSError) as err:
                hint = err.hint if isinstance(err, CounterfoilError) else ""
                yield Check(_word(step), "bad", str(err), hint)

    def _settings(self) -> Check:
        self._config = load_config(self._layout.config)
        return Check("settings", "ok", f"{self._config.name}, {self._config.origin}")

    def _policy(self) -> Check:
        if self._config is None:
            return Check("policy", "bad", "not read, since the settings are not")
        opener = own_keys(self._layout, self._config.origin)
        signed = TileFiles(self._layout.folder).published()
        if signed is None:
            hint = "`counterfoil recover DIR` publishes what the database has."
            return Check("policy", "bad", "there is no published checkpoint to check", hint)
        self._published = opener.open(signed)
        return Check("policy", "ok", "its keys signed the published checkpoint")

    def _database(self) -> Check:
        # Never by a file of our own: to close one gives up SQLite's locks of the whole process,
        # and the next to leave the database would delete a WAL that is still written.
        store = SqliteStore(self._layout.database, read_only=True)
        try:
            self._head, mode = store.head(), store.journal_mode()
        finally:
            store.close()
        if mode != "wal":
            hint = "Open and close the ledger once: it sets the mode."
            return Check("database", "warn", "it is not in WAL mode", hint)
        return Check("database", "ok", f"{self._head.size:,} entries, WAL mode")

    def _start(self) -> Check:
        if is_owned(self._layout.folder):
            return Check("start", "ok", "not tried, since a process has it open")
        if self._config is None:
            return Check("start", "bad", "not tried, since the settings cannot be read")
        opener = own_keys(self._layout, self._config.origin)
        store = SqliteStore(self._layout.database, read_only=True)
        try:
            check_start(store, TileFiles(self._layout.folder), opener.open)
        finally:
            store.close()
        return Check("start", "ok", "database, tiles and checkpoint tell one story")

    def _tail(self) -> Check:
        if self._head is None or self._published is None:
            return Check("tail", "warn", "not counted, since the database or policy is not read")
        tail = max(self._head.size - self._published.size, 0)
        if tail > _TAIL_WARN_ENTRIES:
            hint = "Publishing lags: look at the disk's speed and space."
            return Check("tail", "warn", f"{tail:,} entries are not published", hint)
        return Check("tail", "ok", f"{tail:,} entries are not published yet")

    def _wal(self) -> Check:
        wal = self._layout.database.with_name(self._layout.database.name + "-wal")
        size = wal.stat().st_size if wal.exists() else 0
        if size > _WAL_WARN_BYTES:
            hint = "A reader that never ends keeps it from being folded: end it."
            return Check("wal", "warn", f"{size:,} bytes", hint)
        return Check("wal", "ok", f"{size:,} bytes")

    def _time(self) -> Check:
        if self._head is None:
            return Check("clock", "warn", "not compared, since the database is not read")
        behind = self._head.at_ms - self._clock.now_ms()
        hint = "Set the machine's clock right; a ledger refuses to go back by five minutes."
        if behind > STEP_BACK_MAX_MS:
            return Check("clock", "bad", f"{behind // 1000:,} s behind the last commit", hint)
        if behind > 0:
            return Check("clock", "warn", f"{behind:,} ms behind the last commit", hint)
        return Check("clock", "ok", f"{-behind // 1000:,} s after the last commit")

    def _owner(self) -> Check:
        if not is_owned(self._layout.folder):
            return Check("owner", "ok", "no process has it open for writing")
        owner = read_owner(self._layout.folder)
        return Check("owner", "ok", f"process {owner.get('pid', '?')} on {owner.get('host', '?')}")

    def _marker(self) -> Check:
        marker = read_marker(self._layout.folder)
        if marker is None:
            return Check("backup", "ok", "this is no backup")
        if marker.state == "writing":
            hint = "Run the backup again; it goes on where it stopped."
            return Check("backup", "warn", "a backup that was not finished", hint)
        hint = "It can be read; `counterfoil recover NEW_DIR --from BACKUP` goes on from it."
        return Check("backup", "warn", f"a backup of {marker.size:,} entries", hint)

    def _witness(self) -> Check:
        if self._config is None:
            return Check("witness", "bad", "not asked, since the settings cannot be read")
        if not self._config.witness:
            hint = "Set `witness = true`, and open the ledger once with --accept-new-witness."
            return Check("witness", "warn", "your own witness is switched off", hint)
        opener = own_keys(self._layout, self._config.origin)
        signed = witness_note(opener.keys)
        if signed is None:
            hint = "If its memory is lost for good, go on once with --accept-new-witness."
            return Check("witness", "bad", "your own witness does not know this ledger", hint)
        size = opener.open(signed).size
        if self._head is not None and size > self._head.size:
            hint = "`counterfoil recover DIR --from COPY` brings the newer state back."
            return Check("witness", "bad", f"it saw {size:,} entries: this is an old state", hint)
        return Check("witness", "ok", f"it saw {size:,} entries")

    def _keys(self) -> Check:
        keys = KeyFiles(self._layout.keys)
        if not keys.names():
            return Check("keys", "warn", "none: it can be read, not written", "Bring them back.")
        exposed = [path for path in key_files(self._layout) if path.stat().st_mode & 0o077]
        if exposed:
            names = ", ".join(path.name for path in exposed)
            return Check("keys", "bad", f"others may read {names}", "chmod 600 keys/*.key")
        return Check("keys", "ok", f"{len(keys.names())} keys, for their owner only")

    def _recovery_key(self) -> Check:
        names = KeyFiles(self._layout.keys).names()
        if RECOVERY_KEY in names and PRODUCER_KEY in names:
            hint = "Move keys/recovery.key to where the machine cannot reach it, and keep it safe."
            detail = "it lies beside the producer key: who steals one has both"
            return Check("recovery-key", "warn", detail, hint)
        return Check("recovery-key", "ok", "it is not beside the producer key")

    def _payloads(self) -> Check:
        files = list(files_below(self._layout.payloads))
        if not files:
            return Check("payloads", "ok", "none")
        half = sum(path.suffix == ".new" for path in files)
        reader = LogReader(TileFiles(self._layout.folder))
        size = reader.published()[0].size
        if size > _ORPHANS_ENTRIES_MAX:
            detail = f"{len(files):,} files; which are named is not counted in a log this long"
            return Check("payloads", "ok", detail)
        named = set(_named(reader, size))
        orphans = [path for path in files if path.suffix != ".new" and path.name not in named]
        if orphans or half:
            hint = "They are harmless: a crash left them before their entry was recorded."
            detail = f"{len(orphans):,} that no published entry names, {half:,} half-written"
            return Check("payloads", "warn", detail, hint)
        return Check("payloads", "ok", f"{len(files):,} files, each named by an entry")


def _named(reader: LogReader, size: int) -> Iterator[str]:
    """List the digests of the payloads that entries name."""
    for seen in examine(0, list(reader.entries(0, size)), ""):
        if not isinstance(seen, Unreadable):
            yield from (reference.sha256 for reference in seen.payloads)


def _word(step: Callable[[], Check]) -> str:
    return getattr(step, "__name__", "machine").strip("_").replace("_", "-")
