"""Bring keys into force and end them, by statements in the log itself.

A key change is signed and queued under the writer's lock and must get the index it was checked
for, so every entry stands clearly before or after it.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Final

from counterfoil.errors import (
    Conflict,
    CounterfoilError,
    FatalLogError,
    InputError,
    Refused,
    VerificationError,
)
from counterfoil.formats import envelope as envelopes
from counterfoil.formats.ascii import encode_base64
from counterfoil.formats.envelope import STATEMENT_PAYLOAD_TYPE, Envelope, Signature, pae
from counterfoil.formats.predicates import Key
from counterfoil.formats.receipt import KEYS_MAX
from counterfoil.formats.statement import sha256_subject
from counterfoil.formats.vkey import KeyType
from counterfoil.ledger.create import LOG_KEY, LOG_PQ_KEY, PRODUCER_KEY, RECOVERY_KEY
from counterfoil.ledger.receipts import key_statement
from counterfoil.ledger.results import Recorded
from counterfoil.ledger.writer import Writer
from counterfoil.log import Submission
from counterfoil.ports import Span
from counterfoil.proofs.keyring import KeyPeriod, Keyring
from counterfoil.proofs.merkle import leaf_hash
from counterfoil.storage import KeyFiles, StatementKey, statement_key

__all__ = ["KeyAdmin"]

_RESERVED: Final = frozenset((LOG_KEY, LOG_PQ_KEY, PRODUCER_KEY))
_Make = Callable[[dict[str, object]], Key]


class KeyAdmin:
    """The keys of a ledger's organisation: files and statements.

    keyring: as of the log's head; kept up to date here.
    """

    def __init__(self, writer: Writer, keys: KeyFiles, keyring: Keyring) -> None:
        self._writer, self._keys, self.keyring = writer, keys, keyring

    def rotate(self, why: str = "", *, by_recovery: bool = False) -> Recorded:
        """Replace the producer key by a new one, signed by the old.

        The old key's file is kept under another name; its earlier entries stay good.
        by_recovery: sign with the recovery key instead. After a theft, do that and then revoke
        the old key from its first bad entry on: what a stolen key signed, also a new key, is void.
        Raises Refused with code key.recovery-missing, VerificationError when the old key may not.
        """
        with self._writer.door:
            old = self._writer.producer.key
            signer = self._recovery_key() if by_recovery else old
            fresh_name = f"{PRODUCER_KEY}-{secrets.token_hex(4)}"
            fresh = self._make_key(fresh_name, PRODUCER_KEY)

            def make(header: dict[str, object]) -> Key:
                return _addition(header, fresh, "producer", why, replaces=old.keyid)

            recorded = self._state_new(fresh_name, make, signer, fresh)
            self._writer.producer.key = fresh
            self._keys.rename(PRODUCER_KEY, f"{PRODUCER_KEY}-until-{recorded.index}")
            self._keys.rename(fresh_name, PRODUCER_KEY)
        return recorded

    def add(self, name: str, role: str, why: str = "") -> Recorded:
        """Make a further key of the organisation, in file `<name>.key`, for one role.

        role: producer, recovery, witness, anchor or decider.
        Raises InputError with code key.exists, key.file-name or predicate.malformed, Refused with
        code key.recovery-missing.
        """
        with self._writer.door:
            if name in self._keys.names() or name in _RESERVED:
                raise InputError(
                    "key.exists",
                    f"expected a new key name, found {name} taken",
                    hint="Choose another name; `counterfoil key ls` lists the keys.",
                )
            signer = self._signer_for(role)
            fresh = self._make_key(name, name)

            def make(header: dict[str, object]) -> Key:
                return _addition(header, fresh, role, why)

            return self._state_new(name, make, signer, self._writer.producer.key)

    def revoke(self, keyid: str, why: str = "", from_index: int | None = None) -> Recorded:
        """End a key, from an entry on; signed by the recovery key, or by the producer key.

        keyid: 64 hexadecimal digits or a prefix that is unique. from_index: first entry for which
        the key counts no more, also an earlier one; the next entry when None. Keys that it added
        at or after that entry are void.
        Raises InputError with code key.unknown, Refused with code key.last when the key that
        signs now would end.
        """
        with self._writer.door:
            found = [p for p in self.keyring.periods if p.keyid.startswith(keyid)]
            if len(found) != 1:
                raise InputError(
                    "key.unknown",
                    f"expected the id of one key, found {len(found)} for {keyid[:80]!a}",
                    hint="`counterfoil key ls` lists the keys.",
                )
            target, current = found[0], self._writer.producer.key
            if target.keyid == current.keyid:
                raise _last(
                    "expected another key than the one that signs now, found that one",
                    "Rotate first: `counterfoil key rotate`; then revoke the old key.",
                )

            def make(header: dict[str, object]) -> Key:
                return Key(
                    action="revoke",
                    keyid=target.keyid,
                    role=target.role,  # type: ignore[arg-type]  # it was one when it was added
                    from_index=from_index,
                    why=why,
                    **header,  # type: ignore[arg-type]  # fields of one header
                )

            return self._state(make, self._signer_for(target.role), current)

    def _make_key(self, name: str, key_name: str) -> StatementKey:
        return statement_key(self._keys.create(name, key_name, KeyType.ED25519))

    def _signer_for(self, role: str) -> StatementKey:
        """Sign with a recovery key where one is at hand; else with the producer key."""
        try:
            return self._recovery_key()
        except Refused:
            if role == RECOVERY_KEY:
                raise
            return self._writer.producer.key

    def _recovery_key(self) -> StatementKey:
        """Find a recovery key that counts now: `recovery.key`, or the file of a later one."""
        at = self._writer.log.head.size
        wanted = {
            period.keyid
            for period in self.keyring.periods
            if period.role == RECOVERY_KEY and self._counts(period, at)
        }
        for name in self._keys.names():
            try:
                key = self._keys.load_statement_key(name)
            except CounterfoilError:
                continue  # another kind of key, or not ours to read
            if key.keyid in wanted:
                return key
        raise Refused(
            "key.recovery-missing",
            "expected the recovery key at hand, found no file of one that counts",
            hint="Bring keys/recovery.key back from where you keep it.",
        )

    def _counts(self, period: KeyPeriod, at: int) -> bool:
        try:
            self.keyring.require(period.keyid, at, (RECOVERY_KEY,))
        except VerificationError:
            return False
        return period.organisation == self._writer.producer.organisation

    def _state_new(
        self, name: str, make: _Make, signer: StatementKey, producer: StatementKey
    ) -> Recorded:
        """State a key that was just made; its file goes when it surely did not come into force."""
        try:
            return self._state(make, signer, producer)
        except FatalLogError:
            raise  # perhaps it is in the log: opening the ledger again finds out
        except BaseException:
            self._keys.discard(name)
            raise

    def _state(self, make: _Make, signer: StatementKey, producer: StatementKey) -> Recorded:
        """Sign a key statement, try it on a copy of the keyring, and append it at that index.

        producer: the key that will sign the next entry, which must count then.
        """
        writer = self._writer
        source = f"keys:{signer.keyid[:16]}"
        with writer.door:  # what is queued already comes first; after it nothing does
            _require_room(len(writer.store.key_entries()))
            while True:
                index = writer.log.head.size
                number = writer.store.next_number(writer.producer.organisation, source)
                header: dict[str, object] = {
                    "issuer": writer.producer.organisation,
                    "organisation": writer.producer.organisation,
                    "source": source,
                    "number": number,
                    "at_ms": writer.log.clock.now_ms(),
                    "audience": writer.log.origin,
                }
                entry = self._sign(make(header), signer)
                trial = self._try(index, entry, producer)
                span = Span(writer.producer.organisation, source, number, 1, 0)
                done = writer.queue(Submission([entry], [span], key_entries=[0], at=index))
                try:
                    done.result()
                except Conflict as err:
                    if err.code != "log.moved":
                        raise
                    continue
                self.keyring = trial
                return Recorded(index, leaf_hash(entry).hex(), source, number)

    def _sign(self, predicate: Key, signer: StatementKey) -> bytes:
        owner = predicate.organisation
        payload = self._writer.producer.statement(
            predicate, [sha256_subject(owner, owner.encode())]
        )
        signature = signer.sign(pae(STATEMENT_PAYLOAD_TYPE, payload))
        signed = Envelope(payload, STATEMENT_PAYLOAD_TYPE, (Signature(signer.keyid, signature),))
        return envelopes.format(signed)

    def _try(self, index: int, entry: bytes, producer: StatementKey) -> Keyring:
        parsed = key_statement(entry)
        if parsed is None:  # pragma: no cover - it was just made
            raise VerificationError("key.statement", "expected a key statement, found another")
        trial = self.keyring.copy()
        trial.apply(index, *parsed)
        try:
            trial.require(producer.keyid, index + 1)
        except VerificationError as err:
            raise _last(
                f"expected the key that signs next to count afterwards, but: {err.message}",
                "Rotate with the recovery key first: what a key signed after its end is void.",
            ) from err
        return trial


def _addition(
    header: dict[str, object],
    fresh: StatementKey,
    role: str,
    why: str,
    replaces: str | None = None,
) -> Key:
    return Key(
        action="add",
        keyid=fresh.keyid,
        role=role,  # type: ignore[arg-type]  # checked when it is formatted
        public=encode_base64(fresh.public),
        replaces=replaces,
        why=why,
        **header,  # type: ignore[arg-type]  # fields of one header
    )


def _require_room(count: int) -> None:
    if count >= KEYS_MAX:
        raise Refused(
            "key.too-many",
            f"expected fewer than {KEYS_MAX} key statements, since every receipt carries them "
            f"all, found {count}",
            hint="Freeze this log and go on in a successor: `counterfoil recover --successor`.",
        )


def _last(message: str, hint: str) -> Refused:
    return Refused("key.last", message, hint=hint)
