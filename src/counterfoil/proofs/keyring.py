"""Decide which key may speak for whom at which entry, from the log's own key statements.

Validity goes by index, not by clock: a revocation says from which entry on a key's word counts no
more, and earlier entries stay good. A key that was added by a key whose word does not count is
void too. This module refuses keys from anywhere but the statements it is given.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from counterfoil.errors import VerificationError
from counterfoil.formats.ascii import decode_base64
from counterfoil.formats.entry import StatementEntry
from counterfoil.formats.envelope import keyid_of, pae
from counterfoil.formats.predicates import Key
from counterfoil.formats.predicates.registry import possession_text
from counterfoil.proofs.signature import verify_ed25519

__all__ = ["KeyPeriod", "Keyring"]

_ADMIN_ROLES = ("producer", "recovery")


@dataclass(frozen=True, slots=True)
class KeyPeriod:
    """A key and the entries that it may sign.

    keyid: 64 hexadecimal digits. public: 32 bytes. organisation: URI. role: see `Key`.
    first: first entry index for which it counts. end: first index for which it counts no more,
    None while it does. added_at: index of the statement that added it; added_by: who signed that.
    """

    keyid: str
    public: bytes
    organisation: str
    role: str
    first: int
    end: int | None
    added_at: int
    added_by: str


class Keyring:
    """The keys of a log's organisations, as of the last statement that was applied."""

    def __init__(self) -> None:
        self._keys: dict[str, KeyPeriod] = {}

    @property
    def periods(self) -> tuple[KeyPeriod, ...]:
        """All keys that were ever added, in the order of their statements."""
        return tuple(self._keys.values())

    @property
    def owner(self) -> str:
        """The organisation that began the log. Raises VerificationError key.no-genesis."""
        for period in self._keys.values():
            return period.organisation
        raise VerificationError(
            "key.no-genesis",
            "expected the log's first key statement, found none",
            hint="A receipt carries it; get the receipt again.",
        )

    def copy(self) -> Keyring:
        """Make an independent copy, to try a statement on."""
        other = Keyring()
        other._keys = dict(self._keys)
        return other

    def apply(self, index: int, entry: StatementEntry, statement: Key) -> None:
        """Check a key statement that stands at `index`, and take it up.

        Statements are applied in the order of their indices. The first stands at 0, adds a
        producer key and is signed by it. Later ones are signed by a producer or recovery key of
        the organisation; while a recovery key of it stands, only a recovery key may add, end or
        replace one, or revoke any key from an earlier entry on. No revocation may unsay the word
        of its own signer. The log's owner may add the first key of another organisation.
        Raises VerificationError with code key.genesis, key.unauthorised, key.statement,
        key.possession or as `require` and `verify_ed25519`.
        """
        if not self._keys:
            signer = self._genesis(index, statement)
        else:
            signer = self._authorise(index, entry, statement)
        self._verify(entry, signer)
        if statement.action == "add":
            if statement.organisation != signer.organisation:
                _require_possession(statement)
            self._add(index, statement, signer.keyid)
        else:
            self._revoke(index, statement, signer.keyid)

    def require(self, keyid: str, index: int, roles: tuple[str, ...] = ("producer",)) -> KeyPeriod:
        """Find a key that may sign the entry at `index` in one of `roles`.

        Raises VerificationError with code key.unknown, key.role, key.too-early, key.ended or
        key.void.
        """
        period = self._valid_itself(keyid, index, roles)
        added = period
        # A loop: a chain of a thousand keys, each added by the one before, must not end Python.
        while added.added_by != added.keyid:
            try:
                added = self._valid_itself(added.added_by, added.added_at, _ADMIN_ROLES)
            except VerificationError as err:
                raise _bad(
                    "key.void", f"{_name(period)} to be added by a valid key, but: {err.message}"
                ) from err
        return period

    def _valid_itself(self, keyid: str, index: int, roles: tuple[str, ...]) -> KeyPeriod:
        """Find a key that may sign at `index`, without asking who added it."""
        period = self._keys.get(keyid)
        if period is None:
            raise _bad("key.unknown", f"a key of this log, found the unknown key {keyid[:16]}")
        name = _name(period)
        if period.role not in roles:
            raise _bad(
                "key.role", f"a key with role {' or '.join(roles)}, found {name}: {period.role}"
            )
        if index < period.first:
            raise _bad("key.too-early", f"{name} from entry {period.first} on, found it at {index}")
        if period.end is not None and index >= period.end:
            raise _bad("key.ended", f"{name} before entry {period.end} only, found it at {index}")
        return period

    def _guards(self, period: KeyPeriod, index: int) -> bool:
        """Tell whether a recovery key guards the recovery keys: from its statement to its end.

        A void one does not: else a thief's would lock the owner out.
        """
        if period.role != "recovery":
            return False
        try:
            self.require(period.keyid, max(index, period.first), ("recovery",))
        except VerificationError:
            return False
        return True

    def verify_entry(
        self,
        entry_index: int,
        payload_type: str,
        payload: bytes,
        keyid: str,
        signature: bytes,
        roles: tuple[str, ...] = ("producer",),
    ) -> KeyPeriod:
        """Check one signature of the entry at `entry_index`, and say whose it is.

        Raises VerificationError as `require` and `verify_ed25519`.
        """
        period = self.require(keyid, entry_index, roles)
        verify_ed25519(period.public, pae(payload_type, payload), signature)
        return period

    def _genesis(self, index: int, statement: Key) -> KeyPeriod:
        if (
            (index, statement.action, statement.role) != (0, "add", "producer")
            or statement.issuer != statement.organisation
            or statement.replaces is not None
            or statement.from_index not in (None, 0)
        ):
            raise _bad(
                "key.genesis",
                f"the log's first entry to add its owner's producer key, found entry {index}: "
                f"{statement.action} {statement.role}",
            )
        return self._period(index, statement, statement.keyid)

    def _authorise(self, index: int, entry: StatementEntry, statement: Key) -> KeyPeriod:
        if len(entry.envelope.signatures) != 1:
            raise _bad(
                "key.unauthorised",
                "a key statement with one signature of its own, found "
                f"{len(entry.envelope.signatures)}",
            )
        signer = self.require(entry.envelope.signatures[0].keyid, index, _ADMIN_ROLES)
        own = [k for k in self._keys.values() if k.organisation == statement.organisation]
        if signer.organisation != statement.issuer:
            raise _bad(
                "key.unauthorised",
                f"a key of the issuer {statement.issuer}, found one of {signer.organisation}",
            )
        if not own:
            allowed = signer.organisation == self.owner and statement.action == "add"
        else:
            guarded = any(self._guards(period, index) for period in own)
            target = self._keys.get(statement.replaces or statement.keyid)
            # A stolen producer key must not void the recovery key, by ending from before it the
            # key that added it.
            touches = (
                statement.role == "recovery"
                or (target is not None and target.role == "recovery")
                or (statement.action == "revoke" and _or(statement.from_index, index) < index)
            )
            allowed = signer.organisation == statement.organisation and (
                signer.role == "recovery" or not touches or not guarded
            )
        if not allowed:
            raise _bad(
                "key.unauthorised",
                f"a key that may {statement.action} a {statement.role} key of "
                f"{statement.organisation}, found a {signer.role} key of {signer.organisation}",
            )
        return signer

    def _verify(self, entry: StatementEntry, signer: KeyPeriod) -> None:
        envelope = entry.envelope
        if [s.keyid for s in envelope.signatures] != [signer.keyid]:
            raise _bad(
                "key.genesis", "the first key statement to be signed by the key that it adds"
            )
        verify_ed25519(
            signer.public, pae(envelope.payload_type, envelope.payload), envelope.signatures[0].sig
        )

    def _add(self, index: int, statement: Key, signer: str) -> None:
        if statement.keyid in self._keys:
            raise _bad("key.statement", f"a new key, found {statement.keyid[:16]} again")
        period = self._period(index, statement, signer)
        if period.first < index or (period.end is not None and period.end <= period.first):
            raise _bad(
                "key.statement",
                f"a key valid from its statement on, found from {period.first}"
                f" to {period.end} at {index}",
            )
        if statement.replaces is not None:
            replaced = self._keys.get(statement.replaces)
            if replaced is None or replaced.role != statement.role:
                raise _bad(
                    "key.statement",
                    f"a {statement.role} key to replace, found "
                    f"{'none' if replaced is None else replaced.role}",
                )
            # The old key's last word is this statement.
            self._end(statement.replaces, statement.organisation, max(period.first, index + 1))
        self._keys[statement.keyid] = period

    def _revoke(self, index: int, statement: Key, signer: str) -> None:
        target = self._keys.get(statement.keyid)
        if target is None or target.role != statement.role:
            found = "none" if target is None else f"a {target.role} key"
            raise _bad("key.statement", f"a {statement.role} key to end, found {found}")
        self._end(statement.keyid, statement.organisation, _or(statement.from_index, index + 1))
        try:
            self.require(signer, index, _ADMIN_ROLES)
        except VerificationError as err:
            self._keys[statement.keyid] = target
            raise _bad(
                "key.statement", f"a revocation that its signer outlives, but: {err.message}"
            ) from err

    def _end(self, keyid: str, organisation: str, end: int) -> None:
        period = self._keys.get(keyid)
        if period is None or period.organisation != organisation:
            raise _bad("key.statement", f"a key of {organisation} to end, found {keyid[:16]}")
        if period.end is None or end < period.end:  # what has ended does not come back
            self._keys[keyid] = replace(period, end=end)

    def _period(self, index: int, statement: Key, signer: str) -> KeyPeriod:
        public = decode_base64(statement.public or "")
        if len(public) != 32 or keyid_of(public) != statement.keyid:
            raise _bad("key.statement", f"the public key of {statement.keyid[:16]}, found another")
        first = _or(statement.from_index, index)
        return KeyPeriod(
            statement.keyid,
            public,
            statement.organisation,
            statement.role,
            first,
            statement.until_index,
            index,
            signer,
        )


def _require_possession(statement: Key) -> None:
    """Check that a key of another organisation agreed: a public key alone is anybody's to copy."""
    if statement.proof is None:
        raise _bad(
            "key.possession",
            f"a signature by key {statement.keyid[:16]} that it speaks for "
            f"{statement.organisation}, found none",
        )
    text = possession_text(statement.organisation, statement.role, statement.keyid)
    verify_ed25519(decode_base64(statement.public or ""), text, decode_base64(statement.proof))


def _name(period: KeyPeriod) -> str:
    return f"key {period.keyid[:16]} of {period.organisation}"


def _or(value: int | None, default: int) -> int:
    return default if value is None else value


def _bad(code: str, expected: str) -> VerificationError:
    return VerificationError(
        code,
        f"expected {expected}",
        hint="`counterfoil key ls` shows the keys of a log and the entries that they may sign.",
    )
