"""How a request meets the guard: who asks, whether they may, and what a browser is told.

Everything passes here once. A browser sends cookies and passwords by itself, also for a page of a
stranger: so what changes something counts only from a page of this node. This module refuses to
decide who may do what: `Guard` does.
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlsplit

from starlette.requests import Request

from counterfoil.access import Admission, Sessions
from counterfoil.access.credentials import SESSION_COOKIE
from counterfoil.errors import CounterfoilError, Refused
from counterfoil.http.endpoint import Need
from counterfoil.http.site import Site
from counterfoil.ports.access import Principal

__all__ = [
    "SECURITY_HEADERS",
    "address_of",
    "check_form",
    "cookie_name",
    "identify",
    "let_in",
    "recognise",
    "session_of",
]

SECURITY_HEADERS: Final = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; font-src 'none'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=()",
}
"""Headers of every answer that says nothing else."""

_EXTENSIONS: Final = ("chrome-extension://", "moz-extension://", "safari-web-extension://")
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_ALWAYS: Final = frozenset({"/healthz", "/readyz"})  # a busy node must still say that it lives


def let_in(site: Site, request: Request, need: Need) -> Principal | None:
    """Tell who asks, once they may and there is room; it stands in `request.state.principal`, too.

    The room is left when the answer has gone (`http.shield`). Raises as `Guard`.
    """
    found = recognise(site, request, need)
    if request.url.path not in _ALWAYS:
        size = request.headers.get("content-length", "0")
        known = int(size) if size.isascii() and size.isdigit() and len(size) < 16 else 0
        admission = site.guard.admit(found, 0, known, address_of(request))
        held: list[Admission] | None = request.scope.get("state", {}).get("admissions")
        if held is None:
            admission.leave()  # nothing would leave it later
        else:
            held.append(admission)
    return found


def recognise(site: Site, request: Request, need: Need) -> Principal | None:
    """Tell who asks, once they may: let in, but no room is taken. Raises as `Guard`."""
    address = address_of(request)
    state = request.scope.setdefault("state", {})
    found: Principal | None = None
    try:
        found = state["identified"] if "identified" in state else identify(site, request)
        if isinstance(found, CounterfoilError):
            raise found
    except CounterfoilError:
        found = None
        if need.role is not None:
            raise
    _check_origin(site, request, found, address)
    if need.role is not None:
        found = site.guard.require(found, need.role, need.words, address)
    state["principal"] = found
    session = session_of(site, request) if found is not None and found.via == "session" else ""
    state["csrf"] = Sessions.form_token(session) if session else ""
    return found


def identify(site: Site, request: Request) -> Principal | None:
    """Tell who asks; None where they show nothing. Raises as `Guard.identify`."""
    headers = _Single(request)
    session = session_of(site, request)
    cookies = {name: value for name, value in request.cookies.items() if name != SESSION_COOKIE}
    if session:
        cookies[SESSION_COOKIE] = session
    return site.guard.identify(headers, cookies, address_of(request))


def address_of(request: Request) -> str:
    """Tell the client's address as text; empty where there is none."""
    client = request.scope.get("client")
    return str(client[0]) if client else ""


def cookie_name(site: Site) -> str:
    """Name the session's cookie; behind https only this very host can have set it.

    Source: RFC 6265bis, 4.1.3.2 (`__Host-`).
    """
    return f"__Host-{SESSION_COOKIE}" if site.settings.https else SESSION_COOKIE


def session_of(site: Site, request: Request) -> str:
    """Give the session's id that a request brings, unchecked; empty for none."""
    return request.cookies.get(cookie_name(site), "")


def check_form(site: Site, request: Request, given: str) -> None:
    """Check that a form that a session sent carries its token.

    Who shows a key or a token with each request needs none. Raises Refused with code access.form.
    """
    principal: Principal | None = getattr(request.state, "principal", None)
    if principal is None or principal.via != "session":
        return
    try:
        site.guard.sessions.check_form(session_of(site, request), given)
    except Refused as err:
        site.guard.note(err, principal, address_of(request), request.url.path)
        raise


class _Single(dict[str, str]):
    """The header that identifies, where it came once; several would be a choice to guess at."""

    def __init__(self, request: Request) -> None:
        given = request.headers.getlist("authorization")
        super().__init__({"authorization": given[0] if len(given) == 1 else ""} if given else {})


def _check_origin(site: Site, request: Request, principal: Principal | None, address: str) -> None:
    """Refuse what a stranger's page had a browser send, if it would change something.

    Source: Fetch Metadata Request Headers; RFC 6454. Raises Refused with code access.origin.
    """
    if request.method in _SAFE:
        return
    headers = request.headers
    origin, fetched = headers.get("origin"), headers.get("sec-fetch-site")
    by_itself = principal is None or principal.via != "session"
    if origin is not None and origin.startswith(_EXTENSIONS):
        fine = by_itself  # a wallet that its user installed, with a key of its own
    elif fetched is not None:
        fine = fetched in ("same-origin", "none")  # none: no page had it sent
    elif origin is not None:
        own = (headers.get("host", "").lower(), urlsplit(site.settings.url).netloc.lower())
        fine = _netloc(origin) in own
    else:
        fine = by_itself  # a program, with its own key
    if not fine:
        error = Refused(
            "access.origin",
            "expected a request of a page of this node, or of a program, found another page's",
            hint="Send it from a page of this node.",
        )
        site.guard.note(error, principal, address, request.url.path)
        raise error


def _netloc(origin: str) -> Any:
    try:
        return urlsplit(origin).netloc.lower() or None
    except ValueError:
        return None
