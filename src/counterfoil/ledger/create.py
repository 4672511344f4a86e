"""Make a new ledger: its folder, keys, policy and first statements, or nothing at all.

Everything is made in a folder beside the target and renamed into place, so a crash leaves no
half-made ledger under its name. In an empty folder that is there already, which may be a mounted
disk, it is made inside and moved up, `counterfoil.toml` last: without that there is no ledger.
"""

from __future__ import annotations

import fcntl
import os
import re
import secrets
import shutil
import uuid
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

import msgspec

from counterfoil.errors import InputError, Unavailable
from counterfoil.formats import policy as policies
from counterfoil.formats.ascii import encode_base64
from counterfoil.formats.envelope import keyid_of
from counterfoil.formats.policy import Log as PolicyLog
from counterfoil.formats.policy import Policy
from counterfoil.formats.policy import Witness as PolicyWitness
from counterfoil.formats.predicates import Header, Key, Organisation
from counterfoil.formats.statement import sha256_subject
from counterfoil.formats.vkey import KeyType, SigningKey, VerifierKey
from counterfoil.ledger.config import Config, format_config
from counterfoil.ledger.layout import Layout
from counterfoil.ledger.policy_file import format_policy
from counterfoil.ledger.producer import Producer
from counterfoil.ledger.self_witness import SelfWitness
from counterfoil.ledger.signer import LogSigner
from counterfoil.ledger.state import state_folder
from counterfoil.ledger.witnesses import LedgerWitnesses
from counterfoil.log import Log, Submission
from counterfoil.ports import Clock, Span
from counterfoil.proofs.signing import public_of
from counterfoil.proofs.trust import OWN_WITNESS
from counterfoil.storage import KeyFiles, SqliteStore, TileFiles, statement_key
from counterfoil.storage.durable import sync_folder, write_new

__all__ = ["LOG_KEY", "LOG_PQ_KEY", "PRODUCER_KEY", "RECOVERY_KEY", "create_ledger"]

LOG_KEY: Final = "log"
LOG_PQ_KEY: Final = "log-ml-dsa-44"
PRODUCER_KEY: Final = "producer"
RECOVERY_KEY: Final = "recovery"


def create_ledger(
    folder: Path,
    clock: Clock,
    *,
    name: str | None = None,
    organisation: str | None = None,
    post_quantum: bool = False,
    witness: bool = True,
    keys: Mapping[str, SigningKey] | None = None,
) -> None:
    """Make a ledger in `folder`, which must be empty or not there.

    name: for people; the folder's name when None. organisation: URI; a random `urn:uuid:` when
    None. post_quantum: sign checkpoints with ML-DSA-44 too. witness: let this user's witness
    watch it, whose memory is in the state folder. keys: the organisation's producer or recovery
    key by that name, where it has them already.
    Raises InputError with code ledger.exists, ledger.path or config.malformed, Unavailable with
    code ledger.create or witness.state, FatalLogError with code witness.missing.
    """
    folder = _resolved(folder)
    name = name or folder.name.encode("utf-8", "replace").decode() or "ledger"
    organisation = organisation or f"urn:uuid:{uuid.uuid4()}"
    config = _check(
        Config(origin=_origin(name), name=name, organisation=organisation, witness=witness)
    )
    try:
        make = _create_inside if folder.is_dir() else _create_beside
        make(folder, config, clock, keys or {}, post_quantum=post_quantum)
    except OSError as err:
        raise Unavailable(
            "ledger.create",
            f"expected to make a ledger at {folder}, but: {err}",
            hint="Check the permissions and the space of the disk.",
        ) from err


def _resolved(folder: Path) -> Path:
    try:
        return folder.resolve()
    except (OSError, RuntimeError, ValueError) as err:  # a loop of links, a null byte
        raise InputError(
            "ledger.path", f"expected the path of a folder, found {str(folder)[:80]!a}: {err}"
        ) from err


def _create_beside(
    folder: Path, config: Config, clock: Clock, own: Mapping[str, SigningKey], *, post_quantum: bool
) -> None:
    _require_empty(folder)
    fresh = folder.parent / _fresh_name()
    try:
        fresh.mkdir(parents=True, mode=0o755)
        _fill(fresh, config, clock, own, post_quantum=post_quantum)
        sync_folder(fresh)
        fresh.rename(folder)
        sync_folder(folder.parent)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _create_inside(
    folder: Path, config: Config, clock: Clock, own: Mapping[str, SigningKey], *, post_quantum: bool
) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    fresh = folder / _fresh_name()
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)  # two at once would mix two ledgers
        for stale in folder.glob(f".{'[0-9a-f]' * 16}.new"):  # who made it was killed
            shutil.rmtree(stale, ignore_errors=True)
        _require_empty(folder)
        fresh.mkdir(mode=0o755)
        _fill(fresh, config, clock, own, post_quantum=post_quantum)
        _move_up(fresh, folder)
        os.fsync(handle)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
        os.close(handle)


def _move_up(fresh: Path, folder: Path) -> None:
    """Move what was made into the empty folder around it, the settings last; or nothing."""
    settings = Layout(fresh).config.name
    moved: list[Path] = []
    try:
        for name in sorted((part.name for part in fresh.iterdir()), key=settings.__eq__):
            if name == settings:
                sync_folder(folder)
            moved.append(folder / name)
            (fresh / name).rename(folder / name)
    except BaseException:
        for part in moved:
            shutil.rmtree(part, ignore_errors=True) if part.is_dir() else part.unlink(True)
        raise


def _fresh_name() -> str:
    return f".{secrets.token_hex(8)}.new"


def _require_empty(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(
            "ledger.exists",
            f"expected an empty or no folder at {folder}, found something there",
            hint="A ledger is never overwritten: choose another folder.",
        )


def _check(config: Config) -> Config:
    try:
        format_config(config)
        return msgspec.convert(msgspec.to_builtins(config), Config)
    except (msgspec.ValidationError, UnicodeEncodeError) as err:
        raise InputError(
            "config.malformed",
            f"expected a name and an organisation's URI, but: {err}",
            hint="An organisation is a URI such as https://example.org or urn:uuid:...",
        ) from err


def _origin(name: str) -> str:
    """Name the log: readable, and random, so that two ledgers never share an origin."""
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40] or "ledger"
    return f"counterfoil.local/{slug}/{secrets.token_hex(10)}"


def _fill(
    folder: Path, config: Config, clock: Clock, own: Mapping[str, SigningKey], *, post_quantum: bool
) -> None:
    layout, keys = Layout(folder), KeyFiles(folder / "keys")
    log_keys = [keys.create(LOG_KEY, config.origin, KeyType.ED25519)]
    if post_quantum:
        log_keys.append(keys.create(LOG_PQ_KEY, config.origin, KeyType.COSIGNATURE_MLDSA44))
    producer, recovery = (
        keys.put(name, own[name]) if name in own else keys.create(name, name, KeyType.ED25519)
        for name in (PRODUCER_KEY, RECOVERY_KEY)
    )
    witness = SelfWitness.establish(state_folder()) if config.witness else None
    policy = first_policy([public_of(key) for key in log_keys], witness)
    write_new(layout.config, format_config(config))
    write_new(layout.policy, format_policy(policy))
    layout.payloads.mkdir()
    _record_genesis(layout, config, clock, policy, log_keys, producer, recovery)


def first_policy(log_keys: Sequence[VerifierKey], own: VerifierKey | None) -> Policy:
    """Make the policy that trusts a log by its keys, and asks for the user's own witness."""
    logs = tuple(PolicyLog(key) for key in log_keys)
    if own is None:
        return Policy(logs, (), (), policies.NONE)
    return Policy(logs, (PolicyWitness(OWN_WITNESS, own),), (), OWN_WITNESS)


def _record_genesis(
    layout: Layout,
    config: Config,
    clock: Clock,
    policy: Policy,
    log_keys: list[SigningKey],
    producer: SigningKey,
    recovery: SigningKey,
) -> None:
    signer = LogSigner(log_keys, clock)
    writer = Producer(statement_key(producer), config.organisation, config.origin, 1)
    source = f"genesis:{writer.key.keyid[:16]}"
    # The audience keeps another log from beginning with a copy of this one's keys.
    common: dict[str, object] = {
        "issuer": config.organisation,
        "source": source,
        "audience": config.origin,
        "at_ms": clock.now_ms(),
    }
    owner = config.organisation
    said: list[Header] = [
        _key(writer.key.public, "producer", owner, common | {"number": 0}),
        _key(statement_key(recovery).public, "recovery", owner, common | {"number": 1}),
        Organisation(organisation=owner, name=config.name, **common, number=2),  # type: ignore[arg-type]  # fields of one header
    ]
    entries = [
        writer.sign(writer.statement(p, [sha256_subject(owner, owner.encode())])) for p in said
    ]
    span = Span(owner, source, 0, len(entries), 0)
    own = SelfWitness(state_folder(), signer.keys, clock) if config.witness else None
    witnesses = LedgerWitnesses(policy, signer, own, accept_new=True)
    with closing(witnesses):
        store = SqliteStore(layout.database, create=True)
        try:
            log = Log(
                store,
                TileFiles(layout.folder),
                config.origin,
                signer.sign,
                signer.open,
                clock,
                witnesses=witnesses,
            )
        except BaseException:
            store.close()
            raise
        with closing(log):
            log.submit(Submission(entries, [span], key_entries=[0, 1], at=0)).result()


def _key(public: bytes, role: str, owner: str, common: dict[str, object]) -> Key:
    return Key(
        organisation=owner,
        action="add",
        keyid=keyid_of(public),
        role=role,  # type: ignore[arg-type]  # one of the roles
        public=encode_base64(public),
        **common,  # type: ignore[arg-type]  # fields of one header
    )
