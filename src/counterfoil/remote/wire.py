"""Ask a node over HTTP: kept connections, bounded tries, and its errors as our own.

What may be asked again is asked again, with growing pauses and as the node tells; what may not is
never sent twice. A key goes to the node alone: redirects are not followed, and over plain HTTP it
leaves this machine only if somebody says so. This module refuses to know what is asked.
"""

from __future__ import annotations

import os
import random
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import quote, urlencode

import urllib3

from counterfoil.errors import InputError, TooMany, Unavailable
from counterfoil.remote.answers import Answer, no_node, refusal

__all__ = ["Wire"]

_CONNECTIONS: Final = 16
_CONNECT_S: Final = 5.0
_PAUSE_S: Final = 0.1
_PAUSE_MOST_S: Final = 5.0
_ANSWER_MAX: Final = 512 << 20
_AGAIN: Final = frozenset({429, 502, 503, 504})
_KEY: Final = re.compile(r"[!-~]{1,16384}")


class Wire:
    """The way to one node. Safe for threads; a fork of the process makes its own connections.

    url: of the node. key: API key or token; None for what needs none. timeout_s: for one try's
    answer. patience_s: how long something is tried; 0 tries once. insecure: let a key go over plain
    HTTP to another machine. ca_file: certificates to trust instead of the system's. Raises
    InputError with code remote.url, remote.key or remote.plain-http.
    """

    def __init__(
        self,
        url: str,
        key: str | None,
        *,
        timeout_s: float = 30.0,
        patience_s: float = 30.0,
        insecure: bool = False,
        ca_file: str | None = None,
    ) -> None:
        self.url = _checked_url(url, key, insecure)
        self._headers = {"user-agent": "counterfoil", "accept-encoding": "identity"}
        if key is not None:
            if not _KEY.fullmatch(key):
                raise InputError(
                    "remote.key",
                    "expected a key or token in visible ASCII, found another text",
                    hint="`counterfoil access add` makes a key.",
                )
            self._headers["authorization"] = f"Bearer {key}"
        self._patience_s, self._timeout_s, self._ca_file = patience_s, timeout_s, ca_file
        self._made, self._process = self._connections(), os.getpid()
        self._random = random.Random()  # noqa: S311  # pauses are no secret

    def get(self, path: str, query: Mapping[str, Any] | None = None, **headers: str) -> Answer:
        """Read something; errors as of `post`."""
        return self._tried("GET", _with_query(path, query), None, headers, again=True)

    def post(
        self,
        path: str,
        body: bytes,
        *,
        kind: str = "application/json",
        query: Mapping[str, Any] | None = None,
        again: bool,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Have something done.

        again: it may be sent again when nobody knows whether it was done. Raises what the node
        says, by its class and code; Unavailable with code remote.away where it cannot be reached,
        remote.unknown where it may have been done or not.
        """
        given = {"content-type": kind, **(headers or {})}
        target = _with_query(path, query)
        return self._tried("POST", target, body, given, again=again)

    @contextmanager
    def stream(self, path: str, headers: Mapping[str, str], read_s: float) -> Iterator[Any]:
        """Read an answer as it comes, as an iterator of bytes; errors as of `post`.

        read_s: the longest silence.
        """
        try:
            answer = self._pool.request(
                "GET",
                self.url + path,
                headers={**self._headers, **headers},
                preload_content=False,
                redirect=False,
                timeout=urllib3.Timeout(connect=_CONNECT_S, read=read_s),
            )
        except urllib3.exceptions.HTTPError as err:
            raise self._away(err) from err
        try:
            if answer.status != 200:
                raise refusal(answer.status, answer.read(1 << 20), answer.headers)
            yield answer.stream(1 << 14)
        except urllib3.exceptions.HTTPError as err:
            raise self._away(err) from err
        finally:
            answer.close()

    def close(self) -> None:
        """Close its connections."""
        self._pool.clear()

    @property
    def _pool(self) -> urllib3.PoolManager:
        """Connections of this process: two that speak on one would hear each other's answers."""
        if self._process != os.getpid():
            self._made, self._process = self._connections(), os.getpid()
        return self._made

    def _connections(self) -> urllib3.PoolManager:
        connect_s = min(_CONNECT_S, self._timeout_s)
        return urllib3.PoolManager(
            maxsize=_CONNECTIONS,
            retries=False,
            timeout=urllib3.Timeout(connect=connect_s, read=self._timeout_s),
            ca_certs=self._ca_file,
        )

    def _tried(
        self,
        method: str,
        target: str,
        body: bytes | None,
        headers: Mapping[str, str],
        *,
        again: bool,
    ) -> Answer:
        until = time.monotonic() + self._patience_s
        pause = _PAUSE_S
        while True:
            try:
                return self._once(method, target, body, headers, again=again)
            except Unavailable as err:
                if not self._may_try_again(err, again=again):
                    raise
                wait = pause * self._random.uniform(0.5, 1.5)
                if isinstance(err, TooMany):
                    wait = max(wait, err.retry_after_s)
                if time.monotonic() + wait > until:
                    raise
            time.sleep(wait)
            pause = min(_PAUSE_MOST_S, 2 * pause)

    @staticmethod
    def _may_try_again(err: Unavailable, *, again: bool) -> bool:
        """Tell whether nothing was done, or doing it again is the same."""
        return isinstance(err, TooMany) or err.code == "remote.away" or again

    def _once(
        self,
        method: str,
        target: str,
        body: bytes | None,
        headers: Mapping[str, str],
        *,
        again: bool,
    ) -> Answer:
        try:
            answer = self._pool.request(
                method,
                self.url + target,
                body=body,
                headers={**self._headers, **headers},
                preload_content=False,
                redirect=False,
            )
            try:
                data = answer.read(_ANSWER_MAX + 1)
            finally:
                if answer.length_remaining:  # what is left unread is no start of another answer
                    answer.close()
                answer.release_conn()
        except urllib3.exceptions.NewConnectionError as err:
            raise self._away(err) from err
        except urllib3.exceptions.ConnectTimeoutError as err:
            raise self._away(err) from err
        except (urllib3.exceptions.HTTPError, OSError) as err:
            if again:
                raise self._away(err) from err
            raise Unavailable(
                "remote.unknown",
                f"expected an answer of {self.url}, but: {type(err).__name__}; it may be done or "
                "not",
                hint="Look whether it was done. With a source and a number it is safe to send "
                "again.",
            ) from err
        if len(data) > _ANSWER_MAX:
            raise no_node("an answer that is too long")
        if answer.status >= 300:
            raise refusal(answer.status, data, answer.headers)
        return Answer(answer.status, answer.headers, data)

    def _away(self, err: Exception) -> Unavailable:
        return Unavailable(
            "remote.away",
            f"expected a node at {self.url}, but: {type(err).__name__}",  # its text shows more
            hint="Check that the node runs and the address; with a spool, records wait for it.",
        )


def _with_query(path: str, query: Mapping[str, Any] | None) -> str:
    said = {name: value for name, value in (query or {}).items() if value is not None}
    target = quote(path, safe="/:@!$&'()*+,;=-._~")
    return f"{target}?{urlencode(said)}" if said else target


def _checked_url(url: str, key: str | None, insecure: bool) -> str:
    try:
        parsed = urllib3.util.parse_url(url)
    except urllib3.exceptions.LocationParseError:
        parsed = urllib3.util.Url()
    odd = parsed.auth or parsed.query or parsed.fragment
    if parsed.scheme not in ("http", "https") or not parsed.host or odd:
        raise InputError(
            "remote.url",
            "expected the address of a node, http(s)://HOST[:PORT], without a user or a query",
            hint="For example https://ledger.example.org; the key is given beside it.",
        )
    if key is not None and parsed.scheme == "http" and not insecure and not _is_here(parsed.host):
        raise InputError(
            "remote.plain-http",
            f"expected https for a key to {parsed.host[:80]!a}, found http: anybody on the way "
            "could read it",
            hint="Use https, or say insecure=True where the network is your own.",
        )
    return url.rstrip("/")


def _is_here(host: str) -> bool:
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"
