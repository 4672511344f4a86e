"""Choose the keys that a ledger is written with.

A key of another ledger, one that has ended, or an edited origin would sign what no receipt can
prove. So they are refused before the first entry. This module refuses to make keys.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from counterfoil.errors import (
    CounterfoilError,
    FatalLogError,
    InputError,
    NotFound,
    Refused,
    VerificationError,
)
from counterfoil.formats import note
from counterfoil.formats.note import NoteSignature
from counterfoil.ledger.config import Config
from counterfoil.ledger.create import LOG_KEY, LOG_PQ_KEY, PRODUCER_KEY
from counterfoil.ledger.signer import LogSigner
from counterfoil.ports import Clock
from counterfoil.proofs.keyring import Keyring
from counterfoil.storage import KeyFiles, StatementKey

__all__ = ["log_signer", "producer_key"]

_ROTATION: Final = re.compile(rf"{PRODUCER_KEY}-[0-9a-f]{{8}}")  # as `KeyAdmin.rotate` names it


def log_signer(keys: KeyFiles, origin: str, last_note: bytes, clock: Clock) -> LogSigner:
    """Load the log's own keys.

    origin: the log's. last_note: its last signed checkpoint, or empty: every key that signed it
    must be at hand, since a log that signs with fewer keys than before is weaker than it says.
    Raises NotFound with code key.missing, FatalLogError with code log.origin, and as
    `KeyFiles.load`.
    """
    names = [LOG_KEY] + [name for name in (LOG_PQ_KEY,) if name in keys.names()]
    found = [keys.load(name) for name in names]
    for key in found:
        if key.name != origin:
            raise FatalLogError(
                "log.origin",
                f"expected log keys of {origin}, found one of {key.name}",
                hint="counterfoil.toml or the files in keys/ are of another ledger, or edited: "
                "restore them.",
            )
    held = {key.key_id for key in found}
    for signature in _signatures(last_note):
        if signature.name == origin and signature.key_id not in held:
            raise NotFound(
                "key.missing",
                f"expected all keys that signed the last checkpoint, found no file of key "
                f"{signature.key_id.hex()}",
                hint="Restore the files in keys/ from a copy; reading needs none of them.",
            )
    return LogSigner(found, clock)


def producer_key(keys: KeyFiles, keyring: Keyring, config: Config, index: int) -> StatementKey:
    """Load the producer key that may sign the entry at `index`.

    It is `producer.key`, or, where a crash fell into a rotation, a file that the rotation left
    beside it: that gets its name back.
    Raises NotFound with code key.missing, Refused with code key.producer or config.organisation,
    and as `KeyFiles.load`.
    """
    if keyring.owner != config.organisation:
        raise Refused(
            "config.organisation",
            f"expected the organisation {keyring.owner}, who owns this log, found "
            f"{config.organisation} in counterfoil.toml",
            hint="Restore counterfoil.toml: a log's owner does not change.",
        )
    try:
        key = keys.load_statement_key(PRODUCER_KEY)
        keyring.require(key.keyid, index)
        return key
    except (NotFound, VerificationError) as err:
        for name in keys.names():
            if _ROTATION.fullmatch(name) and _counts(keys, name, keyring, index):
                return _put_in_place(keys, name, index)
        if isinstance(err, NotFound):
            raise
        raise Refused(
            "key.producer",
            f"expected keys/producer.key to be a key that may sign entry {index}, "
            f"but: {err.message}",
            hint="It is an old key or one of another ledger: restore the newest.",
        ) from err


def _signatures(signed: bytes) -> Sequence[NoteSignature]:
    try:
        return note.parse(signed).signatures
    except InputError:
        return ()  # empty, or damaged: then the log refuses to start


def _counts(keys: KeyFiles, name: str, keyring: Keyring, index: int) -> bool:
    try:
        keyring.require(keys.load_statement_key(name).keyid, index)
    except CounterfoilError:
        return False
    return True


def _put_in_place(keys: KeyFiles, name: str, index: int) -> StatementKey:
    """Finish a rotation whose statement is in the log."""
    if PRODUCER_KEY in keys.names():
        keys.rename(PRODUCER_KEY, f"{PRODUCER_KEY}-until-{index}")
    keys.rename(name, PRODUCER_KEY)
    return keys.load_statement_key(PRODUCER_KEY)
