"""What must hold for any bytes that a parser meets: one check a parser.

A check returns for bytes that are refused with InputError, and fails for everything else that is
not right: another exception, a value that is written differently where the form is canonical, or
two readers that disagree. Imports nothing of the tests, so that a harness starts quickly.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

import msgspec

from counterfoil.apps.finance.messages import read_pacs008, status_of, write_pacs002
from counterfoil.apps.finance.rules import read_rules, run_cases
from counterfoil.errors import CounterfoilError, InputError
from counterfoil.formats import (
    batch,
    block,
    bundle,
    card,
    cbor,
    checkpoint,
    cose,
    cose_key,
    cose_receipt,
    cosignature,
    entry,
    envelope,
    evidence,
    json_text,
    note,
    policy,
    predicates,
    proposal,
    receipt,
    signed_statement,
    statement,
    tile,
    tlog_proof,
    verdict,
    vkey,
    witness_request,
)
from counterfoil.formats.statement import Statement, Subject
from counterfoil.proofs import equivocation
from counterfoil.proofs.cose_receipt import verify_cose_receipt
from counterfoil.proofs.verify import verify_receipt

__all__ = ["CHECKS"]

Check = Callable[[bytes], None]
_ANY_LOG: Final = policy.parse(
    b"log log.example/9f3a+fc42d9bd+AQz/qrMCM1OkZPLQ4LtmIpKgG+RhZ6guajsYpdoP3goD\nquorum none\n"
)
_URIS: Final = tuple(predicates.CORE)


def _canonical(parse: Callable[[bytes], Any], write: Callable[[Any], bytes]) -> Check:
    """Make the check of a format whose every value has one spelling."""

    def check(data: bytes) -> None:
        try:
            value = parse(data)
        except InputError:
            return
        assert write(value) == data, "expected the same bytes when written again"

    return check


def _json(data: bytes) -> None:
    try:
        value = json_text.parse(data)
    except InputError:
        return
    assert json.loads(data) == value
    again = json_text.format(value)
    assert json_text.parse(again) == value
    json.loads(json_text.canonicalise(value))


def _normalise(data: bytes) -> None:
    value = compact = None
    with suppress(InputError):
        value = json_text.parse(data)
    with suppress(InputError):
        compact = json_text.normalise_object(data)
    assert isinstance(value, dict) == (compact is not None), "expected one answer of both readers"
    if compact is not None:
        assert json_text.parse(compact) == value
        assert json_text.normalise_object(compact) == compact


def _statement(data: bytes) -> None:
    try:
        value = statement.parse(data)
    except InputError:
        return
    document = json.loads(data)
    assert document["_type"] == value.kind
    assert document["predicateType"] == value.predicate_type
    assert document["predicate"] == json.loads(bytes(value.predicate))
    assert statement.parse(statement.format(value)) == value


def _entry(data: bytes) -> None:
    try:
        value = entry.parse(data)
    except InputError:
        return
    if isinstance(value, entry.VerdictEntry):
        assert data.startswith(entry.VERDICT_TYPE_WORD)
        assert verdict.format(value.signed) == data
        return
    if isinstance(value, entry.CoseEntry):
        assert data.startswith(entry.COSE_MARK)
        assert signed_statement.entry_of(value.statement) == data
        json_text.format(signed_statement.describe(value.statement))
        return
    assert data[:1] == b"{"
    assert envelope.format(value.envelope) == data
    if isinstance(value, entry.StatementEntry):
        with suppress(InputError):
            predicates.parse_predicate(value.statement)


def _cose_receipt(data: bytes) -> None:
    try:
        value = cose_receipt.parse(data)
    except InputError:
        return
    assert cose_receipt.parse(cose_receipt.format(value)) == value
    with suppress(CounterfoilError):
        verify_cose_receipt(value, value.entry or b"e", _ANY_LOG)


def _cose_key(data: bytes) -> None:
    try:
        key, kid = cose_key.read_cose_key(data)
    except InputError:
        return
    again = cbor.format(cose_key.cose_key(key, kid or b""))
    assert cose_key.read_cose_key(again) == (key, kid or b"")
    assert cose_key.parse(cose_key.format(key)) == key


def _receipt(data: bytes) -> None:
    try:
        value = receipt.parse(data)
    except InputError:
        return
    assert json.loads(receipt.format(value)) == json.loads(data)
    assert receipt.parse(receipt.format(value)) == value


def _predicate(data: bytes) -> None:
    """Read the first byte as the predicate's type and the rest as the predicate."""
    uri = _URIS[data[0] % len(_URIS)] if data else "https://foreign.example"
    said = Statement((Subject({"a": "b"}),), uri, msgspec.Raw(data[1:]))
    try:
        value = predicates.parse_predicate(said)
        predicates.parse_header(said)
    except InputError:
        return
    if value is not None:
        again = Statement(said.subject, uri, msgspec.Raw(predicates.format_predicate(value)))
        assert predicates.parse_predicate(again) == value


def _verify(data: bytes) -> None:
    """Read a policy up to the first zero byte and a receipt after it."""
    trust, _, document = data.partition(b"\0")
    with suppress(CounterfoilError):
        verify_receipt(document, trust)


def _policy(data: bytes) -> None:
    try:
        value = policy.parse(data)
    except InputError:
        return
    written = policy.format(value)
    assert policy.format(policy.parse(written)) == written


def _text(parse: Callable[[str], Any], write: Callable[[Any], str]) -> Check:
    return _canonical(
        lambda data: parse(data.decode("latin-1")), lambda value: write(value).encode("latin-1")
    )


def _vkey(data: bytes) -> None:
    text = data.decode("latin-1")
    with suppress(InputError):
        assert vkey.format_vkey(vkey.parse_vkey(text)) == text
    with suppress(InputError):
        assert vkey.format_skey(vkey.parse_skey(text)) == text


def _convict(data: bytes) -> None:
    """Verify evidence; what passes names one key and two states that exclude each other."""
    with suppress(CounterfoilError):
        proven = equivocation.verify(data)
        assert proven.first != proven.second
        assert proven.first.origin == proven.second.origin == proven.key.name


def _message(data: bytes) -> None:
    """Read a pacs.008; what is read can be answered, and the answer has its form."""
    with suppress(InputError):
        read = read_pacs008(data, 0)
        write_pacs002(read, [status_of(one, "pass") for one in read.transfers], 0)


def _rules(data: bytes) -> None:
    """Read rules; what is read has digests, and its cases run or are refused."""
    with suppress(InputError):
        read = read_rules(data)
        assert all(len(one.digest) == 64 for one in read.rules)
        list(run_cases(read))


CHECKS: Final[dict[str, Check]] = {
    "json": _json,
    "normalise": _normalise,
    "envelope": _canonical(envelope.parse, envelope.format),
    "statement": _statement,
    "batch": _canonical(batch.parse, batch.format),
    "entry": _entry,
    "rows": _canonical(lambda data: list(block.parse_rows(data)), block.format_rows),
    "receipt": _receipt,
    "predicate": _predicate,
    "verify": _verify,
    "note": _canonical(note.parse, note.format),
    "signatures": _canonical(note.parse_signatures, note.format_signatures),
    "checkpoint": _canonical(checkpoint.parse, checkpoint.format),
    "cosignature": _canonical(cosignature.parse, cosignature.format),
    "cbor": _canonical(cbor.parse, cbor.format),
    "cose": _canonical(cose.parse, cose.format),
    "cose-receipt": _cose_receipt,
    "cose-key": _cose_key,
    "tlog-proof": _canonical(tlog_proof.parse, tlog_proof.format),
    "witness-request": _canonical(witness_request.parse, witness_request.format),
    "policy": _policy,
    "vkey": _vkey,
    "evidence": _canonical(evidence.parse, evidence.format),
    "convict": _convict,
    "card": _canonical(card.parse, card.format),
    "proposal": _canonical(proposal.parse, proposal.format),
    "bundle": _canonical(bundle.parse, bundle.format),
    "tile-path": _text(tile.parse_path, str),
    "message": _message,
    "rules": _rules,
}
"""Name -> check."""
