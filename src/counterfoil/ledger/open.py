"""Open a ledger: as its owner, through its owner, or for reading.

Who comes first owns the ledger; who comes later writes through the owner without noticing. This
module refuses to take a ledger from its owner.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from counterfoil.errors import Conflict, CounterfoilError, Unavailable
from counterfoil.formats.statement import Subject
from counterfoil.ledger.anchorer import Anchorer
from counterfoil.ledger.checks.gate import Gate
from counterfoil.ledger.config import Config
from counterfoil.ledger.create import create_ledger
from counterfoil.ledger.energy import EnergyMeter
from counterfoil.ledger.forward_client import ForwardingRecorder
from counterfoil.ledger.forward_server import ForwardServer
from counterfoil.ledger.key_admin import KeyAdmin
from counterfoil.ledger.layout import Layout
from counterfoil.ledger.ledger import Ledger
from counterfoil.ledger.new_witness import record_new_witness
from counterfoil.ledger.opening import Reading, Writing, open_reading, open_writing
from counterfoil.ledger.people.keeper import Keeper
from counterfoil.ledger.recorder import LocalRecorder
from counterfoil.ledger.results import Recorded
from counterfoil.ledger.statement_writer import record_statement
from counterfoil.ports import Clock, Hold, Pace, Said, SystemClock
from counterfoil.ports.witness import Cosigner

__all__ = ["open_ledger"]

_OPEN_TRIES: Final = 40
_OPEN_PAUSE_S: Final = 0.05


def open_ledger(
    path: str | Path,
    *,
    create: bool = False,
    read_only: bool = False,
    name: str | None = None,
    organisation: str | None = None,
    post_quantum: bool = False,
    accept_new_witness: bool = False,
    clock: Clock | None = None,
    pace: Callable[[Config], Pace] | None = None,
    hold: Callable[[float], Hold] | None = None,
    cosigners: Sequence[Cosigner] = (),
) -> Ledger:
    """Open the ledger in a folder.

    path: the folder. create: make the ledger when there is none; name, organisation (a URI) and
    post_quantum (ML-DSA-44 beside Ed25519) are for that. read_only: for a ledger that another
    process owns. accept_new_witness: go on once where this user's witness has no memory of the
    ledger; that is recorded. clock: the machine's when None. pace: makes, of the settings, the
    schedule by which the owner anchors in the background; None anchors only when asked. hold:
    makes what holds commits for at most so many seconds, where the settings allow to wait.
    cosigners: witnesses that are not reached by an address of the policy, such as one in this
    process; each by its name there.
    Raises NotFound with code ledger.missing, Conflict with code ledger.owned, InputError with
    code ledger.exists, ledger.path or config.malformed, FatalLogError when the log must not go on.

    >>> import counterfoil, tempfile
    >>> with counterfoil.open(tempfile.mkdtemp(), create=True) as ledger:
    ...     recorded = ledger.record({"amount_minor": 1250, "currency": "EUR"})
    ...     receipt = ledger.receipt(recorded.index)
    ...     counterfoil.verify(receipt, ledger.policy).grade
    'self-witnessed'
    """
    folder, clock = Path(path), clock or SystemClock()
    if create and not Layout(folder).exists():
        try:
            create_ledger(
                folder, clock, name=name, organisation=organisation, post_quantum=post_quantum
            )
        except CounterfoilError:
            if not Layout(folder).exists():  # else another process was faster
                raise
    if read_only:
        return Ledger(open_reading(folder), None)
    tries = _OPEN_TRIES
    while True:
        try:
            return _own(folder, clock, pace, hold, cosigners, accept_new_witness=accept_new_witness)
        except Conflict as owned:
            try:
                return _forward(folder)
            except Unavailable as err:  # the owner has just come or gone
                tries -= 1
                if tries <= 0:
                    raise owned from err
        time.sleep(_OPEN_PAUSE_S)


def _own(
    folder: Path,
    clock: Clock,
    pace: Callable[[Config], Pace] | None,
    hold: Callable[[float], Hold] | None,
    cosigners: Sequence[Cosigner],
    *,
    accept_new_witness: bool,
) -> Ledger:
    reading, writing = open_writing(
        folder, clock, accept_new_witness=accept_new_witness, hold=hold, cosigners=cosigners
    )
    admin = KeyAdmin(writing.writer, writing.keys, reading.keyring)
    keeper = Keeper(reading.layout, reading.config, writing.writer, clock)
    anchorer = _anchorer(reading, writing, clock, pace)
    local = LocalRecorder(
        writing, admin, anchorer, keeper, _meter(reading, writing, anchorer, clock)
    )
    writing.writer.gate = _gate(reading, writing, admin)
    try:
        keeper.start()
        if accept_new_witness:
            record_new_witness(reading, writing)
        return Ledger(reading, local, admin, ForwardServer(folder, local))
    except OSError as err:
        local.close()
        raise Unavailable(
            "ledger.socket",
            f"expected to listen for other processes, but: {err}",
            hint="Check the permissions of the ledger's folder.",
        ) from err
    except BaseException:
        local.close()
        raise


def _gate(reading: Reading, writing: Writing, admin: KeyAdmin) -> Gate:
    def record(kind: str, fields: Mapping[str, Any], subjects: tuple[Subject, ...]) -> Recorded:
        writer = writing.writer
        said = Said(kind, fields, subjects)
        return record_statement(writer, said, writer.default_source, None).result()

    return Gate(reading, record, writing.log.clock.now_ms, lambda: admin.keyring)


def _anchorer(
    reading: Reading, writing: Writing, clock: Clock, pace: Callable[[Config], Pace] | None
) -> Anchorer:
    def record(kind: str, fields: Mapping[str, Any], source: str, number: int) -> Recorded:
        return record_statement(writing.writer, Said(kind, fields), source, number).result()

    config, log = reading.config, writing.log
    made = None if pace is None else pace(config)
    return Anchorer(reading.layout, config, record, log.wait_published, clock, made)


def _meter(reading: Reading, writing: Writing, anchorer: Anchorer, clock: Clock) -> EnergyMeter:
    log, threads = writing.log, dict(writing.log.threads)
    if anchorer.thread is not None:
        threads["anchorer"] = anchorer.thread
    return EnergyMeter(
        reading.layout, lambda: log.head.size, lambda: anchorer.begun, threads, clock.now_ms
    )


def _forward(folder: Path) -> Ledger:
    recorder = ForwardingRecorder(folder)
    try:
        return Ledger(open_reading(folder), recorder)
    except BaseException:
        recorder.close()
        raise
