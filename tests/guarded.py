"""A node for tests of access: the real guard, real keys, and a client that keeps its cookies.

Unlike `tests.nodes` it knows no key that was not made, and its settings may be written as TOML.
"""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode, urlsplit

from counterfoil.access import AccessDesk, Guard, open_guard
from counterfoil.http import Site, make_app
from counterfoil.http.app import NodeApp
from counterfoil.ledger import Ledger
from counterfoil.ops.node.settings import NodeSettings
from counterfoil.ops.node.status import NodeStatus
from counterfoil.ops.place import lending
from counterfoil.ops.serving import listen_on, serving
from counterfoil.ports import Clock
from counterfoil.ports.access import Role

__all__ = ["Answer", "Browser", "GuardedNode", "guarded"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. headers: by lower-case name, the last of each."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def code(self) -> str:
        """The error's code; empty for what is no problem document."""
        try:
            return str(json.loads(self.body).get("code", ""))
        except (ValueError, AttributeError):
            return ""


@dataclass(slots=True)
class Browser:
    """Sends requests to one node as a browser does: with its cookies, and where they come from."""

    url: str
    cookies: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, **headers: str) -> Answer:
        """Follow a link of one of the node's own pages."""
        return self.send("GET", path, None, {"sec-fetch-site": "same-origin", **_names(headers)})

    def post(self, path: str, fields: Mapping[str, str], **headers: str) -> Answer:
        """Send a form of one of the node's own pages."""
        kind = {"content-type": "application/x-www-form-urlencoded"}
        own = {"sec-fetch-site": "same-origin", "origin": self.url}
        return self.send("POST", path, urlencode(fields), {**kind, **own, **_names(headers)})

    def send(
        self, method: str, path: str, body: str | bytes | None, headers: Mapping[str, str]
    ) -> Answer:
        """Send one request with exactly these headers, and the cookies."""
        parts = urlsplit(self.url)
        with closing(http.client.HTTPConnection(parts.netloc, timeout=30)) as connection:
            given = {name: value for name, value in headers.items() if value}
            if self.cookies:
                given["cookie"] = "; ".join(f"{n}={v}" for n, v in self.cookies.items())
            connection.request(method, path, body, given)
            response = connection.getresponse()
            answer = Answer(
                response.status,
                {name.lower(): value for name, value in response.getheaders()},
                response.read(),
            )
            for cookie in response.headers.get_all("set-cookie") or []:
                self._keep(cookie)
        return answer

    def sign_in(self, key: str, place: str = "") -> Answer:
        """Sign in with a key."""
        return self.post("/signin", {"key": key, "next": place})

    def _keep(self, cookie: str) -> None:
        name, _, value = cookie.partition(";")[0].partition("=")
        if "max-age=0" in cookie.lower():
            self.cookies.pop(name, None)
        else:
            self.cookies[name] = value


@dataclass(frozen=True, slots=True)
class GuardedNode:
    """A node that runs."""

    url: str
    guard: Guard
    ledger: Ledger
    app: NodeApp

    def key(self, *roles: Role, **options: Any) -> str:
        """Make a key, and give its text."""
        desk = AccessDesk(self.ledger, self.guard.keys, "a test")
        return desk.add("-".join(roles), roles, **options).token

    def browser(self) -> Browser:
        """Give a browser without cookies."""
        return Browser(self.url)

    def ask(self, path: str, key: str = "", method: str = "GET", **headers: str) -> Answer:
        """Send one request as a program does."""
        shown = {"authorization": f"Bearer {key}"} if key else {}
        return Browser(self.url).send(method, path, None, {**shown, **_names(headers)})


@contextmanager
def guarded(
    ledger: Ledger,
    settings: NodeSettings | None = None,
    *,
    access: str = "",
    clock: Clock | None = None,
) -> Iterator[GuardedNode]:
    """Serve a ledger for a block. access: what access.toml says; settings: but for the URL."""
    if access:
        ledger.layout.access_settings.write_text(access, encoding="utf-8")
    listener = listen_on("127.0.0.1:0")
    given = settings or NodeSettings()
    if not given.https:
        given = replace(given, url=listener.url)
    began = int(time.time() * 1000)
    with closing(open_guard(ledger, clock)) as guard, lending(ledger):
        app = make_app(Site(ledger, guard, lambda: NodeStatus(began), given))
        with serving(app, listener) as url:
            yield GuardedNode(url, guard, ledger, app)


def _names(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}
