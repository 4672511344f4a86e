"""Make signed entries of what an organisation wants to say.

One statement with a signature of its own, or many under batch signatures. The fast path for rows
writes the statement's bytes from a template; a test holds it equal to the slow way. This module
refuses to know where an entry will stand.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

import msgspec

from counterfoil.errors import InputError
from counterfoil.formats import batch as batches
from counterfoil.formats import envelope as envelopes
from counterfoil.formats import statement as statements
from counterfoil.formats.batch import BATCH_PAYLOAD_TYPE, Batch, member_hash
from counterfoil.formats.envelope import STATEMENT_PAYLOAD_TYPE, Envelope, Signature
from counterfoil.formats.json_text import MAX_DEPTH, parse
from counterfoil.formats.predicates import Header, format_predicate, uri_of
from counterfoil.formats.statement import Statement, Subject
from counterfoil.ports import Span
from counterfoil.proofs.merkle import root_of
from counterfoil.storage import StatementKey
from counterfoil.units import ENTRY_MAX_BYTES

__all__ = [
    "CONTENT_MAX_DEPTH",
    "INLINE_CONTENT_MAX_BYTES",
    "STATEMENT_MAX_BYTES",
    "Producer",
    "SignedBatch",
]

STATEMENT_MAX_BYTES: Final = (ENTRY_MAX_BYTES - 400) // 4 * 3
"""Largest statement that fits into an entry with its envelope and one signature, bytes."""

INLINE_CONTENT_MAX_BYTES: Final = 40_000
"""Largest content that stands inside its statement; larger content is kept beside the log."""

CONTENT_MAX_DEPTH: Final = MAX_DEPTH - 2
"""Deepest nesting of content in its statement, levels: statement and predicate are around it."""

_NONCE_BYTES: Final = 16

_HEAD: Final = b'{"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"sha256":"'
_MIDDLE: Final = (
    b'"},"name":"content"}],"predicateType":"https://counterfoil.dev/record/v1","predicate":'
)
_HEADER: Final = msgspec.json.Decoder(Header)


@dataclass(frozen=True, slots=True)
class SignedBatch:
    """Entries of statements and of the batch signatures among them.

    offsets: where each statement stands in `entries`. spans: runs of numbers, from offset 0.
    """

    entries: list[bytes]
    offsets: list[int]
    spans: list[Span]


class Producer:
    """Signs for one organisation into one log.

    key: its producer key. batch_members: statements under one batch signature, 1 to 1024.
    """

    def __init__(
        self, key: StatementKey, organisation: str, origin: str, batch_members: int
    ) -> None:
        self.key, self.organisation = key, organisation
        self._origin, self._members = origin, batch_members

    def statement(self, predicate: Header, subjects: Sequence[Subject]) -> bytes:
        """Make a statement's payload.

        Raises InputError with code statement.size, statement.audience or its shape's.
        """
        self._require_audience(predicate)
        return _bounded(
            statements.format(
                Statement(
                    tuple(subjects), uri_of(predicate), msgspec.Raw(format_predicate(predicate))
                )
            )
        )

    def registered(self, uri: str, predicate: Header, subjects: Sequence[Subject]) -> bytes:
        """Make the payload of a statement of a registered kind; errors as `statement`."""
        self._require_audience(predicate)
        text = msgspec.Raw(msgspec.json.encode(predicate))
        return _bounded(statements.format_checked(Statement(tuple(subjects), uri, text)))

    def record_statement(self, header: Header, content: bytes) -> bytes:
        """Make the statement that records `content`.

        content: compact JSON object, checked by `json_text`, at most INLINE_CONTENT_MAX_BYTES.
        Equal to `statement(Record(...))` at a third of its cost.
        Raises InputError with code predicate.malformed, statement.audience, statement.size or
        json.depth.
        """
        self._require_audience(header)
        _require_depth(content)
        try:
            said = msgspec.json.encode(header)
            _HEADER.decode(said)
        except (msgspec.ValidationError, TypeError, ValueError, OverflowError) as err:
            raise InputError(
                "predicate.malformed", f"expected a header of a record, but: {err}"
            ) from err
        digest = sha256(content).hexdigest().encode()
        return _bounded(b'%s%s%s%s,"content":%s}}' % (_HEAD, digest, _MIDDLE, said[:-1], content))

    def row_statements(self, source: str, first: int, contents: Sequence[bytes]) -> list[bytes]:
        """Make a record statement of each row.

        contents: compact JSON objects, checked by `json_text`, at most INLINE_CONTENT_MAX_BYTES.
        first: number of the first. Equal to `statement(Record(...))` at a tenth of its cost.
        Raises InputError with code json.depth.
        """
        for content in contents:
            _require_depth(content)
        said = msgspec.json.encode({"issuer": self.organisation, "source": source})
        middle = b'%s%s,"number":' % (_MIDDLE, said[:-1])
        return [
            b'%s%s%s%d,"content":%s}}'
            % (_HEAD, sha256(content).hexdigest().encode(), middle, number, content)
            for number, content in enumerate(contents, first)
        ]

    def sign(self, payload: bytes) -> bytes:
        """Make the entry of one statement with its own signature."""
        return self._signed(STATEMENT_PAYLOAD_TYPE, payload)

    def sign_batch(
        self, payloads: Sequence[bytes], at_ms: int, source: str, first: int
    ) -> SignedBatch:
        """Make the entries of many numbered statements under batch signatures.

        at_ms: when, Unix ms. source, first: their series and the first one's number.
        """
        entries: list[bytes] = []
        offsets: list[int] = []
        spans: list[Span] = []
        nonces = secrets.token_bytes(_NONCE_BYTES * (-(-len(payloads) // self._members)))
        for at in range(0, len(payloads), self._members):
            nonce, nonces = nonces[:_NONCE_BYTES], nonces[_NONCE_BYTES:]
            run = payloads[at : at + self._members]
            spans.append(Span(self.organisation, source, first + at, len(run), len(entries)))
            offsets.extend(range(len(entries), len(entries) + len(run)))
            entries.extend(map(envelopes.format_unsigned_statement, run))
            entries.append(self._batch_entry(run, at_ms, nonce))
        return SignedBatch(entries, offsets, spans)

    def _require_audience(self, header: Header) -> None:
        """Refuse what was made for another log: no receipt of it would verify."""
        if header.audience not in (None, self._origin):
            raise InputError(
                "statement.audience",
                f"expected a statement for this log, {self._origin}, "
                f"found one for {str(header.audience)[:80]!a}",
                hint="Record it in the log that it is for, or leave the audience out.",
            )

    def _batch_entry(self, payloads: Sequence[bytes], at_ms: int, nonce: bytes) -> bytes:
        root = root_of(map(member_hash, payloads)).hex()
        batch = Batch(at_ms, len(payloads), nonce.hex(), self._origin, root)
        return self._signed(BATCH_PAYLOAD_TYPE, batches.format(batch))

    def _signed(self, payload_type: str, payload: bytes) -> bytes:
        signature = self.key.sign(envelopes.pae(payload_type, payload))
        signed = Envelope(payload, payload_type, (Signature(self.key.keyid, signature),))
        return envelopes.format(signed)


def _require_depth(content: bytes) -> None:
    """Refuse content that nobody could read inside its statement."""
    if content.count(b"{") + content.count(b"[") > CONTENT_MAX_DEPTH:  # else it cannot be
        parse(content, max_depth=CONTENT_MAX_DEPTH)


def _bounded(payload: bytes) -> bytes:
    if len(payload) > STATEMENT_MAX_BYTES:
        raise InputError(
            "statement.size",
            f"expected a statement of at most {STATEMENT_MAX_BYTES} bytes, found {len(payload)}",
            hint="Keep what is large beside the log and record its digest.",
        )
    return payload
