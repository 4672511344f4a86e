"""Compliance rules: tested, recorded, and applied to payments with a trail.

What decides is in `apps.finance.rules`. This module refuses to change a rule.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Collection, Iterator
from concurrent.futures import Future
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Final

from counterfoil.apps.finance.rules import (
    RULES_MAX_BYTES,
    CaseResult,
    Engine,
    RuleSet,
    Trail,
    default_rules,
    read_rules,
    run_cases,
)
from counterfoil.apps.finance.rules.recorded import (
    RecordedRules,
    decision_said,
    list_rules,
    person_of,
    record_rules,
)
from counterfoil.apps.finance.rules.replaying import Replayed, replay_decision
from counterfoil.apps.finance.rules.shipped import default_text
from counterfoil.errors import CounterfoilError, InputError, Refused
from counterfoil.ledger import Ledger, RecordedMany
from counterfoil.ops.documents import DocumentFile, DocumentOut, give_out
from counterfoil.ops.files import read_input
from counterfoil.ops.finance.payment_files import Payments, open_payments
from counterfoil.ops.place import LedgerFolder, find_ledger, open_for_reading, open_for_writing
from counterfoil.ops.records import Entry, find_entry
from counterfoil.ports import STANDARD_STREAM, Channel, Document, Param, Progress, Said, no_progress

__all__ = ["Rules", "add", "default", "listing", "load_rules", "replay", "run", "test"]

_IN_FLIGHT: Final = 4

_File = Annotated[
    Path, Param("A file of rules in TOML, or - for standard input.", "FILE", holds="file")
]
Rules = Annotated[
    Path | None,
    Param("A file of rules in TOML; else those that are shipped.", "FILE", holds="file"),
]
"""The parameter that names rules."""

Jurisdiction = Annotated[
    tuple[str, ...], Param("Only the rules of this one, and those of any.", "NAME")
]
"""The parameter that says whose rules apply."""


def test(file: _File, *, channel: Channel) -> Iterator[CaseResult]:
    """Run the tests that stand with the rules, and tell of each.

    Ends with Refused with code rules.cases where one fails or a rule has none. Raises InputError
    with code rules.* for what is no file of rules.
    """
    failed = total = 0
    for one in run_cases(_read(file, channel)):
        failed, total = failed + (not one.passed), total + 1
        yield one
    if failed:
        raise Refused(
            "rules.cases",
            f"expected every case to pass, found {failed} of {total} that fail",
            hint="Mend the rule, or the case.",
        )


def default(*, out: DocumentOut = STANDARD_STREAM) -> Document | DocumentFile:
    """Print the rules that are shipped, to be copied and changed."""
    return give_out(default_text(), "application/toml", out)


def add(
    file: _File,
    *,
    accountable: Annotated[str | None, Param("The human who answers for them.", "NAME")] = None,
    ledger: LedgerFolder = None,
    channel: Channel,
) -> RecordedRules:
    """Record rules as a maker of decisions, once their own tests pass.

    Raises Refused with code rules.cases, and as `rules test`.
    """
    rules = _read(file, channel)
    with open_for_writing(ledger) as opened:
        return record_rules(opened, rules, accountable=accountable)


def listing(
    *,
    ledger: LedgerFolder = None,
    limit: Annotated[int, Param("At most so many.", "N", short="n")] = 50,
) -> Iterator[RecordedRules]:
    """List recorded rules, the newest first."""
    with open_for_reading(ledger) as opened:
        yield from list_rules(opened, limit)


def run(
    file: Annotated[
        Path,
        Param(
            "Payments: NDJSON, CSV or Parquet, or - for NDJSON on standard input.",
            "FILE",
            holds="file",
        ),
    ],
    *,
    rules: Rules = None,
    jurisdiction: Jurisdiction = (),
    every: Annotated[bool, Param("Tell of payments that pass, too.")] = False,
    record: Annotated[bool, Param("Record a decision for each payment.")] = False,
    sealed: Annotated[bool, Param("Record payments openly.")] = True,
    source: Annotated[
        str | None, Param("Name of the series of decisions; else the file's digest.", "NAME")
    ] = None,
    ledger: LedgerFolder = None,
    progress: Progress = no_progress,
    channel: Channel,
) -> Iterator[Trail]:
    """Apply rules to payments in order, and tell of those that do not pass.

    With --record a decision for each payment is durable before it is told of; run it again after it
    was interrupted, and what is recorded already is not recorded twice. Raises InputError with
    code rules.* or payment.* naming the row, and as `Ledger.record_statements`.
    """
    engine = Engine(load_rules(rules, channel, jurisdiction), jurisdiction or None)
    with ExitStack() as closing:
        payments = open_payments(file, channel, progress, source)
        if not record:
            told = _told(payments, engine, progress)
        else:
            folder = find_ledger(ledger)
            opened = closing.enter_context(open_for_writing(folder))
            told = _recorded(opened, payments, engine, progress, sealed=sealed)
        for trail in told:
            if every or trail.outcome != "pass":
                yield trail


def replay(
    entry: Entry,
    *,
    actor: Annotated[str, Param("Who looks; that what is sealed is opened is recorded.", "NAME")],
    ledger: LedgerFolder = None,
) -> Replayed:
    """Compute a decision by rules again, from what was recorded.

    Raises InputError with code rules.no-decision, NotFound, and as `person open`.
    """
    with open_for_writing(ledger) as opened:
        return replay_decision(opened, find_entry(opened, entry), actor=actor)


def load_rules(file: Path | None, channel: Channel, jurisdictions: Collection[str] = ()) -> RuleSet:
    """Read the rules that were named, or those that are shipped.

    Raises InputError with code rules.jurisdiction where one of `jurisdictions` has no rule: a
    misspelt one would let everything pass.
    """
    rules = default_rules() if file is None else _read(file, channel)
    there = {rule.jurisdiction for rule in rules.rules}
    for one in jurisdictions:
        if one not in there:
            raise InputError(
                "rules.jurisdiction",
                f"expected one of {', '.join(sorted(there))}, found {one[:40]!a}",
                hint="Name a jurisdiction as the rules do; without one, all rules apply.",
            )
    return rules


def _read(file: Path, channel: Channel) -> RuleSet:
    return read_rules(read_input(file, channel, RULES_MAX_BYTES))


def _told(payments: Payments, engine: Engine, progress: Progress) -> Iterator[Trail]:
    done = 0
    for chunk in payments.chunks(_now_ms()):
        for payment in chunk.payments:
            yield engine.apply(payment)
        done += len(chunk.payments)
        progress(done, payments.source.rows, "payments")


def _recorded(
    ledger: Ledger, payments: Payments, engine: Engine, progress: Progress, *, sealed: bool
) -> Iterator[Trail]:
    """Record chunk by chunk, a few ahead; tell of a chunk when it is durable."""
    rules = record_rules(ledger, engine.rules)
    series = f"{payments.id}#rules:{rules.said.digest[:16]}"[-255:]
    waiting: deque[tuple[Future[RecordedMany], list[Trail]]] = deque()
    done = 0

    def ended() -> list[Trail]:
        nonlocal done
        future, trails = waiting.popleft()
        future.result()
        done += len(trails)
        progress(done, payments.source.rows, "decisions recorded")
        return trails

    try:
        for chunk in payments.chunks(_now_ms()):
            trails = [engine.apply(payment) for payment in chunk.payments]
            said = _said(trails, rules, sealed=sealed)
            future = ledger.record_statements(said, source=series, first=chunk.first)
            waiting.append((future, trails))
            if len(waiting) >= _IN_FLIGHT:
                yield from ended()
        while waiting:
            yield from ended()
    except CounterfoilError as err:
        again = "Run it again to go on." if payments.again else "Name the stream with --source."
        err.hint = f"{err.hint} {done:,} payments before it are recorded. {again}".strip()
        raise


def _said(trails: list[Trail], rules: RecordedRules, *, sealed: bool) -> list[Said]:
    return [
        decision_said(one, rules.reference, person=person_of(one.payment) if sealed else None)
        for one in trails
    ]


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
