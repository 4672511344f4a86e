"""Seal what is personal, open it, find it, and make it unreadable for ever.

Keys are durable before sealed bytes are, and these before the log's entry: a crash leaves keys or
bytes that nothing names, and never an entry that nobody can open. One lock orders sealing and
erasing, so that nothing is sealed under a key that is being destroyed. This module refuses to
judge who may open what: the ledger does.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from secrets import token_bytes
from typing import Any, Final

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from counterfoil.errors import NotFound, Refused
from counterfoil.formats.sealed import Sealed, SealedField
from counterfoil.ports import Clock, ToSeal
from counterfoil.vault.batch import New, SealedBatch
from counterfoil.vault.box import KEY_BYTES, encrypt, open_group, salt_fields
from counterfoil.vault.identity import HANDLE_BYTES, checked, given_handle
from counterfoil.vault.keys import KEY_SERVES_MS, ClassKey, KeyBook, Unsaid
from counterfoil.vault.permits import Token
from counterfoil.vault.sealed_bytes import Kept, SealedBytes

__all__ = ["Vault"]

_CACHED_PEOPLE: Final = 1 << 14


class Vault:
    """The personal data of one ledger.

    sealed_path: `vault.db`, in the ledger's folder. keys_path: tells where, elsewhere, `keys.db`
    of a vault with an id of 16 bytes is. origin: of
    the ledger. clock: tells when something is sealed. searchable: tells whether values of a
    (class, name) go into the blind index. All methods are safe for threads.
    Raises Refused with code vault.keys-missing where bytes are sealed and their keys are not
    there, and as `VaultFile`.
    """

    def __init__(
        self,
        sealed_path: Path,
        keys_path: Callable[[bytes], Path],
        origin: str,
        clock: Clock,
        searchable: Callable[[str, str], bool] = lambda _class, _name: False,
    ) -> None:
        had_bytes = sealed_path.exists()
        self.bytes = SealedBytes(sealed_path, origin)
        try:
            place = keys_path(self.bytes.id)
            if had_bytes and not place.exists() and self.bytes.holds():
                raise Refused(
                    "vault.keys-missing",
                    f"expected the keys of {sealed_path} at {place}, found none",
                    hint="Put keys.db back from a backup. To give up what is sealed, delete "
                    "vault.db.",
                )
            self.keys = KeyBook(place, origin, self.bytes.id)
        except BaseException:
            self.bytes.file.close()
            raise
        self.lock = threading.RLock()
        self.epoch = 0  # number of the next statement about people; its owner sets it
        self._origin, self._clock, self._searchable = origin, clock, searchable
        self._handles: dict[str, bytes] = {}
        self._ciphers: dict[tuple[bytes, str], tuple[ClassKey, AESGCM]] = {}
        self._settled: deque[list[int]] = deque()
        self._dropped: deque[list[int]] = deque()
        self._strays: deque[bytes] = deque()

    # Sealing ----------------------------------------------------------------------------------

    def seal(self, requests: Sequence[ToSeal], log_size: int) -> SealedBatch:
        """Seal each request, in order, and wait until all are durable.

        log_size: entries of the log, before those that will name what is sealed here.
        Raises InputError with code person.id, person.class, person.fields, person.value or
        person.size, and then seals nothing; and as `VaultFile.transaction`.
        """
        salted = [(checked(one), salt_fields(one.fields)) for one in requests]
        with self.lock:
            try:
                return self._seal(salted, log_size)
            except BaseException:
                self._forget_cached()  # keys that are not durable must not be used again
                raise

    def _seal(
        self, salted: Sequence[tuple[ToSeal, list[SealedField]]], log_size: int
    ) -> SealedBatch:
        now, new = self._clock.now_ms(), New()
        sealed: list[Sealed] = []
        kept: list[Kept] = []
        for wanted, fields in salted:
            handle, data_class = self._handle(wanted.person, new), wanted.data_class
            key, cipher = self._cipher(handle, data_class, now, new)
            group, data = encrypt(cipher, self._origin, handle.hex(), data_class, fields)
            terms = tuple(
                self.keys.term(data_class, f.name, f.text)
                for f in fields
                if self._searchable(data_class, f.name)
            )
            digest = bytes.fromhex(group.ciphertext)
            kept.append(
                Kept(digest, key.id, handle, data_class, self.epoch, now, log_size, data, terms)
            )
            sealed.append(group)
        if new.people or new.keys:
            self.keys.add(new.people, new.keys, self.epoch)
        settled, dropped = self._take_waiting()
        ids = self.bytes.add(kept, settled, dropped)
        return SealedBatch(sealed, ids, [key.id for _, _, key in new.keys])

    def settle(self, batch: SealedBatch) -> None:
        """Hear that what was sealed stands in the log; never waits."""
        self._settled.append(batch.ids)

    def discard(self, batch: SealedBatch) -> None:
        """Hear that what was sealed was not recorded; never waits.

        The bytes go with the next write; people and keys that nothing else uses, when it closes.
        """
        self._dropped.append(batch.ids)
        self._strays.extend(batch.keys)

    def _take_waiting(self) -> tuple[list[int], list[int]]:
        taken = []
        for waiting in (self._settled, self._dropped):
            ids: list[int] = []
            while waiting:
                ids += waiting.popleft()
            taken.append(ids)
        return taken[0], taken[1]

    def _handle(self, person: str, new: New) -> bytes:
        found = self._handles.get(person) or self.keys.handle_of(person)
        if found is None:
            found = new.people[person] = token_bytes(HANDLE_BYTES)
        if len(self._handles) >= _CACHED_PEOPLE:
            self._handles.clear()
        self._handles[person] = found
        return found

    def _cipher(
        self, handle: bytes, data_class: str, now: int, new: New
    ) -> tuple[ClassKey, AESGCM]:
        found = self._ciphers.get((handle, data_class))
        if found is None:
            key = self.keys.newest(handle, data_class)
            found = None if key is None else (key, AESGCM(key.key))
        if found is None or not 0 <= now - found[0].since_ms < KEY_SERVES_MS:
            key = ClassKey(token_bytes(HANDLE_BYTES), now, token_bytes(KEY_BYTES))
            new.keys.append((handle, data_class, key))
            found = key, AESGCM(key.key)
        if len(self._ciphers) >= _CACHED_PEOPLE:
            self._ciphers.clear()
        self._ciphers[handle, data_class] = found
        return found

    def _forget_cached(self) -> None:
        self._handles.clear()
        self._ciphers.clear()

    # Reading ----------------------------------------------------------------------------------

    def handle(self, person: str) -> str:
        """Tell a person's handle, 32 hexadecimal digits.

        person: their id, or `handle:` and a handle. Raises InputError with code person.id,
        NotFound with code person.unknown.
        """
        given = given_handle(person)
        with self.lock:
            found = self.keys.handle_of(person) if given is None else given
            if found is None or (given is not None and not self._known(given)):
                raise NotFound(
                    "person.unknown",
                    "expected a person of whom something was sealed here, found none",
                    hint="Ids are compared letter by letter. Who was erased is unknown, too, and "
                    "nothing tells whose data it was: `counterfoil record search kind=erasure`.",
                )
            return found.hex()

    def admit(self, person: str) -> str:
        """Tell a person's handle; who is not known yet gets one. Raises as `handle`."""
        with self.lock:
            try:
                return self.handle(person)
            except NotFound:
                if given_handle(person) is not None:
                    raise
            new = New()
            handle = self._handle(person, new)
            self.keys.add(new.people, (), self.epoch, settled=True)
            return handle.hex()

    def _known(self, handle: bytes) -> bool:
        return self.keys.knows(handle) or self.keys.erased(handle, "") is not None

    def open(self, sealed: Sealed, token: Token | None = None) -> list[SealedField]:
        """Decrypt a group.

        token: open it with what was wrapped for a holder. Raises Refused with code person.erased
        or person.not-granted, NotFound with code sealed.missing, and VerificationError with code
        sealed.damaged.
        """
        handle = bytes.fromhex(sealed.person)
        with self.lock:
            kept = self.bytes.get(bytes.fromhex(sealed.ciphertext))
            key = None if kept is None else self.keys.key(kept[0])
            if kept is None or key is None:
                raise self._gone(handle, sealed, kept is not None)
            if token is not None:
                key = self.keys.permits.unwrap(token, kept[0])
            if sha256(kept[1]).hexdigest() != sealed.ciphertext:
                return open_group(AESGCM(key), self._origin, sealed, b"")
            return open_group(AESGCM(key), self._origin, sealed, kept[1])

    def _gone(self, handle: bytes, sealed: Sealed, has_bytes: bool) -> Refused | NotFound:
        number = self.keys.erased(handle, sealed.data_class)
        if number is not None:
            return Refused(
                "person.erased",
                f"expected data of class {sealed.data_class} of person {sealed.person}, "
                "found it erased",
                hint="Its receipts still verify; what it said is gone for good.",
            )
        return NotFound(
            "sealed.missing",
            f"expected the {'key of the ' if has_bytes else ''}sealed bytes "
            f"{sealed.ciphertext[:16]}, found none and no erasure",
            hint="Put vault.db and keys.db back from a backup; `counterfoil doctor` says more.",
        )

    def same(self, sealed: Sealed, wanted: ToSeal) -> bool:
        """Tell whether a recorded group says what is to be sealed; erased, its names decide."""
        if (sealed.data_class, sealed.names) != (wanted.data_class, tuple(wanted.fields)):
            return False
        try:
            fields = self.open(sealed)
        except (Refused, NotFound):
            return True
        with self.lock:
            handle = self.keys.handle_of(wanted.person)
        told = [f.text for f in salt_fields(wanted.fields)]
        return handle == bytes.fromhex(sealed.person) and [f.text for f in fields] == told

    def find(self, data_class: str, fields: Mapping[str, Any]) -> list[bytes]:
        """List the digests of groups of a class whose searchable fields have these values."""
        with self.lock:
            terms = [self.keys.term(data_class, f.name, f.text) for f in salt_fields(fields)]
            return self.bytes.find(terms)

    def people(self) -> list[str]:
        """List the handles of everybody who is known."""
        with self.lock:
            return [handle.hex() for handle in self.keys.people()]

    def erasure(self, handle: str, classes: Sequence[str]) -> int | None:
        """Tell the number of the statement that erased all of these classes, or everything."""
        raw = bytes.fromhex(handle)
        with self.lock:
            numbers = [self.keys.erased(raw, one) for one in classes or ("",)]
        found = [number for number in numbers if number is not None]
        return max(found) if found and len(found) == len(numbers) else None

    def count(self, handle: str, classes: Sequence[str], before_ms: int | None) -> int:
        """Count a person's groups of classes, of all when none is named."""
        with self.lock:
            return self.bytes.count(bytes.fromhex(handle), classes, before_ms)

    def kept(self, handle: str) -> list[tuple[str, int, int]]:
        """Count a person's groups: (class, groups, when the oldest was sealed, Unix ms)."""
        with self.lock:
            return self.bytes.of(bytes.fromhex(handle))

    # Erasing ----------------------------------------------------------------------------------

    def erase(
        self,
        handle: str,
        classes: Sequence[str],
        number: int,
        unsaid: Unsaid | None = None,
        before_ms: int | None = None,
    ) -> None:
        """Destroy a person's keys, sealed bytes and blind index up to statement `number`.

        classes: none for all. unsaid: the statement, kept until `said`. before_ms: only what was
        sealed before that time, and the keys of what is gone then. Nothing of it is left in the
        files when this returns. Erasing again changes nothing, and goes on where a crash ended it.
        """
        raw = bytes.fromhex(handle)
        with self.lock:
            self.epoch = max(self.epoch, number + 1)
            self._forget_cached()
            if before_ms is None:
                self.keys.destroy(raw, classes, number, self._clock.now_ms(), unsaid)
                self.bytes.remove(raw, classes, number)
            else:
                with self.keys.change(number, unsaid):
                    pass
                self.bytes.remove(raw, classes, number, before_ms)
                held = self.keys.keys(raw, classes)
                self.keys.drop_keys(key for key, _ in held if not self.bytes.uses(key))
            self.keys.file.forget()
            self.bytes.file.forget()

    @contextmanager
    def stating(self, number: int) -> Iterator[None]:
        """Hold the lock while statement `number` about people takes effect."""
        with self.lock:
            self.epoch = max(self.epoch, number + 1)
            yield

    def note_applied(self, number: int) -> None:
        """Note that all statements about people up to a number are applied."""
        with self.lock:
            with self.keys.change(number, None):
                pass
            self.bytes.note_applied(number)

    def applied(self) -> tuple[int, int]:
        """Tell the highest statement that was applied to keys, and the erasure, to sealed bytes."""
        with self.lock:
            return self.keys.applied(), self.bytes.applied()

    def unsaid(self) -> list[tuple[int, str, str]]:
        """List the statements that are not in the log yet: (number, kind, fields)."""
        with self.lock:
            return self.keys.unsaid()

    def said(self, number: int) -> None:
        """Hear that a statement stands in the log."""
        with self.lock:
            self.keys.said(number)

    # Starting and ending ----------------------------------------------------------------------

    def sweep(self, recorded: Callable[[set[bytes], int], Iterable[bytes]]) -> int:
        """Delete what a crash left: bytes that no entry names, keys that seal nothing. How many.

        recorded: tells which of these digests entries from an index on name.
        """
        with self.lock:
            rows = self.bytes.unsettled()
            stray: list[int] = []
            if rows:
                named = set(recorded({row[1] for row in rows}, min(row[2] for row in rows)))
                stray = [at for at, digest, _ in rows if digest not in named]
                self.bytes.drop(stray)
                self.bytes.settle(at for at, _, _ in rows)
            unused = [key for key, _ in self.keys.unsettled() if not self.bytes.uses(key)]
            if unused or stray:
                self._destroy(unused)
            self.keys.settle()
            return len(stray)

    def _drop_strays(self) -> None:
        """Destroy keys that were made for what was not recorded, where nothing else uses them."""
        unused = [key for key in self._strays if not self.bytes.uses(key)]
        self._strays.clear()
        if unused:
            self._destroy(unused)

    def _destroy(self, keys: Iterable[bytes]) -> None:
        self.keys.drop_keys(keys)
        self.keys.forget_strays()
        self.keys.file.forget()
        self.bytes.file.forget()

    def close(self) -> None:
        """Note what is settled, and close the files."""
        with self.lock:
            try:
                settled, dropped = self._take_waiting()
                if settled or dropped:
                    self.bytes.add((), settled, dropped)
                if settled or dropped or self._strays:
                    self._drop_strays()
                    self.keys.settle()
            finally:
                self.bytes.file.close()
                self.keys.file.close()
