"""Put a ledger together: choose the engines, check the state, load keys.

The one place, with `ops`, that chooses adapters.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from counterfoil.errors import CounterfoilError, FatalLogError, InputError
from counterfoil.ledger.backup_marker import refuse_backup
from counterfoil.ledger.config import Config, load_config
from counterfoil.ledger.key_choice import log_signer, producer_key
from counterfoil.ledger.layout import Layout
from counterfoil.ledger.memory import open_witnesses, remembered_state, require_remembered
from counterfoil.ledger.people.erasures import Erasures
from counterfoil.ledger.producer import Producer
from counterfoil.ledger.receipts import key_statement
from counterfoil.ledger.signer import LogSigner
from counterfoil.ledger.witnesses import LedgerWitnesses
from counterfoil.ledger.writer import Writer
from counterfoil.log import Log, LogReader, parse_signed
from counterfoil.ports import Clock, Hold
from counterfoil.ports.witness import Cosigner
from counterfoil.proofs.keyring import Keyring
from counterfoil.storage import KeyFiles, OwnerLock, PayloadFiles, SqliteStore, TileFiles

__all__ = [
    "Reading",
    "Writing",
    "open_reading",
    "open_writing",
]

# Of the longest wait for a receipt: for others to commit with, and for more to publish with. The
# rest is for the commit, the tiles and the witnesses. Publishing costs more, and nobody who waits
# for a receipt waits for it, so it gets more.
_COMMIT_SHARE: Final = 0.2
_PUBLISH_SHARE: Final = 0.5


@dataclass(frozen=True, slots=True)
class Reading:
    """What every user of a ledger's folder has."""

    layout: Layout
    config: Config
    store: SqliteStore
    reader: LogReader
    payloads: PayloadFiles
    keyring: Keyring
    erasures: Erasures


@dataclass(frozen=True, slots=True)
class Writing:
    """What only a ledger's owner has."""

    lock: OwnerLock
    log: Log
    writer: Writer
    keys: KeyFiles
    witnesses: LedgerWitnesses
    signer: LogSigner

    def close(self) -> None:
        """Commit and publish what waits, and give the ledger up. Calling it again does nothing."""
        try:
            self.log.close()
        finally:
            self.witnesses.close()
            self.lock.release()


def open_reading(folder: Path) -> Reading:
    """Open a ledger for reading only; another process may own it.

    Raises NotFound with code ledger.missing, FatalLogError with code log.mismatch when the
    database is another ledger's, and what store and config raise.
    """
    layout = Layout(folder)
    layout.require()
    config = load_config(layout.config)
    seen = remembered_state(layout, config)  # before the store: its owner may be writing
    store = SqliteStore(layout.database, read_only=True)
    try:
        _require_own(store, config)
        require_remembered(seen, store, TileFiles(folder))
        return _reading(layout, config, store)
    except BaseException:
        store.close()
        raise


def open_writing(
    folder: Path,
    clock: Clock,
    *,
    accept_new_witness: bool = False,
    hold: Callable[[float], Hold] | None = None,
    cosigners: Sequence[Cosigner] = (),
) -> tuple[Reading, Writing]:
    """Take a ledger's ownership and open it.

    accept_new_witness: go on where this user's witness never saw the ledger. hold: makes what
    holds commits for so many seconds at most, where the settings allow it; None holds none.
    cosigners: witnesses beside those of the policy's addresses.
    Raises NotFound with code ledger.missing, Conflict with code ledger.owned, Refused with code
    ledger.is-backup, FatalLogError when the log must not go on.
    """
    layout = Layout(folder)
    layout.require()
    refuse_backup(folder)
    config = load_config(layout.config)
    lock, wait_s = OwnerLock(folder), config.receipt_max_wait_s
    try:
        keys = KeyFiles(layout.keys)
        store = SqliteStore(layout.database)
        witnesses: LedgerWitnesses | None = None
        try:
            signer = log_signer(keys, config.origin, store.head().note, clock)
            witnesses = open_witnesses(
                layout, config, signer, clock, cosigners, accept_new=accept_new_witness
            )
            log = Log(
                store,
                TileFiles(folder),
                config.origin,
                signer.sign,
                signer.open,
                clock,
                publish_interval_s=config.publish_interval_s,
                witnesses=witnesses,
                hold=hold(_COMMIT_SHARE * wait_s) if hold is not None and wait_s > 0 else None,
                publish_hold_s=_PUBLISH_SHARE * wait_s,
            )
        except BaseException:
            store.close()
            if witnesses is not None:
                witnesses.close()
            raise
        try:
            reading = _reading(layout, config, store, log.reader)
            key = producer_key(keys, reading.keyring, config, log.head.size)
            producer = Producer(key, config.organisation, config.origin, config.batch_members)
            reading.payloads.sweep()
            writer = Writer(log, store, producer, reading.payloads)
        except BaseException:
            log.close()
            witnesses.close()
            raise
    except BaseException:
        lock.release()
        raise
    return reading, Writing(lock, log, writer, keys, witnesses, signer)


def _require_own(store: SqliteStore, config: Config) -> None:
    """Refuse another ledger's database; who writes checks much more."""
    try:
        origin = parse_signed(store.head().note).origin
    except InputError:
        return  # empty, or damaged: `audit` says so
    if origin != config.origin:
        raise FatalLogError(
            "log.mismatch",
            f"expected the database of {config.origin}, found that of {origin}",
            hint="Restore ledger.db from a copy, or `counterfoil recover DIR` remakes it.",
        )


def _reading(
    layout: Layout, config: Config, store: SqliteStore, reader: LogReader | None = None
) -> Reading:
    reader = reader or LogReader(TileFiles(layout.folder), store)
    keyring = load_keyring(reader, store.key_entries())
    erasures = Erasures(config.organisation, store, reader)
    return Reading(layout, config, store, reader, PayloadFiles(layout.payloads), keyring, erasures)


def load_keyring(reader: LogReader, key_entries: list[int]) -> Keyring:
    """Replay a log's key statements. Raises FatalLogError with code log.keys."""
    keyring = Keyring()
    for index in key_entries:
        try:
            parsed = key_statement(reader.entry(index))
            if parsed is not None:
                keyring.apply(index, *parsed)
        except CounterfoilError as err:
            raise FatalLogError(
                "log.keys",
                f"expected a sound key statement at entry {index}, but: {err.message}",
                hint="`counterfoil audit --full` says what else is wrong.",
            ) from err
    return keyring
