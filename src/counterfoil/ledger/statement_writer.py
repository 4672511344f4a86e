"""Record statements other than records: the core's, an app's own, and those of other signers.

Each is checked as far as it can be before it is signed or taken up. This module refuses records,
blocks and keys: they have their own ways in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from typing import Any

import msgspec

from counterfoil.errors import InputError, Refused, VerificationError
from counterfoil.formats import entry as entries
from counterfoil.formats import json_text, predicates, statement
from counterfoil.formats.entry import StatementEntry
from counterfoil.formats.envelope import identity
from counterfoil.formats.predicates import CORE, Block, Header, Key, LogFrozen, Record
from counterfoil.formats.predicates.registry import URI_BASE
from counterfoil.formats.statement import Statement, Subject, sha256_subject
from counterfoil.ledger.numbering import check_place
from counterfoil.ledger.results import Recorded
from counterfoil.ledger.writer import FROZEN, Draft, Writer, refuse_reserved
from counterfoil.ports import Span
from counterfoil.proofs.claims import check_claims
from counterfoil.proofs.keyring import KeyPeriod, Keyring
from counterfoil.proofs.verify import check_statement

__all__ = ["append_envelope", "record_statement"]

_OWN_WAYS = (Record, Block, Key)


def record_statement(
    writer: Writer,
    kind: str,
    fields: Mapping[str, Any],
    subjects: Sequence[Subject],
    source: str | None,
    number: int | None,
) -> Future[Recorded]:
    """Record a statement of this organisation.

    kind: `organisation`, `party`, `policy`, `mandate`, `log-frozen`, `equivocation`, or the URI
    of a predicate of somebody else. fields: of the predicate, without issuer, source and number.
    subjects: what it is about; for core statements its own fields' digest when empty.
    `log-frozen` about this log is its last entry: nothing is recorded after it.
    Raises InputError with code predicate.malformed, statement.fields or statement.kind;
    VerificationError when a claim does not hold; the future as `Writer.submit`.
    """
    if not isinstance(kind, str):
        raise _unknown_kind(kind)
    uri = kind if ":" in kind else f"{URI_BASE}{kind}/v1"
    source = writer.default_source if source is None else source
    check_place(source, number)
    text = _canonical(fields)
    issuer, now = writer.producer.organisation, writer.log.clock.now_ms()
    said: dict[str, Any] = {"at_ms": now, **fields, "issuer": issuer, "source": source}
    name = uri.removeprefix(URI_BASE).removesuffix("/v1") if uri in CORE else uri
    subject = list(subjects) or [sha256_subject(name, text)]
    if uri not in CORE:
        if ":" not in kind:
            raise _unknown_kind(kind)
        return writer.submit(Draft(lambda n: _foreign(uri, said, n, subject), source, number, {}))
    if CORE[uri] in _OWN_WAYS:
        raise _unknown_kind(kind)

    def make(number: int) -> bytes:
        return writer.producer.statement(_core(uri, said, number), subject)

    predicate = _core(uri, said, 0)
    check_claims(predicate)
    refuse_reserved(predicate.expect or {})
    if isinstance(predicate, LogFrozen) and predicate.origin == writer.log.origin:
        said["expect"] = {FROZEN: (None, predicate.successor or "no successor")}
        with writer.door:  # nothing may be queued behind a log's last entry
            ended = writer.submit(Draft(make, source, number, said["expect"]))
            ended.exception()
            return ended
    return writer.submit(Draft(make, source, number, predicate.expect or {}))


def append_envelope(
    writer: Writer, keyring: Callable[[], Keyring], data: bytes
) -> Future[Recorded]:
    """Append a signed envelope as it is, after checking it against the log's keys.

    keyring: tells the keys as of the log's head. data: a DSSE envelope in its canonical form, of
    one organisation whose keys are in the log.
    Raises InputError when it cannot be parsed, VerificationError when a signature, key or claim
    does not hold, Refused with code append.key or append.unsigned.
    """
    parsed = entries.parse(data)
    if not isinstance(parsed, StatementEntry) or not parsed.signed:
        raise Refused(
            "append.unsigned",
            "expected a statement with a signature of its own, found none",
            hint="Batches are recorded by their producer: use record_many.",
        )
    envelope = parsed.envelope
    predicate = predicates.parse_predicate(parsed.statement)
    if isinstance(predicate, Key):
        raise Refused(
            "append.key",
            "expected another statement than a key's, found one",
            hint="Keys are added, rotated and revoked by `counterfoil key`.",
        )
    with writer.door:  # no key changes meanwhile
        at, keys = writer.log.head.size, keyring()
        signers = [
            keys.verify_entry(
                at, envelope.payload_type, envelope.payload, signature.keyid, signature.sig
            )
            for signature in envelope.signatures
        ]
        _require_one_organisation(signers)
        check_statement(parsed, signers[0].organisation, writer.log.origin)
        if predicate is not None:
            check_claims(predicate)
        header = predicates.parse_header(parsed.statement)
        span = None if header is None else Span(*header, 1, 0)
        expect = predicate.expect if predicate is not None else None
        refuse_reserved(expect or {})
        return writer.append_foreign(data, span, identity(envelope), expect or {})


def _require_one_organisation(signers: Sequence[KeyPeriod]) -> None:
    """Refuse what no receipt could prove; see `proofs.verify`."""
    if len({signer.organisation for signer in signers}) != 1:
        raise VerificationError(
            "statement.signers", "expected signatures of one organisation, found several"
        )


def _canonical(fields: Mapping[str, Any]) -> bytes:
    """Check that a predicate's fields are JSON, and none of those that the ledger writes."""
    if not isinstance(fields, Mapping):
        raise InputError(
            "statement.fields", f"expected a mapping of fields, found {type(fields).__name__}"
        )
    given = sorted({"issuer", "source", "number"} & set(fields))
    if given:
        raise InputError(
            "statement.fields",
            f"expected fields of the predicate alone, found {given[0]}",
            hint="The ledger writes the issuer; give source and number beside the fields.",
        )
    return json_text.canonicalise(dict(fields))


def _core(uri: str, said: Mapping[str, Any], number: int) -> Header:
    try:
        return msgspec.convert({**said, "number": number}, CORE[uri])
    except msgspec.ValidationError as err:
        raise InputError(
            "predicate.malformed",
            f"expected a predicate {uri}, but: {err}",
            hint="`counterfoil schema` prints the shape of each statement.",
        ) from err


def _foreign(uri: str, said: Mapping[str, Any], number: int, subjects: list[Subject]) -> bytes:
    predicate = json_text.format({**said, "number": number})
    return statement.format(Statement(tuple(subjects), uri, msgspec.Raw(predicate)))


def _unknown_kind(kind: object) -> InputError:
    names = [uri.split("/")[-2] for uri, found in CORE.items() if found not in _OWN_WAYS]
    return InputError(
        "statement.kind",
        f"expected one of {', '.join(names)} or a predicate's URI, found {str(kind)[:80]!a}",
    )
