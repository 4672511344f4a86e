"""Signing in with a browser: cookies that no script reads, forms of one's own pages, no way out."""

from __future__ import annotations

import re
from base64 import b64encode

from counterfoil.access import AccessDesk
from counterfoil.access.tokens import new_token
from counterfoil.http.signed_in import safe_next
from counterfoil.ledger import Ledger
from counterfoil.ops import access
from counterfoil.ops.node.settings import NodeSettings
from tests.guarded import Browser, GuardedNode, guarded

SESSION = "counterfoil-session"
PLACES = ["//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)", ""]
PLACES += ["/\t/evil.example", "/\n/evil.example", "evil.example", "/%5cevil\x00", "/ /evil", "/é"]


def form_token(browser: Browser) -> str:
    found = re.search(rb'name="csrf" value="([0-9a-f]{64})"', browser.get("/signin").body)
    assert found is not None
    return found[1].decode()


def test_a_key_becomes_a_session(node: GuardedNode) -> None:
    """A page asks to sign in, and a key leads back to that page; then the cookie is enough."""
    browser = node.browser()
    asked = browser.get("/records?q=a")
    assert asked.headers["location"] == "/signin?next=%2Frecords%3Fq%3Da"
    done = browser.sign_in(node.key("reader"), "/records?q=a")
    assert (done.status, done.headers["location"]) == (303, "/records?q=a")
    assert browser.get("/").status == 200


def test_no_script_reads_the_cookie(node: GuardedNode, ledger: Ledger) -> None:
    """The session's cookie is hidden from scripts, stays home, and behind TLS is bound to it."""
    cookie = node.browser().sign_in(node.key("reader")).headers["set-cookie"]
    assert cookie.startswith(f"{SESSION}=")
    for part in ("HttpOnly", "SameSite=lax", "Path=/"):
        assert part in cookie
    assert "Domain" not in cookie


def test_behind_tls_the_cookie_is_bound_to_the_host(ledger: Ledger) -> None:
    """Behind TLS only this host can set the cookie, and a plain one of the old name is ignored."""
    with guarded(ledger, NodeSettings(url="https://ledger.example")) as node:
        key = node.key("reader")
        fields, host = {"key": key, "next": ""}, "ledger.example"
        done = Browser(node.url).post(
            "/signin", fields, host=host, origin="https://ledger.example", sec_fetch_site=""
        )
        cookie = done.headers["set-cookie"]
        assert cookie.startswith(f"__Host-{SESSION}=")
        assert "Secure" in cookie
        text = cookie.partition("=")[2].partition(";")[0]
        for name, status in ((f"__Host-{SESSION}", 200), (SESSION, 303)):
            assert Browser(node.url, {name: text}).get("/", host=host).status == status


def test_a_wrong_key_is_told_on_the_page(node: GuardedNode) -> None:
    """What does not count is said on the page, without the key, and begins no session."""
    wrong = new_token().text
    answer = node.browser().sign_in(wrong)
    assert answer.status == 401
    assert b"did not count" in answer.body
    assert wrong.encode() not in answer.body
    assert "set-cookie" not in answer.headers


def test_guessing_is_slowed(ledger: Ledger) -> None:
    """After some wrong keys the page says when to try again (brute force)."""
    access_toml = "[limits]\nfailures_per_s = 0.001\nfailures_burst = 3\n"
    with guarded(ledger, access=access_toml) as node:
        browser = node.browser()
        assert [browser.sign_in(new_token().text).status for _ in range(3)] == [401] * 3
        slowed = browser.sign_in(new_token().text)
        assert slowed.status == 429
        assert int(slowed.headers["retry-after"]) > 1
        assert browser.sign_in(node.key("reader")).status == 303


def test_a_session_given_beforehand_is_not_used(node: GuardedNode) -> None:
    """Signing in makes a new id and ends the one that the browser brought (session fixation)."""
    attacker, victim = node.browser(), node.browser()
    attacker.sign_in(node.key("reader"))
    planted = attacker.cookies[SESSION]
    victim.cookies[SESSION] = planted
    victim.sign_in(node.key("operator"))
    assert victim.cookies[SESSION] != planted
    assert attacker.get("/").status == 303
    victim.cookies[SESSION] = "x" * 43
    victim.sign_in(node.key("operator"))
    assert victim.cookies[SESSION] != "x" * 43


def test_signing_in_leads_nowhere_else(node: GuardedNode) -> None:
    """After signing in a browser stays on this node, whatever the address asked for."""
    key = node.key("reader")
    for place in PLACES:
        assert safe_next(place) == "/", place
        assert node.browser().sign_in(key, place).headers["location"] == "/"


def test_signing_out_needs_a_form_of_the_session(node: GuardedNode) -> None:
    """A page of a stranger cannot sign somebody out, nor can a form of another session."""
    one, other = node.browser(), node.browser()
    for browser in (one, other):
        browser.sign_in(node.key("reader"))
    refused = [
        one.post("/signout", {}),
        one.post("/signout", {"csrf": form_token(other)}),
        one.post("/signout", {"csrf": form_token(one)}, sec_fetch_site="cross-site"),
        one.post("/signout", {"csrf": form_token(one)}, sec_fetch_site="same-site"),
        one.post("/signout", {"csrf": form_token(one)}, sec_fetch_site="", origin="null"),
        one.post(
            "/signout", {"csrf": form_token(one)}, sec_fetch_site="", origin="https://evil.example"
        ),
        one.post("/signout", {"csrf": form_token(one)}, sec_fetch_site="", origin=""),
    ]
    assert [answer.status for answer in refused] == [403] * 7
    assert one.get("/").status == 200
    text = one.cookies[SESSION]
    assert one.post("/signout", {"csrf": form_token(one)}).status == 303
    assert SESSION not in one.cookies
    one.cookies[SESSION] = text
    assert one.get("/").status == 303


def test_no_stranger_has_a_browser_write(node: GuardedNode, ledger: Ledger) -> None:
    """A cookie or a password that a browser sends by itself records nothing from elsewhere."""
    key = node.key("operator")
    browser = node.browser()
    browser.sign_in(key)
    size = ledger.size
    basic = f"Basic {b64encode(f'me:{key}'.encode()).decode()}"
    for shown in ({}, {"authorization": basic}):
        sender = browser if not shown else node.browser()
        for origin in ({"sec-fetch-site": "cross-site"}, {"origin": "https://evil.example"}):
            headers = {"content-type": "text/plain", **shown, **origin}
            answer = sender.send("POST", "/api/v1/records", '{"content": {"a": 1}}', headers)
            assert (answer.status, answer.code) == (403, "access.origin")
    assert ledger.size == size


def test_a_wallet_brings_its_own_key(node: GuardedNode) -> None:
    """An extension that the user installed may send what it has a key for, no form of a session."""
    key = node.key("operator")
    wallet = {"origin": "chrome-extension://abc", "sec-fetch-site": "cross-site"}
    shown = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    sent = node.browser().send("POST", "/api/v1/records", '{"content": {"a": 1}}', shown | wallet)
    assert sent.status == 201
    browser = node.browser()
    browser.sign_in(key)
    fields = {"csrf": form_token(browser)}
    refused = browser.post("/signout", fields, origin=wallet["origin"], sec_fetch_site="cross-site")
    assert refused.status == 403


def test_a_session_ends_with_its_key(node: GuardedNode) -> None:
    """A key that is revoked by a command ends the browser's session with the next click."""
    browser, key = node.browser(), node.key("reader")
    browser.sign_in(key)
    assert browser.get("/").status == 200
    access.revoke(key[4:16], ledger=node.ledger.layout.folder, why="a test")
    assert browser.get("/").status == 303


def test_names_are_shown_as_text(node: GuardedNode) -> None:
    """A key's name and an address that was asked for are text on a page, whatever is in them."""
    evil = "<script>alert(1)</script>\"'"
    made = AccessDesk(node.ledger, node.guard.keys, evil).add(evil, ["reader"])
    browser = node.browser()
    browser.sign_in(made.token)
    for path in ("/signin", "/signin?next=/%22%3E%3Cscript%3E", "/%3Cscript%3Ealert(1)"):
        body = browser.get(path, accept="text/html").body
        assert b"<script>alert" not in body
        assert b"><script>" not in body.replace(b'.js"></script>', b"")


def test_a_link_lets_in_once(node: GuardedNode) -> None:
    """The link that a start shows begins one session; again it is refused."""
    key = node.key("operator")
    once = node.guard.invitations.make(key[4:16])
    first, second = node.browser(), node.browser()
    assert first.get(f"/signin/{once}").status == 303
    assert first.get("/").status == 200
    assert second.get(f"/signin/{once}").status == 401
    assert second.get("/").status == 303


def test_an_error_without_a_hint_is_a_page(node: GuardedNode) -> None:
    """A form that is sent wrongly is told on a page, also where there is nothing to advise."""
    browser = node.browser()
    browser.sign_in(node.key("operator"))
    many = {str(number): "a" for number in range(300)}
    for path in ("/access", "/signin", "/signout"):
        answer = browser.post(path, many)
        assert answer.status in (400, 403), path
        assert b"unforeseen" not in answer.body
