"""Signing in with an identity provider: a real one, over real sockets, and attacks on the way."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from counterfoil.ledger import Ledger
from counterfoil.ports import SystemClock
from tests.guarded import Answer, Browser, GuardedNode, guarded
from tests.issuing import AUDIENCE, Provider, provided, toml
from tests.polling import until

CLIENT = "node"


@contextmanager
def real_provider() -> Iterator[str]:
    """Run oidc-provider-mock as a program for a block, which gets its URL."""
    known = [{"sub": "alice", "groups": ["readers"]}, {"sub": "mallory", "groups": ["strangers"]}]
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    users = (part for one in known for part in ("--user-claims", json.dumps(one)))
    command = [sys.executable, "-m", "oidc_provider_mock", "--port", str(port), *users]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as run:
        try:
            assert until(lambda: answers(port))
            yield f"http://127.0.0.1:{port}"
        finally:
            run.terminate()


def answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


@pytest.fixture(scope="module")
def provider_url() -> Iterator[str]:
    with real_provider() as url:
        yield url


def settings_of(url: str) -> str:
    lines = f'name = "real"\nissuer = "{url}"\naudience = "{CLIENT}"\nclaim = "groups"\n'
    client = f'client_id = "{CLIENT}"\nclient_secret_file = "secret.txt"\nname_claim = "sub"\n'
    return f'[[issuer]]\n{lines}{client}[issuer.roles]\nreaders = ["reader"]\n'


def keep_secret(ledger: Ledger, text: str) -> Path:
    path = ledger.layout.folder / "secret.txt"
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    return path


def consent(url: str, sub: str) -> str:
    """Press the button on the provider's page; gives the path that it leads back to."""
    parts = urlsplit(url)
    provider = Browser(f"{parts.scheme}://{parts.netloc}")
    back = provider.post(f"{parts.path}?{parts.query}", {"sub": sub}).headers["location"]
    return back[back.index("/signin/back") :]


@pytest.fixture
def node(ledger: Ledger, provider_url: str) -> Iterator[GuardedNode]:
    keep_secret(ledger, "any secret: this provider takes all")
    with guarded(ledger, access=settings_of(provider_url)) as found:
        yield found


def test_a_provider_signs_somebody_in(node: GuardedNode) -> None:
    """From the sign-in page to the provider and back to the page that was wanted, as a reader."""
    browser = node.browser()
    assert b"/signin/with/real?next=%2Frecords" in browser.get("/signin?next=/records").body
    left = browser.get("/signin/with/real?next=/records")
    assert left.status == 303
    query = parse_qs(urlsplit(left.headers["location"]).query)
    assert query["code_challenge_method"] == ["S256"]
    assert query["redirect_uri"] == [f"{node.url}/signin/back"]
    done = browser.get(consent(left.headers["location"], "alice"))
    assert (done.status, done.headers["location"]) == (303, "/records")
    assert set(browser.cookies) == {"counterfoil-session"}
    page = browser.get("/")
    assert page.status == 200
    assert b"alice" in page.body


def test_who_has_no_role_is_not_let_in(node: GuardedNode) -> None:
    """Somebody whom the provider knows, but the settings give no role, begins no session."""
    browser = node.browser()
    left = browser.get("/signin/with/real")
    refused = browser.get(consent(left.headers["location"], "mallory"))
    assert refused.status == 403
    assert "counterfoil-session" not in browser.cookies


def test_an_answer_counts_once_and_in_its_own_browser(node: GuardedNode) -> None:
    """Another browser cannot use an answer (login CSRF), nor can it be used again, or made up."""
    victim, attacker = node.browser(), node.browser()
    left = attacker.get("/signin/with/real")
    path = consent(left.headers["location"], "alice")
    assert victim.get(path).status == 401
    assert "counterfoil-session" not in victim.cookies
    assert attacker.get(path).status == 401  # it was used up by the try
    left = attacker.get("/signin/with/real")
    path = consent(left.headers["location"], "alice")
    assert attacker.get(path).status == 303
    assert attacker.get(path).status == 401
    for made_up in ("/signin/back", "/signin/back?state=a&code=b", "/signin/back?error=denied"):
        assert node.browser().get(made_up).status == 401
    assert node.browser().get("/signin/with/nobody").status == 404


def test_an_identity_token_of_the_provider_is_a_bearer_token(
    node: GuardedNode, ledger: Ledger
) -> None:
    """A token that the real provider signed lets a program in where its audience is this node."""
    browser = node.browser()
    left = browser.get("/signin/with/real")
    state = parse_qs(urlsplit(left.headers["location"]).query)["state"][0]
    code = parse_qs(urlsplit(consent(left.headers["location"], "alice")).query)["code"][0]
    signing_in = node.guard.signing_in
    assert signing_in is not None
    token = signing_in._exchange(signing_in._open[state], code)
    assert node.ask("/metrics", token).status == 200
    head, body, signature = token.split(".")
    assert node.ask("/metrics", f"{head}.{body}.{signature[::-1]}").status == 401


@contextmanager
def lying(ledger: Ledger) -> Iterator[tuple[Provider, GuardedNode]]:
    with provided() as provider:
        access = toml(provider, client_id=AUDIENCE)
        with guarded(ledger, access=access) as node:
            yield provider, node


def came_back(
    node: GuardedNode, provider: Provider, extra: str = "", **changed: Any
) -> tuple[Answer, dict[str, list[str]]]:
    """Leave for the provider and come back; its token has the nonce, but for what is changed."""
    browser = node.browser()
    left = browser.get("/signin/with/test").headers["location"]
    query = parse_qs(urlsplit(left).query)
    claims = {"nonce": query["nonce"][0], **changed}
    token = provider.token(provider.claims(SystemClock().now_ms(), **claims))
    provider.answers["/token"] = {"id_token": token}
    path = f"/signin/back?state={query['state'][0]}&code=c{extra}"
    return browser.get(path), query


def test_the_code_is_bound_to_who_began(ledger: Ledger) -> None:
    """The code is exchanged with the verifier whose digest was sent before it (RFC 7636)."""
    with lying(ledger) as (provider, node):
        answer, query = came_back(node, provider)
        assert answer.status == 303
        fields = parse_qs(provider.sent[0].decode())
        verifier = fields["code_verifier"][0]
        assert len(verifier) >= 43
        challenge = urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        assert query["code_challenge"] == [challenge]
        assert verifier not in str(query)
        assert (fields["code"], fields["client_id"]) == (["c"], [AUDIENCE])


def test_a_token_of_another_sign_in_is_refused(ledger: Ledger) -> None:
    """A token without this attempt's nonce, for another client, or of another issuer is refused."""
    with lying(ledger) as (provider, node):
        for changed in (
            {"nonce": "of another"},
            {"nonce": None},
            {"aud": "another"},
            {"azp": "another"},
            {"iss": "https://evil.example"},
            {"exp": 1},
        ):
            answer, _ = came_back(node, provider, **changed)
            assert answer.status == 401, changed
        mixed_up, _ = came_back(node, provider, "&iss=https%3A%2F%2Fevil.example")
        assert mixed_up.status == 401
        provider.answers.clear()
        assert node.browser().get("/signin/back?state=x&code=y").status == 401


def test_a_restart_asks_the_provider_again(ledger: Ledger) -> None:
    """A session of a provider ends with the node, since its settings may say something else now."""
    with provided() as provider:
        access = toml(provider, client_id=AUDIENCE)
        with guarded(ledger, access=access) as node:
            browser = node.browser()
            query = parse_qs(urlsplit(browser.get("/signin/with/test").headers["location"]).query)
            claims = provider.claims(SystemClock().now_ms(), nonce=query["nonce"][0])
            provider.answers["/token"] = {"id_token": provider.token(claims)}
            browser.get(f"/signin/back?state={query['state'][0]}&code=c")
            assert browser.get("/").status == 200
        with guarded(ledger, access=access) as node:
            assert Browser(node.url, browser.cookies).get("/").status == 303


def test_a_clients_secret_is_sent_to_its_provider_alone(ledger: Ledger) -> None:
    """A client's secret goes into a header; missing, or open to others, it is not used."""
    with provided() as provider:
        access = toml(provider, client_id=AUDIENCE, client_secret_file="secret.txt")
        with guarded(ledger, access=access) as node:
            missing, _ = came_back(node, provider)
            assert missing.status == 503
            assert provider.sent == []
            path = keep_secret(ledger, "hush\n")
            path.chmod(0o644)
            readable, _ = came_back(node, provider)
            assert readable.status == 503
            path.chmod(0o600)
            answer, _ = came_back(node, provider)
            assert answer.status == 303
            assert b"client_id" not in provider.sent[0]
            assert b"hush" not in provider.sent[0]


def test_a_provider_that_is_away_is_not_asked_by_everybody(ledger: Ledger) -> None:
    """However many browsers want to sign in with it, it is asked once, and again after a while."""
    with lying(ledger) as (provider, node):
        right, provider.document["issuer"] = provider.url, "https://another.example"
        for _ in range(3):
            assert node.browser().get("/signin/with/test").status == 503
        assert provider.asked == {"/.well-known/openid-configuration": 1}
        provider.document["issuer"] = right
        assert node.guard.signing_in is not None
        issuer = node.guard.signing_in._issuers.named("test")
        assert issuer is not None
        issuer._tried -= 60
        assert node.browser().get("/signin/with/test").status == 303
