"""Change what may be done with a person's data: holds, consents, permits.

Each change and the statement that will say so are one transaction. This module refuses to say
anything itself: the ledger records it.
"""

from __future__ import annotations

from collections.abc import Sequence

from counterfoil.vault.duties import Consent, Hold
from counterfoil.vault.keys import Unsaid
from counterfoil.vault.permits import Permit, Token
from counterfoil.vault.vault import Vault

__all__ = ["Authority"]


class Authority:
    """What may be done with the data in a vault; handles are 32 hexadecimal digits.

    number: of the statement about people that says so; unsaid: that statement, or None where the
    log has it already.
    """

    def __init__(self, vault: Vault) -> None:
        self._vault, self._keys = vault, vault.keys

    def hold(
        self,
        handle: str,
        classes: Sequence[str],
        why: str,
        until_ms: int | None,
        number: int,
        unsaid: Unsaid | None = None,
    ) -> None:
        """Place a hold on classes, or on all when none is named."""
        with self._vault.stating(number), self._keys.change(number, unsaid) as run:
            self._keys.duties.hold(run, bytes.fromhex(handle), classes, why, until_ms, number)

    def lift(
        self, handle: str, classes: Sequence[str], number: int, unsaid: Unsaid | None = None
    ) -> None:
        """Lift the holds on classes, or every hold when none is named."""
        with self._vault.stating(number), self._keys.change(number, unsaid) as run:
            self._keys.duties.lift(run, bytes.fromhex(handle), classes)

    def holds(self, handle: str, now_ms: int) -> list[Hold]:
        """List the holds that stand at a time, Unix ms."""
        with self._vault.lock:
            return self._keys.duties.holds(bytes.fromhex(handle), now_ms)

    def consent(
        self, handle: str, consents: Sequence[Consent], number: int, unsaid: Unsaid | None = None
    ) -> None:
        """Keep what a person allows, or no longer allows."""
        with self._vault.stating(number), self._keys.change(number, unsaid) as run:
            self._keys.duties.consent(run, bytes.fromhex(handle), consents)

    def consents(self, handle: str) -> list[Consent]:
        """List what a person said about purposes."""
        with self._vault.lock:
            return self._keys.duties.consents(bytes.fromhex(handle))

    def grant(self, permits: Sequence[Permit], number: int, unsaid: Unsaid | None = None) -> None:
        """Keep the permits of one token, one a class, and wrap the keys that they open."""
        with self._vault.stating(number), self._keys.change(number, unsaid) as run:
            keys = self._keys.keys(permits[0].handle, [one.data_class for one in permits])
            self._keys.permits.add(run, permits, keys)

    def permits(self, handle: str) -> list[Permit]:
        """List the permits for a person's data."""
        with self._vault.lock:
            return self._keys.permits.of(bytes.fromhex(handle))

    def permits_with(self, token: Token) -> list[Permit]:
        """List the permits of a token, one a class."""
        with self._vault.lock:
            return self._keys.permits.with_id(token.id)

    def revoke(self, permits: Sequence[Permit], number: int, unsaid: Unsaid | None = None) -> None:
        """Delete permits and what was wrapped for them; nothing of it is left in the files."""
        with self._vault.stating(number):
            with self._keys.change(number, unsaid) as run:
                self._keys.permits.revoke(run, {one.id for one in permits})
            self._keys.file.forget()

    def over_age(self, data_class: str, before_ms: int) -> list[tuple[str, int]]:
        """List who has data of a class that was sealed before a time: (handle, groups)."""
        with self._vault.lock:
            return [(raw.hex(), n) for raw, n in self._vault.bytes.older(data_class, before_ms)]

    def newest(self, handle: str) -> list[tuple[str, int]]:
        """Tell when a person's newest data of each class was sealed: (class, Unix ms)."""
        with self._vault.lock:
            return self._vault.bytes.newest_of(bytes.fromhex(handle))
