"""Bring keys into force and end them, by statements in the log itself.

A key change is signed and queued under the writer's lock and must get the index it was checked
for, so every entry stands clearly before or after it.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable

from counterfoil.errors import Conflict, InputError, Refused, VerificationError
from counterfoil.formats import envelope as envelopes
from counterfoil.formats.ascii import encode_base64
from counterfoil.formats.envelope import STATEMENT_PAYLOAD_TYPE, Envelope, Signature, pae
from counterfoil.formats.predicates import Key
from counterfoil.formats.statement import sha256_subject
from counterfoil.formats.vkey import KeyType
from counterfoil.ledger.create import PRODUCER_KEY, RECOVERY_KEY
from counterfoil.ledger.receipts import key_statement
from counterfoil.ledger.results import Recorded
from counterfoil.ledger.writer import Writer
from counterfoil.log import Submission
from counterfoil.ports import Span
from counterfoil.proofs.keyring import Keyring
from counterfoil.proofs.merkle import leaf_hash
from counterfoil.storage import KeyFiles, StatementKey, statement_key

__all__ = ["KeyAdmin"]

_TRIES = 100


class KeyAdmin:
    """The keys of a ledger's organisation: files and statements.

    keyring: as of the log's head; kept up to date here.
    """

    def __init__(self, writer: Writer, keys: KeyFiles, keyring: Keyring) -> None:
        self._writer, self._keys, self.keyring = writer, keys, keyring

    def rotate(self, why: str = "") -> Recorded:
        """Replace the producer key by a new one, signed by the old.

        The old key's file is kept under another name; its earlier entries stay good.
        Raises InputError or VerificationError when the old key may not.
        """
        old = self._writer.producer.key
        fresh_name = f"{PRODUCER_KEY}-{secrets.token_hex(4)}"
        fresh = statement_key(self._keys.create(fresh_name, PRODUCER_KEY, KeyType.ED25519))

        def make(header: dict[str, object]) -> Key:
            return Key(
                organisation=self._writer.producer.organisation,
                action="add",
                keyid=fresh.keyid,
                role="producer",
                public=encode_base64(fresh.public),
                replaces=old.keyid,
                why=why,
                **header,  # type: ignore[arg-type]  # fields of one header
            )

        with self._writer.door:
            recorded = self._state(make, old)
            self._writer.producer.key = fresh
            self._keys.rename(PRODUCER_KEY, f"{PRODUCER_KEY}-until-{recorded.index}")
            self._keys.rename(fresh_name, PRODUCER_KEY)
        return recorded

    def add(self, name: str, role: str, why: str = "") -> Recorded:
        """Make a further key of the organisation, in file `<name>.key`, for one role.

        role: producer, recovery, witness, anchor or decider.
        """
        if name in self._keys.names():
            raise InputError("key.exists", f"expected a new key name, found {name} taken")
        fresh = statement_key(self._keys.create(name, name, KeyType.ED25519))

        def make(header: dict[str, object]) -> Key:
            return Key(
                organisation=self._writer.producer.organisation,
                action="add",
                keyid=fresh.keyid,
                role=role,  # type: ignore[arg-type]  # checked when it is formatted
                public=encode_base64(fresh.public),
                why=why,
                **header,  # type: ignore[arg-type]  # fields of one header
            )

        return self._state(make, self._signer_for(role))

    def revoke(self, keyid: str, why: str = "", from_index: int | None = None) -> Recorded:
        """End a key, from an entry on; signed by the recovery key, or by the producer key.

        keyid: 64 hexadecimal digits or a prefix that is unique. from_index: first entry for which
        the key counts no more, also an earlier one; the next entry when None.
        Raises InputError with code key.unknown, Refused with code key.last.
        """
        found = [p for p in self.keyring.periods if p.keyid.startswith(keyid)]
        if len(found) != 1:
            raise InputError(
                "key.unknown",
                f"expected the id of one key, found {len(found)} for {keyid!r}",
                hint="`counterfoil key ls` lists the keys.",
            )
        target = found[0]
        if target.keyid == self._writer.producer.key.keyid:
            raise Refused(
                "key.last",
                "expected another key than the one that signs now, found that one",
                hint="Rotate first: `counterfoil key rotate`; then revoke the old key.",
            )

        def make(header: dict[str, object]) -> Key:
            return Key(
                organisation=target.organisation,
                action="revoke",
                keyid=target.keyid,
                role=target.role,  # type: ignore[arg-type]  # it was one when it was added
                from_index=from_index,
                why=why,
                **header,  # type: ignore[arg-type]  # fields of one header
            )

        return self._state(make, self._signer_for(target.role))

    def _signer_for(self, role: str) -> StatementKey:
        """Sign with the recovery key where it is at hand; else with the producer key."""
        if RECOVERY_KEY in self._keys.names():
            return self._keys.load_statement_key(RECOVERY_KEY)
        if role == RECOVERY_KEY:
            raise Refused(
                "key.recovery-missing",
                "expected the recovery key at hand, found no file",
                hint="Bring keys/recovery.key back from where you keep it.",
            )
        return self._writer.producer.key

    def _state(self, make: Callable[[dict[str, object]], Key], signer: StatementKey) -> Recorded:
        """Sign a key statement, try it on a copy of the keyring, and append it at that index."""
        writer = self._writer
        source = f"keys:{signer.keyid[:16]}"
        for _ in range(_TRIES):
            with writer.door:
                index = writer.log.head.size
                number = writer.store.next_number(writer.producer.organisation, source)
                header: dict[str, object] = {
                    "issuer": writer.producer.organisation,
                    "source": source,
                    "number": number,
                    "at_ms": writer.log.clock.now_ms(),
                }
                entry = self._sign(make(header), signer)
                trial = self._try(index, entry)
                span = Span(writer.producer.organisation, source, number, 1, 0)
                done = writer.log.submit(Submission([entry], [span], key_entries=[0], at=index))
                try:
                    done.result()
                except Conflict as err:
                    if err.code != "log.moved":
                        raise
                    continue
                self.keyring = trial
                return Recorded(index, leaf_hash(entry).hex(), source, number)
        raise Conflict(
            "key.busy",
            "expected a quiet moment to change a key, found none",
            hint="Pause the writers and try again.",
        )

    def _sign(self, predicate: Key, signer: StatementKey) -> bytes:
        owner = predicate.organisation
        payload = self._writer.producer.statement(
            predicate, [sha256_subject(owner, owner.encode())]
        )
        signature = signer.sign(pae(STATEMENT_PAYLOAD_TYPE, payload))
        signed = Envelope(payload, STATEMENT_PAYLOAD_TYPE, (Signature(signer.keyid, signature),))
        return envelopes.format(signed)

    def _try(self, index: int, entry: bytes) -> Keyring:
        parsed = key_statement(entry)
        if parsed is None:  # pragma: no cover - it was just made
            raise VerificationError("key.statement", "expected a key statement, found another")
        trial = self.keyring.copy()
        trial.apply(index, *parsed)
        return trial
