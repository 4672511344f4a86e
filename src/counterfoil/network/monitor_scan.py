"""Look at every new entry for the keys that sign: those that are watched, and those that change.

An entry that names a watched key is told of whether its signature holds or not: either may be an
abuse. This module refuses to decide who may sign: `proofs.keyring` does.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from counterfoil.errors import CounterfoilError
from counterfoil.formats import entry as entry_format
from counterfoil.formats import predicates
from counterfoil.formats.ascii import decode_base64
from counterfoil.formats.entry import BatchEntry, CoseEntry, StatementEntry, VerdictEntry
from counterfoil.formats.envelope import is_unsigned_statement, keyid_of, pae
from counterfoil.formats.predicates import Header, Key
from counterfoil.formats.signed_statement import KIND, SignedStatement, issued_ms, signed_bytes
from counterfoil.ledger.unwrap import kind_of
from counterfoil.network.monitor_state import MonitorState
from counterfoil.proofs.signature import verify_ed25519

__all__ = ["scan_entries"]


def scan_entries(
    state: MonitorState, first: int, entries: Iterable[bytes], watched: Sequence[str], at_ms: int
) -> None:
    """Tell of entries, from index `first` on, that watched keys signed or that change keys.

    watched: keyids, or their first digits. at_ms: now.
    """
    for index, data in enumerate(entries, first):
        if is_unsigned_statement(data):
            continue  # the batch signature after it is told of, with its count
        try:
            parsed = entry_format.parse(data)
            if isinstance(parsed, VerdictEntry):
                continue  # a decider's key signs for contracts; it is none of the log's
            if isinstance(parsed, CoseEntry):
                _tell_in_cose(state, index, parsed.statement, watched, at_ms)
                continue
            said = (
                None
                if isinstance(parsed, BatchEntry)
                else predicates.parse_predicate(parsed.statement)
            )
        except CounterfoilError:
            continue  # no entry of a kind that anybody can sign
        if isinstance(said, Key):
            _tell_key(state, index, said, at_ms)
        _tell_uses(state, index, parsed, said, watched, at_ms)


def _tell_key(state: MonitorState, index: int, said: Key, at_ms: int) -> None:
    if said.public is not None:
        try:
            public = decode_base64(said.public)
        except CounterfoilError:
            public = b""
        if keyid_of(public) == said.keyid:
            state.keys[said.keyid] = public
    state.tell(
        "key-added" if said.action == "add" else "key-revoked",
        at_ms,
        index=index,
        key=said.keyid,
        kind="key",
        role=said.role,
        organisation=said.organisation,
        entry_at_ms=said.at_ms,
    )


def _tell_uses(
    state: MonitorState,
    index: int,
    parsed: StatementEntry | BatchEntry,
    said: Header | None,
    watched: Sequence[str],
    at_ms: int,
) -> None:
    envelope = parsed.envelope
    for signature in envelope.signatures:
        if not any(signature.keyid.startswith(prefix) for prefix in watched):
            continue
        facts: dict[str, object] = {}
        if isinstance(parsed, BatchEntry):
            batch = parsed.batch
            facts = {"kind": "batch", "count": batch.count, "entry_at_ms": batch.at_ms}
        else:
            facts["kind"] = kind_of(parsed.statement.predicate_type)[0]
            facts["entry_at_ms"] = said.at_ms if said is not None else None
        public = state.keys.get(signature.keyid)
        facts["signature"] = _judge(public, envelope.payload_type, envelope.payload, signature.sig)
        state.tell("key-used", at_ms, index=index, key=signature.keyid, **facts)


def _tell_in_cose(
    state: MonitorState, index: int, said: SignedStatement, watched: Sequence[str], at_ms: int
) -> None:
    """Tell of a statement in COSE that names a watched key by its key id."""
    keyid = said.key.removeprefix("kid:")
    if any(keyid.startswith(prefix) for prefix in watched):
        facts: dict[str, object] = {"kind": KIND, "entry_at_ms": issued_ms(said)}
        message, sig = signed_bytes(said), said.message.signature
        facts["signature"] = _judge_over(state.keys.get(keyid), message, sig)
        state.tell("key-used", at_ms, index=index, key=keyid, **facts)


def _judge(public: bytes | None, payload_type: str, payload: bytes, sig: bytes) -> str:
    return _judge_over(public, pae(payload_type, payload), sig)


def _judge_over(public: bytes | None, message: bytes, sig: bytes) -> str:
    if public is None:
        return "unknown key"
    try:
        verify_ed25519(public, message, sig)
    except CounterfoilError:
        return "does not hold"
    return "holds"
