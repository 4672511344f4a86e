"""A ledger with a few thousand records of every kind, made once and copied for each test."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

import counterfoil
from counterfoil.formats.batch import BATCH_PAYLOAD_TYPE, Batch, member_hash
from counterfoil.formats.batch import format as format_batch
from counterfoil.formats.envelope import (
    STATEMENT_PAYLOAD_TYPE,
    format_unsigned_statement,
)
from counterfoil.formats.predicates import Record, format_predicate, uri_of
from counterfoil.formats.statement import Statement, Subject, sha256_subject
from counterfoil.formats.statement import format as format_statement
from counterfoil.ledger import Ledger
from counterfoil.log import Submission
from counterfoil.ports import Span
from counterfoil.proofs.merkle import root_of
from counterfoil.storage import StatementKey
from tests.ledgers import CORE_STATEMENTS, OWNER, copy_ledger, envelope_by, key_of, parts_of

__all__ = [
    "BATCH_ROWS",
    "PARTIAL_BUNDLE",
    "batch_of",
    "busy_ledger",
    "force",
    "foreign_statement",
    "record_statement",
    "small_ledger",
    "statement",
]

BATCH_ROWS = 1800
"""Rows of its largest source, `file:rows`."""

PARTIAL_BUNDLE = "tile/entries/008.p"
"""Folder of its last bundle."""


def busy_ledger(folder: Path) -> Path:
    """Put a closed ledger of about 2,300 entries into `folder`, which must not be there."""
    shutil.copytree(_template(BATCH_ROWS, 300), folder)
    return folder


def small_ledger(folder: Path) -> Path:
    """Put a closed ledger with a few records of every kind into `folder`."""
    shutil.copytree(_template(20, 5), folder)
    return folder


@cache
def _template(rows: int, singles: int) -> Path:
    parent = Path(tempfile.mkdtemp(prefix="counterfoil-tests-"))
    atexit.register(shutil.rmtree, parent, ignore_errors=True)
    folder = copy_ledger(parent / "ledger")
    with counterfoil.open(folder) as ledger:
        _fill(folder, ledger, rows, singles)
    return folder


def _fill(folder: Path, ledger: Ledger, count: int, singles: int) -> None:
    rows = [{"row": number, "amount_minor": number * 37 % 9999} for number in range(count)]
    ledger.record_many(rows[: count // 2], source="file:rows")
    ledger.publish()
    for done in [ledger.record_later({"single": number}) for number in range(singles)]:
        done.result()
    ledger.record({"book": 1}, expect={"book": (None, 1), "open": (None, "yes")})
    corrected = ledger.record({"book": 2}, expect={"book": (1, 2), "open": ("yes", None)})
    ledger.record({"book": 3}, corrects=corrected.index, expect={"book": (2, 3)})
    for _ in range(2):
        ledger.record({"large": "x" * 60_000})
    ledger.record_statement("https://other.example/note/v1", {"text": "numbered"})
    ledger.record_block([{"reading": number} for number in range(200)], source="meters")
    ledger.key_admin.rotate("a year is over")
    ledger.key_admin.add("decider", "decider")
    for kind, fields in CORE_STATEMENTS.items():
        ledger.record_statement(kind, fields)
    ledger.append(_signed(key_of(folder), foreign_statement({"free": "of numbers"})))
    for number in range(25):
        ledger.record({"many": number}, source=f"source {number % 5}", number=number)
    ledger.record_many(rows[count // 2 :], source="file:rows", first=count // 2)
    ledger.publish()


def foreign_statement(predicate: dict[str, Any]) -> bytes:
    """Make a statement of a type that is none of ours."""
    content = msgspec.json.encode(predicate)
    subject = sha256_subject("thing", content)
    return format_statement(
        Statement((subject,), "https://other.example/thing/v1", msgspec.Raw(content))
    )


def statement(number: int, source: str = "forged", **changes: Any) -> bytes:
    """Make a record statement; changes: of its fields, `subject` for its subject's digest."""
    content = b'{"forged":%d}' % number
    subject = changes.pop("subject", None)
    subjects: Sequence[Subject] = (
        [sha256_subject("content", content)]
        if subject is None
        else [Subject(digest={"sha256": subject}, name="content")]
    )
    fields = {"issuer": OWNER, "source": source, "number": number, **changes}
    record = Record(content=msgspec.Raw(content), **fields)
    return format_statement(
        Statement(tuple(subjects), uri_of(record), msgspec.Raw(format_predicate(record)))
    )


def record_statement(key: StatementKey, payload: bytes) -> bytes:
    """Make the entry of a statement that `key` signed."""
    return _signed(key, payload)


def batch_of(key: StatementKey, origin: str, payloads: Sequence[bytes], /, **changes: Any) -> bytes:
    """Make the entry of a batch over statements; changes: of the batch's fields."""
    batch = Batch(1000, len(payloads), "00" * 16, origin, root_of(map(member_hash, payloads)).hex())
    text = format_batch(msgspec.structs.replace(batch, **changes))
    return envelope_by(text, BATCH_PAYLOAD_TYPE, key)


def force(ledger: Ledger, *entries: bytes, spans: Sequence[Span] = (), **more: Any) -> int:
    """Append entries without any check, as an operator who cheats could; gives the first's index.

    A payload of a statement, which begins otherwise than an entry, becomes an unsigned member.
    """
    wrapped = [
        format_unsigned_statement(entry) if entry.startswith(b'{"_type"') else entry
        for entry in entries
    ]
    submission = Submission(wrapped, spans, **more)
    return parts_of(ledger).log.submit(submission).result().first


def _signed(key: StatementKey, payload: bytes) -> bytes:
    return envelope_by(payload, STATEMENT_PAYLOAD_TYPE, key)
