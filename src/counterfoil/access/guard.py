"""The one object that a shell asks: who is this, may they, and is there room for it now.

It knows headers, cookies and an address, and nothing of a web framework. This module refuses to
let somebody in by default: what is not allowed is refused, and every refusal is heard by `refused`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from counterfoil.access.audit import Refusal, RefusalLog
from counterfoil.access.book import AccessBook
from counterfoil.access.credentials import Credential, read_credential
from counterfoil.access.invitations import Invitations
from counterfoil.access.keyring import AccessKey, AccessKeys
from counterfoil.access.limits import Admission, Buckets, InFlight, Limits, Rate, address_group
from counterfoil.access.quotas import Quotas
from counterfoil.access.sessions import Sessions
from counterfoil.errors import CounterfoilError, Refused, TooMany, Unauthenticated
from counterfoil.ports import Clock
from counterfoil.ports.access import Principal, Role

if TYPE_CHECKING:  # what checks tokens is loaded where an issuer is named
    from counterfoil.access.oidc import Issuers, SigningIn

__all__ = ["Guard"]

_FLUSH_MS: Final = 60_000


class Guard:
    """Guards one ledger's node. Safe for threads.

    book: of keys. refusals: hears who was not let in; without it nobody does. issuers: whose
    tokens count, too. signing_in: with them, by browsers.
    """

    def __init__(
        self,
        book: AccessBook,
        clock: Clock,
        *,
        limits: Limits | None = None,
        refusals: RefusalLog | None = None,
        issuers: Issuers | None = None,
        signing_in: SigningIn | None = None,
    ) -> None:
        self._book, self._clock = book, clock
        self._limits = limits or Limits()
        self._refusals, self._issuers = refusals, issuers
        self.signing_in = signing_in
        self._flushed_ms = clock.now_ms()
        self.keys = AccessKeys(book, clock)
        self.sessions = Sessions(book, clock, self._principal_of)
        self.invitations = Invitations(clock, self._principal_of)
        self.quotas = Quotas(book, clock)
        self._buckets = Buckets()
        self._failures = Buckets()
        self._flight = InFlight(self._limits.in_flight, self._limits.in_flight_bytes)

    @classmethod
    def open(
        cls,
        path: Path,
        origin: str,
        clock: Clock,
        *,
        limits: Limits | None = None,
    ) -> Guard:
        """Open the keys of the ledger with `origin`, kept at `path`. Raises as `AccessBook`."""
        return cls(AccessBook(path, origin), clock, limits=limits)

    @property
    def full(self) -> bool:
        """Whether nobody finds room now, whoever they are: `admit` would raise."""
        return self._flight.full

    @property
    def in_flight(self) -> int:
        """How many requests are under way."""
        return self._flight.count

    def identify(
        self, headers: Mapping[str, str], cookies: Mapping[str, str], address: str
    ) -> Principal | None:
        """Tell who asks; None where they show nothing.

        headers: names in lower case. address: of the client, as text. A token may take seconds,
        where its issuer's keys have to be fetched. Raises Unauthenticated for what does not count,
        TooMany with code access.failures for an address that showed that too often, Unavailable
        where an issuer cannot be asked.
        """
        try:
            shown = read_credential(headers, cookies)
            return None if shown is None else self._check(shown)
        except Unauthenticated as err:
            raise self.failed(err, address) from None

    def require(
        self, principal: Principal | None, role: Role, words: Sequence[str], address: str
    ) -> Principal:
        """Let a principal do something, or refuse.

        words: of the operation; empty for what belongs to none. Raises Unauthenticated with code
        access.unknown, Refused with code access.role or access.scope.
        """
        if principal is None:
            error: CounterfoilError = Unauthenticated(
                "access.unknown",
                "expected a key or a token, found none",
                hint="Send: Authorization: Bearer cfk_...; `counterfoil access add` makes a key.",
            )
        elif not principal.may(role):
            error = Refused(
                "access.role",
                f"expected the role {role}, found {', '.join(sorted(principal.roles)) or 'none'}",
                hint="Ask the node's operator for a key with that role.",
            )
        elif not principal.in_scope(words):
            error = Refused(
                "access.scope",
                f"expected the scope {words[0]}, found {', '.join(sorted(principal.scopes))}",
                hint="Ask the node's operator for a key with that scope.",
            )
        else:
            return principal
        self.note(error, principal, address, " ".join(words[:3]))
        raise error

    def require_source(self, principal: Principal, source: str | None, address: str) -> None:
        """Let a principal write a series, or refuse; None is the ledger's own series.

        Raises Refused with code access.source.
        """
        if principal.may_write(source):
            return
        allowed = ", ".join(sorted(principal.sources)) or "all but those of desks"
        error = Refused(
            "access.source",
            f"expected one of the series that the key may write, found {source!a}",
            hint=f"It may write: {allowed}.",
        )
        self.note(error, principal, address, "record")
        raise error

    def admit(
        self, principal: Principal | None, records: int, size: int, address: str
    ) -> Admission:
        """Find room for a request, or tell when to ask again.

        records: how many it brings, as far as known; `charge` counts more. size: bytes of its
        body. Raises TooMany with code access.rate, access.quota or access.busy.
        """
        try:
            self._check_rate(principal, address)
            admission = self._flight.enter(size, stranger=principal is None)
            try:
                self._use_quota(principal, records)
            except BaseException:
                admission.leave()
                raise
            return admission
        except TooMany as err:
            self.note(err, principal, address, "")
            raise

    def charge(self, principal: Principal | None, records: int, address: str) -> None:
        """Count further records of a request that was let in. Raises as `admit` does by quota."""
        try:
            self._use_quota(principal, records)
        except TooMany as err:
            self.note(err, principal, address, "")
            raise

    def refund(self, principal: Principal | None, records: int) -> None:
        """Give back what was counted for records that were not stored."""
        if principal is not None and records:
            self.quotas.give_back(principal.key_id, records)

    def note(
        self, err: CounterfoilError, principal: Principal | None, address: str, what: str
    ) -> None:
        """Have a refusal heard."""
        if self._refusals is not None:
            key_id = "" if principal is None else principal.key_id
            self._refusals(Refusal(err.code, address, key_id, what))

    def tick(self, *, now: bool = False) -> None:
        """Write down what may wait, when it is time; call it about once a second.

        now: whatever the time. Raises as the book and the ledger do.
        """
        at_ms = self._clock.now_ms()
        if now or not 0 <= at_ms - self._flushed_ms < _FLUSH_MS:
            self._flushed_ms = at_ms
            self.keys.flush()
        if self._refusals is not None:
            with suppress(Refused):  # a log that has ended takes nothing more; they are counted on
                self._refusals.flush(now=now)

    def close(self) -> None:
        """Write down what waits, and close the book."""
        with ExitStack() as ending:  # each is done, whatever became of those before
            ending.callback(self._book.close)
            ending.callback(self.quotas.close)
            self.tick(now=True)

    def _check(self, shown: Credential) -> Principal:
        if shown.kind == "key":
            return self.keys.check(shown.text)[1]
        if shown.kind == "session":
            return self.sessions.check(shown.text)
        if self._issuers is not None:
            return self._issuers.check(shown.text)
        raise Unauthenticated(
            "access.token-issuer",
            "expected a key of this ledger, found a token, and no issuer that it knows",
            hint="The operator names issuers in access.toml.",
        )

    def failed(self, err: Unauthenticated, address: str) -> CounterfoilError:
        """Note what does not count, and give its error: another one where an address goes on so.

        What counts is let in from there all the same, so that nobody can lock others out.
        """
        self.note(err, None, address, "")
        if err.code == "access.session":
            return err  # sessions end by themselves, and cannot be guessed
        wait = self._failures.take(address_group(address), self._limits.failures)
        if not wait:
            return err
        return TooMany(
            "access.failures",
            "expected a key or a token that counts, found too many that do not from this address",
            hint="Check the key, and wait: one that counts is let in from here all the same.",
            retry_after_s=wait,
        )

    def _check_rate(self, principal: Principal | None, address: str) -> None:
        if principal is None:
            name, rate = f"address {address_group(address)}", self._limits.anonymous
        else:
            name, rate = f"key {principal.key_id}", self._rate_of(principal)
        wait = self._buckets.take(name, rate)
        if wait:
            raise TooMany(
                "access.rate",
                f"expected at most {rate.per_s:g} requests a second, and {rate.burst} at once",
                hint="Send several records in one request, or ask the operator for more.",
                retry_after_s=wait,
            )

    def _principal_of(self, key_id: str) -> Principal | None:
        key = self.keys.known(key_id)
        return None if key is None else key.principal()

    def _use_quota(self, principal: Principal | None, records: int) -> None:
        key = None if principal is None or not records else self.keys.lately(principal.key_id)
        if key is not None and key.quota is not None:
            self.quotas.take(key.key_id, key.quota, records)

    def _rate_of(self, principal: Principal) -> Rate:
        key: AccessKey | None = self.keys.lately(principal.key_id)
        if key is None or key.rate is None:
            return self._limits.requests
        return Rate(key.rate, key.burst or max(1, int(2 * key.rate)))
