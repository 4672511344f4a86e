"""Record statements other than records: the core's, registered ones, and those of other signers.

Each is checked as far as it can be before it is signed or taken up. This module refuses records,
blocks and keys: they have their own ways in.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

import msgspec

from counterfoil.errors import InputError, Refused, VerificationError
from counterfoil.formats import entry as entries
from counterfoil.formats import json_text, predicates, statement
from counterfoil.formats.entry import StatementEntry
from counterfoil.formats.envelope import identity
from counterfoil.formats.predicates import (
    CORE,
    Block,
    Header,
    IssuerKey,
    Key,
    LogFrozen,
    Record,
    name_of,
)
from counterfoil.formats.sealed import Sealed
from counterfoil.formats.statement import Statement, Subject, sha256_subject
from counterfoil.ledger.issuers import condition_of, place_of
from counterfoil.ledger.numbering import check_place
from counterfoil.ledger.predicate_types import (
    check_registered,
    conditions_of,
    parse_registered,
    registered,
    resolve,
)
from counterfoil.ledger.results import Recorded
from counterfoil.ledger.sameness import says_the_same
from counterfoil.ledger.writer import FROZEN, Draft, Writer, refuse_reserved
from counterfoil.log.submission import Condition
from counterfoil.ports import Said, Span
from counterfoil.proofs.claims import check_claims
from counterfoil.proofs.keyring import KeyPeriod, Keyring
from counterfoil.proofs.verify import check_statement

__all__ = [
    "Drafted",
    "append_envelope",
    "ask_gate",
    "draft_statement",
    "record_statement",
]

_OWN_WAYS = (Record, Block, Key)
_ISSUER_KEYS = ("issuer-key", resolve("issuer-key"))
_SHA256 = re.compile(r"[0-9a-f]{64}")


def record_statement(
    writer: Writer,
    said: Said,
    source: str | None,
    number: int | None,
    same: Callable[[bytes, bytes], bool] = says_the_same,
    sealed: Sequence[Sealed] = (),
) -> Future[Recorded]:
    """Record a statement of this organisation, with a signature of its own.

    said: kind is `organisation`, `party`, `policy`, `mandate`, `log-frozen`, `equivocation`, the
    name of a registered kind such as `decision`, or the URI of a predicate of somebody else; what
    was to be sealed is sealed already. `log-frozen` about this log is its last entry: nothing is
    recorded after it. An `issuer-key` has a series and number of its own. same: as of `Draft`.
    sealed: what stands in place of `said.seal`, in order.
    Raises InputError with code predicate.malformed, statement.fields or statement.kind;
    VerificationError when a claim does not hold; the future as `Writer.submit`.
    """
    if said.kind in _ISSUER_KEYS:
        source, number = place_of(said.fields) or (source, number)
    source = writer.default_source if source is None else source
    check_place(source, number)
    drafted = draft_statement(writer, said, source, sealed)
    issuer = writer.producer.organisation
    if drafted.gated and (number is None or not writer.holds(issuer, source, number)):
        writer.admit(drafted.gated)
    draft = Draft(drafted.make, source, number, drafted.expect, same)
    if not drafted.last:
        return writer.submit(draft)
    with writer.door:  # nothing may be queued behind a log's last entry
        ended = writer.submit(draft)
        ended.exception()
        return ended


@dataclass(frozen=True, slots=True)
class Drafted:
    """A checked statement that has no number yet.

    last: it ends the log. gated: what the gate is asked about before it is new in the log.
    """

    make: Callable[[int], bytes]
    expect: Mapping[str, Condition]
    last: bool = False
    gated: tuple[tuple[str, Header], ...] = ()

    def require_many(self) -> None:
        """Refuse what cannot stand among many: conditions, and the log's end.

        Raises InputError with code statement.alone.
        """
        if self.expect or self.last:
            raise InputError(
                "statement.alone",
                "expected statements without conditions, found one that has some",
                hint="Record it by itself, with record_statement.",
            )


def draft_statement(
    writer: Writer, said: Said, source: str, sealed: Sequence[Sealed] = ()
) -> Drafted:
    """Check what is to be said; sealed and errors as of `record_statement`."""
    if not isinstance(said.kind, str):
        raise _unknown_kind(said.kind)
    uri = resolve(said.kind)
    _check_fields(said.fields)
    issuer, now = writer.producer.organisation, writer.log.clock.now_ms()
    groups = dict(zip(said.seal, sealed, strict=True)) if sealed else {}
    fields: dict[str, Any] = {**said.fields, **groups}
    subject = list(said.subjects)
    _check_subjects(subject)
    if not subject:
        plain = json_text.canonicalise(msgspec.to_builtins(fields))
        subject = [sha256_subject(name_of(uri), plain)]
    whole = {"at_ms": now, **fields, "issuer": issuer, "source": source}
    if uri in registered():  # which takes groups as they are
        return _draft_registered(writer, uri, whole, subject)
    whole = msgspec.to_builtins(whole)
    if uri in CORE:
        return _draft_core(writer, uri, whole, subject)
    if ":" not in said.kind:
        raise _unknown_kind(said.kind)
    return Drafted(lambda n: _foreign(uri, whole, n, subject), {})


def _draft_core(writer: Writer, uri: str, said: dict[str, Any], subject: list[Subject]) -> Drafted:
    if CORE[uri] in _OWN_WAYS:
        raise _unknown_kind(uri)
    predicate = _core(uri, said, 0)
    check_claims(predicate)
    refuse_reserved(predicate.expect or {})
    last = isinstance(predicate, LogFrozen) and predicate.origin == writer.log.origin
    if last and isinstance(predicate, LogFrozen):
        said["expect"] = {FROZEN: (None, predicate.successor or "no successor")}
        predicate = _core(uri, said, 0)
    if isinstance(predicate, IssuerKey):
        changed = condition_of(predicate, writer.store.counter)
        said["expect"] = {**(predicate.expect or {}), **changed}
        predicate = _core(uri, said, 0)

    def make(number: int) -> bytes:
        return writer.producer.statement(_core(uri, said, number), subject)

    return Drafted(make, predicate.expect or {}, last)


def _draft_registered(
    writer: Writer, uri: str, said: dict[str, Any], subject: list[Subject]
) -> Drafted:
    whole = {**said, "number": 0}
    try:
        predicate = check_registered(uri, whole)
    except InputError:  # or a shape of somebody's own that takes a sealed group as an object
        predicate = check_registered(uri, msgspec.to_builtins(whole))
    refuse_reserved(predicate.expect or {})

    def make(number: int) -> bytes:
        numbered = msgspec.structs.replace(predicate, number=number)
        return writer.producer.registered(uri, numbered, subject)

    return Drafted(make, predicate.expect or {}, gated=((uri, predicate),))


def ask_gate(writer: Writer, kind: str, fields: Mapping[str, Any], *, wait: bool = True) -> bool:
    """Ask the gate whether a model or decision may be recorded, before it is.

    kind, fields: as of `record_statement`. wait: else give False where the log must be looked at.
    Raises InputError with code predicate.malformed or check.policy, Refused with code check.*.
    """
    if writer.gate is None:
        return True
    uri = resolve(kind)

    def predicate() -> Header:
        place = {"issuer": writer.producer.organisation, "source": "-", "number": 0}
        return check_registered(uri, {**fields, **place})

    known = writer.gate.knows(uri, predicate)
    if wait and not known:
        writer.gate.admit([(uri, predicate())])
    return known or wait


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
    brought = parse_registered(parsed.statement)
    if isinstance(predicate, Key | IssuerKey):
        raise Refused(
            "append.key",
            "expected another statement than a key's, found one",
            hint="`counterfoil key` changes a ledger's keys, `counterfoil scitt` those of issuers.",
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
        expect = conditions_of(parsed.statement, predicate)
        refuse_reserved(expect)
        if brought is not None and not writer.holds(brought.issuer, brought.source, brought.number):
            writer.admit([(parsed.statement.predicate_type, brought)])
        return writer.append_foreign(data, span, identity(envelope), expect)


def _require_one_organisation(signers: Sequence[KeyPeriod]) -> None:
    """Refuse what no receipt could prove; see `proofs.verify`."""
    if len({signer.organisation for signer in signers}) != 1:
        raise VerificationError(
            "statement.signers", "expected signatures of one organisation, found several"
        )


def _check_fields(fields: Mapping[str, Any]) -> None:
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
    json_text.format(dict(fields))  # refuses what is no JSON at a fraction of canonicalising it


def _check_subjects(subjects: Sequence[object]) -> None:
    """Check that each is a subject, and its SHA-256 one by which it can be found."""
    for one in subjects:
        try:
            if not isinstance(one, Subject):
                raise TypeError(type(one).__name__)
            digest = msgspec.convert(msgspec.to_builtins(one), Subject).digest.get("sha256")
        except (msgspec.ValidationError, TypeError) as err:
            raise InputError("statement.malformed", f"expected a Subject, but: {err}") from err
        if digest is not None and _SHA256.fullmatch(digest) is None:
            raise InputError(
                "statement.malformed",
                f"expected a SHA-256 of 64 hexadecimal digits, lower case, found {digest[:80]!a}",
            )


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
    names = [name_of(uri) for uri, found in CORE.items() if found not in _OWN_WAYS]
    names += map(name_of, registered())
    return InputError(
        "statement.kind",
        f"expected one of {', '.join(names)} or a predicate's URI, found {str(kind)[:80]!a}",
    )
