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
    TransferStatus,
    read_pacs008,
    status_of,
    write_pacs002,
)
from counterfoil.apps.finance.rules import OUTCOMES, PASS, Engine, Trail
from counterfoil.apps.finance.rules.recorded import decision_said, person_of, record_rules
from counterfoil.errors import CounterfoilError
from counterfoil.ops.decisions import parse_time
from counterfoil.ops.documents import DocumentOut
from counterfoil.ops.files import keep_input, read_input, shown, write_file
from counterfoil.ops.finance.message_screening import NameHit, screen_transfers
from counterfoil.ops.finance.payment_files import open_payments
from counterfoil.ops.finance.rules import Jurisdiction, Rules, load_rules
from counterfoil.ops.finance.screening import Lists
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

    outcome: of rules and lists. status, reasons: as the report says. why: for the own house only.
    entry: of the decision; None where none was recorded.
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


@dataclass(frozen=True, slots=True)
class _Decided:
    """What rules and lists say of a transfer, and its status."""

    status: TransferStatus
    trail: Trail
    hits: tuple[NameHit, ...]

    @property
    def outcome(self) -> str:
        """What becomes of it: what is rejected for a fault is refused."""
        return "refuse" if self.status.status == "RJCT" else _gravest(self.trail, self.hits)

    @property
    def why(self) -> tuple[str, ...]:
        """Say why, for the own house."""
        found = [f"{one.code}: {one.says}." for one in self.status.transfer.faults]
        found += [f"{one.rule.name}: {one.rule.reason}" for one in self.trail.reasons]
        return (*found, *map(str, self.hits))

    def told(self, entry: int | None) -> DecidedTransfer:
        """Tell of it."""
        one, status = self.status.transfer, self.status
        return DecidedTransfer(
            one.end_to_end_id,
            one.tx_id,
            one.uetr,
            self.outcome,
            status.status,
            status.reasons,
            self.why,
            entry,
        )

    def said(self, maker: Reference, based_on: tuple[Reference, ...], *, sealed: bool) -> Said:
        """Write it as a decision; its note names nobody."""
        payment = self.trail.payment
        listed = [one.facts() for one in self.hits]
        rules = [f"{one.rule.name}: {one.rule.reason}" for one in self.trail.reasons]
        codes = [one.code for one in self.status.transfer.faults]
        note = [*codes, *rules, *(["A name may be on a list."] if listed else [])]
        return decision_said(
            self.trail,
            maker,
            person=person_of(payment) if sealed else None,
            purpose=PURPOSE,
            outcome=self.outcome,
            based_on=based_on,
            note=" ".join(note),
            at_ms=payment.at_ms,
            more={"screened": listed} if listed else None,
        )


def message(
    file: Annotated[
        Path, Param("A pacs.008 in XML, or - for standard input.", "FILE", holds="file")
    ],
    *,
    out: DocumentOut = STANDARD_STREAM,
    rules: Rules = None,
    jurisdiction: Jurisdiction = (),
    list: Lists = (),
    history: Annotated[
        Path | None,
        Param("Earlier payments, oldest first, for the rules' windows.", "FILE", holds="file"),
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

    With --list all names are screened, too, and a hit holds the transfer.

    The same message again, with the same rules, is the same decision. Raises InputError with code
    message.*, rules.*, payment.* or names.*, and as `Ledger.record_statements`.
    """
    keep_input(file, out)
    now_ms = time.time_ns() // 1_000_000
    at_ms = now_ms if at is None else parse_time(at, datetime.now(UTC))
    data = read_input(file, channel, MESSAGE_MAX_BYTES)
    engine = Engine(load_rules(rules, channel, jurisdiction), jurisdiction or None)
    series = f"message:{sha256(data).hexdigest()}#rules:{engine.rules.digest[:16]}"
    if record and at is None:
        at_ms = _taken_on(series, ledger) or at_ms
    read = read_pacs008(data, at_ms)
    if history is not None:
        _remember(engine, history, at_ms, channel, progress)
    trails = [engine.apply(one.payment) for one in read.transfers]
    screened = screen_transfers(read.transfers, list)
    header = tuple(one.code for one in read.faults)
    decided = tuple(
        _Decided(
            status_of(one, _gravest(trail, hits), accepted=accepted, faults=header), trail, hits
        )
        for one, trail, hits in zip(read.transfers, trails, screened.hits, strict=True)
    )
    statuses = [one.status for one in decided]
    report = write_pacs002(read, statuses, now_ms)
    entries: tuple[int, ...] | None = None
    if record:
        about = (Reference(digest=read.digest, role="message", name=read.definition),)
        entries = _record(engine, decided, (*about, *screened.lists), ledger, series, sealed=sealed)
    done = DecidedMessage(
        id=read.id,
        definition=read.definition,
        digest=read.digest,
        faults=tuple(f"{one.code}: {one.says}" for one in read.faults),
        transfers=tuple(
            one.told(None if entries is None else entries[place])
            for place, one in enumerate(decided)
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
    decided: tuple[_Decided, ...],
    based_on: tuple[Reference, ...],
    ledger: LedgerFolder,
    series: str,
    *,
    sealed: bool,
) -> tuple[int, ...]:
    """Record the decisions under the message's digest, once, and wait until they are durable."""
    with open_for_writing(ledger) as opened:
        maker = record_rules(opened, engine.rules).reference
        said = [one.said(maker, based_on, sealed=sealed) for one in decided]
        return opened.record_statements(said, source=series, first=0).result().indices


def _gravest(trail: Trail, hits: tuple[NameHit, ...]) -> str:
    """Hold what a list may mean, unless the rules say worse."""
    return max(trail.outcome, "hold" if hits else PASS, key=OUTCOMES.index)
