"""Take an ISO 20022 message: read it, decide on each transfer, record that, write the status.

What decides is in `apps.finance`. This module refuses to tell of an acceptance before its decision
is durable.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, Final

from counterfoil.apps.finance.messages import (
    MESSAGE_MAX_BYTES,
    Accepted,
    Message,
    TransferStatus,
    read_pacs008,
    status_of,
    write_pacs002,
)
from counterfoil.apps.finance.rules import Engine, Trail
from counterfoil.apps.finance.rules.recorded import decision_said, person_of, record_rules
from counterfoil.errors import CounterfoilError
from counterfoil.ops.decisions import parse_time
from counterfoil.ops.documents import DocumentOut
from counterfoil.ops.files import read_input, shown, write_file
from counterfoil.ops.finance.payment_files import open_payments
from counterfoil.ops.finance.rules import Jurisdiction, Rules, load_rules
from counterfoil.ops.place import LedgerFolder, open_for_reading, open_for_writing
from counterfoil.ports import (
    STANDARD_STREAM,
    Channel,
    Document,
    Param,
    Progress,
    Said,
    no_progress,
)
from counterfoil.provenance.statements.parts import Reference

__all__ = ["DecidedMessage", "DecidedTransfer", "message"]

PURPOSE: Final = "payment.message"


@dataclass(frozen=True, slots=True)
class DecidedTransfer:
    """What became of a transfer.

    outcome: of the rules. status, reasons: as the report says. why: for the own house only. entry:
    of the decision; None where none was recorded.
    """

    end_to_end_id: str
    tx_id: str
    uetr: str
    outcome: str
    status: str
    reasons: tuple[str, ...]
    why: tuple[str, ...]
    entry: int | None


@dataclass(frozen=True, slots=True)
class DecidedMessage:
    """A message that was decided on. file: where its status is; `-` for standard output."""

    id: str
    definition: str
    digest: str
    faults: tuple[str, ...]
    transfers: tuple[DecidedTransfer, ...]
    file: str

    def to_json(self) -> dict[str, Any]:
        """Turn it into what the command line and the API print."""
        return {
            "id": self.id,
            "definition": self.definition,
            "digest": self.digest,
            "faults": list(self.faults),
            "transfers": [
                {name: getattr(one, name) for name in DecidedTransfer.__slots__}
                for one in self.transfers
            ],
            "file": self.file,
        }


def message(
    file: Annotated[Path, Param("A pacs.008 in XML, or - for standard input.", "FILE")],
    *,
    out: DocumentOut = STANDARD_STREAM,
    rules: Rules = None,
    jurisdiction: Jurisdiction = (),
    history: Annotated[
        Path | None, Param("Earlier payments, oldest first, for the rules' windows.", "FILE")
    ] = None,
    accepted: Annotated[Accepted, Param("How acceptance is told.")] = "ACTC",
    at: Annotated[str | None, Param("When the message was taken on; else now.", "TIME")] = None,
    record: Annotated[bool, Param("Record a decision for each transfer.")] = False,
    sealed: Annotated[bool, Param("Record payments openly.")] = True,
    ledger: LedgerFolder = None,
    progress: Progress = no_progress,
    channel: Channel,
) -> DecidedMessage | Document:
    """Decide on the transfers of a pacs.008 by rules, and write a pacs.002 with their status.

    The same message again, with the same rules, is the same decision. Raises InputError with code
    message.* for what is no such message, rules.* and payment.*, and as `Ledger.record_statements`.
    """
    now_ms = time.time_ns() // 1_000_000
    at_ms = now_ms if at is None else parse_time(at, datetime.now(UTC))
    data = read_input(file, channel, MESSAGE_MAX_BYTES)
    engine = Engine(load_rules(rules, channel), jurisdiction or None)
    series = f"message:{sha256(data).hexdigest()}#rules:{engine.rules.digest[:16]}"
    if record and at is None:
        at_ms = _taken_on(series, ledger) or at_ms
    read = read_pacs008(data, at_ms)
    if history is not None:
        _remember(engine, history, at_ms, channel, progress)
    trails = [engine.apply(one.payment) for one in read.transfers]
    header = tuple(one.code for one in read.faults)
    statuses = [
        status_of(one, trail.outcome, accepted=accepted, faults=header)
        for one, trail in zip(read.transfers, trails, strict=True)
    ]
    report = write_pacs002(read, statuses, now_ms)
    entries: tuple[int, ...] | None = None
    if record:
        entries = _record(engine, read, trails, statuses, ledger, series, sealed=sealed)
    done = DecidedMessage(
        id=read.id,
        definition=read.definition,
        digest=read.digest,
        faults=tuple(f"{one.code}: {one.says}" for one in read.faults),
        transfers=tuple(
            _decided(status, trail, None if entries is None else entries[place])
            for place, (status, trail) in enumerate(zip(statuses, trails, strict=True))
        ),
        file=shown(out),
    )
    if out == STANDARD_STREAM:
        return Document([report], "application/xml", done.to_json())
    try:
        write_file(out, report)
    except CounterfoilError as err:
        if entries is not None:
            err.hint = f"{err.hint} Its decisions are recorded; run it again.".strip()
        raise
    return done


def _taken_on(series: str, ledger: LedgerFolder) -> int | None:
    """Tell when a message was taken on that was decided on before, so that it is the same again."""
    with open_for_reading(ledger) as opened:
        hits = opened.search(f'kind=decision source="{series}"', limit=1).hits
    return hits[0].content.get("at_ms") if hits else None


def _remember(
    engine: Engine, history: Path, at_ms: int, channel: Channel, progress: Progress
) -> None:
    """Let earlier payments count in the windows."""
    done = 0
    for chunk in open_payments(history, channel, progress).chunks(at_ms):
        for payment in chunk.payments:
            engine.remember(payment)
        done += len(chunk.payments)
        progress(done, None, "earlier payments")


def _record(
    engine: Engine,
    read: Message,
    trails: list[Trail],
    statuses: list[TransferStatus],
    ledger: LedgerFolder,
    series: str,
    *,
    sealed: bool,
) -> tuple[int, ...]:
    """Record the decisions under the message's digest, once, and wait until they are durable."""
    with open_for_writing(ledger) as opened:
        maker = record_rules(opened, engine.rules)
        about = Reference(digest=read.digest, role="message", name=read.definition)

        def said(status: TransferStatus, trail: Trail) -> Said:
            person = person_of(trail.payment) if sealed else None
            return decision_said(
                trail,
                maker.reference,
                person=person,
                purpose=PURPOSE,
                outcome=_outcome(status, trail),
                based_on=(about,),
                note=" ".join(_why(status, trail)),
                at_ms=trail.payment.at_ms,
            )

        listed = [said(*one) for one in zip(statuses, trails, strict=True)]
        return opened.record_statements(listed, source=series, first=0).result().indices


def _decided(status: TransferStatus, trail: Trail, entry: int | None) -> DecidedTransfer:
    one = status.transfer
    return DecidedTransfer(
        one.end_to_end_id,
        one.tx_id,
        one.uetr,
        _outcome(status, trail),
        status.status,
        status.reasons,
        tuple(_why(status, trail)),
        entry,
    )


def _outcome(status: TransferStatus, trail: Trail) -> str:
    return "refuse" if status.status == "RJCT" else trail.outcome


def _why(status: TransferStatus, trail: Trail) -> list[str]:
    found = [f"{one.code}: {one.says}." for one in status.transfer.faults]
    return found + [f"{one.rule.name}: {one.rule.reason}" for one in trail.reasons]
