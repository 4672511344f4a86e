"""Tokens of identity providers: those that count, and known ways of making ones that must not."""

from __future__ import annotations

import json
import socket
import time
import warnings
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from hashlib import sha256
from hmac import new as hmac
from typing import Any

import pytest
from joserfc import jwk

from counterfoil.access import Guard, open_guard
from counterfoil.access.oidc import fetching
from counterfoil.errors import CounterfoilError, Unauthenticated
from counterfoil.ledger import Ledger
from counterfoil.testing.clock import ManualClock
from tests.http_rig import raw_server
from tests.issuing import AUDIENCE, Provider, provided, toml

HERE = "192.0.2.7"


@pytest.fixture(scope="module")
def running() -> Iterator[Provider]:
    with provided() as provider:
        yield provider


@pytest.fixture
def provider(running: Provider) -> Iterator[Provider]:
    published, document = list(running.published), dict(running.document)
    running.asked.clear()
    yield running
    running.published, running.document = published, document


Opened = Callable[..., Guard]


@pytest.fixture
def opened(ledger: Ledger, clock: ManualClock, provider: Provider) -> Iterator[Opened]:
    guards: list[Guard] = []

    def make(**settings: Any) -> Guard:
        ledger.layout.access_settings.write_text(toml(provider, **settings), encoding="utf-8")
        guards.append(open_guard(ledger, clock))
        return guards[-1]

    yield make
    for guard in guards:
        guard.close()


def shown(guard: Guard, token: str) -> Any:
    return guard.identify({"authorization": f"Bearer {token}"}, {}, HERE)


def refusal(guard: Guard, token: str) -> str:
    with pytest.raises(CounterfoilError) as caught:
        shown(guard, token)
    assert token not in str(caught.value)
    return caught.value.code


def part(value: Any) -> str:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def test_a_token_shows_its_holder(opened: Opened, provider: Provider, clock: ManualClock) -> None:
    """A good token is somebody with the roles that the settings give to its groups."""
    guard = opened(scopes=["record"], sources=["s"])
    found = shown(guard, provider.token(provider.claims(clock.now_ms())))
    assert (found.name, found.roles, found.via) == ("alice (test)", frozenset({"reader"}), "oidc")
    assert found.key_id.startswith("oidc:")
    assert "alice" not in found.key_id
    assert (found.scopes, found.sources) == (frozenset({"record"}), frozenset({"s"}))
    other = provider.claims(clock.now_ms(), groups="admins", sub="8", aud=["x", AUDIENCE])
    assert shown(guard, provider.token(other)).roles == {"operator"}
    nobody = shown(guard, provider.token(provider.claims(clock.now_ms(), groups=[{"a": 1}, 7])))
    assert nobody.roles == frozenset()


def test_algorithm_none_never_counts(
    opened: Opened, provider: Provider, clock: ManualClock
) -> None:
    """A token without a signature is refused, however `none` is written (RFC 8725, 3.1)."""
    guard = opened()
    body = part(provider.claims(clock.now_ms()))
    for name in ("none", "None", "NONE", "nOnE", ""):
        for signature in ("", part(b"x")):
            token = f"{part({'alg': name, 'kid': 'first'})}.{body}.{signature}"
            assert refusal(guard, token) == "access.token-algorithm"


def test_a_public_key_is_no_shared_secret(
    opened: Opened, provider: Provider, clock: ManualClock
) -> None:
    """A token that is signed with HMAC under the public key is refused (key confusion)."""
    guard = opened()
    body = part(provider.claims(clock.now_ms()))
    public = provider.key.as_dict(private=False)
    secrets = [provider.key.as_pem(private=False), json.dumps(public).encode(), b""]
    for secret in secrets:
        head = part({"alg": "HS256", "kid": "first"})
        mac = hmac(secret, f"{head}.{body}".encode(), sha256).digest()
        assert refusal(guard, f"{head}.{body}.{part(mac)}") == "access.token-algorithm"


def test_a_symmetric_key_is_never_taken(
    opened: Opened, provider: Provider, clock: ManualClock
) -> None:
    """A provider that publishes a shared secret, or an encryption key, has published none."""
    guard = opened()
    secret = jwk.OctKey.generate_key(256, {"kid": "shared"})
    sealing = jwk.ECKey.generate_key("P-256", {"kid": "sealing"})
    with warnings.catch_warnings(action="ignore"):
        weak = jwk.RSAKey.generate_key(1024, {"kid": "weak"})
    provider.published = [
        *provider.published,
        dict(secret.as_dict()),
        {**sealing.as_dict(private=False), "use": "enc"},
        dict(weak.as_dict(private=False)),
    ]
    claims = provider.claims(clock.now_ms())
    assert refusal(guard, provider.token(claims, sealing)) == "access.token-key"
    with warnings.catch_warnings(action="ignore"):
        signed = provider.token(claims, weak, alg="RS256")
    assert refusal(guard, signed) == "access.token-key"
    token = provider.token(claims, secret, alg="HS256")
    assert refusal(guard, token) == "access.token-algorithm"


def test_a_token_brings_no_key_of_its_own(
    opened: Opened, provider: Provider, clock: ManualClock
) -> None:
    """A key in the token's header, or an address of one, is not looked at."""
    guard = opened()
    own = jwk.ECKey.generate_key("P-256", {"kid": "first"})
    claims = provider.claims(clock.now_ms())
    header = {"jwk": own.as_dict(private=False)}
    assert refusal(guard, provider.token(claims, own, **header)) == "access.token-signature"
    elsewhere = provider.token(claims, own, kid="own", jku=f"{provider.url}/other")
    assert refusal(guard, elsewhere) == "access.token-key"
    assert "/other" not in provider.asked


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"exp": -31}, "access.token-expired"),
        ({"exp": None}, "access.token-claims"),
        ({"nbf": 31}, "access.token-early"),
        ({"iat": 31}, "access.token-early"),
        ({"aud": "another"}, "access.token-audience"),
        ({"aud": None}, "access.token-audience"),
        ({"aud": ["another"]}, "access.token-audience"),
        ({"aud": {"ledger": 1}}, "access.token-audience"),
        ({"sub": ""}, "access.token-claims"),
        ({"sub": 7}, "access.token-claims"),
        ({"iss": "https://evil.example"}, "access.token-issuer"),
        ({"iss": 7}, "access.token-form"),
    ],
)
def test_bad_claims_are_refused(
    opened: Opened, provider: Provider, clock: ManualClock, changed: dict[str, Any], code: str
) -> None:
    """A token that has expired, comes too early, or is for or of another is refused by its name."""
    now = clock.now_ms() // 1000
    times = ("exp", "nbf", "iat")
    given = {n: now + v if n in times and isinstance(v, int) else v for n, v in changed.items()}
    guard = opened()
    claims = {**provider.claims(clock.now_ms()), **given}
    claims = {name: value for name, value in claims.items() if value is not None}
    assert refusal(guard, provider.token(claims)) == code


@pytest.mark.parametrize("exp", [True, "9999999999", float("nan"), float("inf"), -1, 10**400])
def test_times_that_are_none_are_refused(
    opened: Opened, provider: Provider, clock: ManualClock, exp: Any
) -> None:
    """A token whose end is no sensible number does not count for ever."""
    claims = provider.claims(clock.now_ms(), exp=exp)
    assert refusal(opened(), provider.token(claims)) == "access.token-claims"


def test_a_token_ends_though_it_is_remembered(
    opened: Opened, provider: Provider, clock: ManualClock
) -> None:
    """A token that was found good before is refused once it has expired."""
    guard = opened(leeway_s=0)
    token = provider.token(provider.claims(clock.now_ms(), exp=clock.now_ms() // 1000 + 10))
    shown(guard, token)
    clock.advance(9_999)
    shown(guard, token)
    clock.advance(1_001)
    assert refusal(guard, token) == "access.token-expired"


def test_a_token_counts_once_where_that_is_asked(
    opened: Opened, provider: Provider, clock: ManualClock
) -> None:
    """With `once` a token is refused when it comes again, also after a restart (replay)."""
    guard = opened(once=True)
    token = provider.token(provider.claims(clock.now_ms()))
    shown(guard, token)
    assert refusal(guard, token) == "access.token-replayed"
    assert refusal(opened(once=True), token) == "access.token-replayed"
    assert refusal(guard, provider.token(provider.claims(clock.now_ms(), jti=None))) == (
        "access.token-replayed"
    )
    shown(guard, provider.token(provider.claims(clock.now_ms(), jti="2")))


@pytest.mark.parametrize(
    "token",
    [
        "a.b.c",
        "..",
        "e30.e30.",
        f"{part([])}.{part({})}.x",
        f"{part({'alg': 'ES256', 'crit': ['x']})}.{part({'iss': 'a'})}.x",
        f"{part({'alg': 'ES256', 'b64': False})}.{part({'iss': 'a'})}.x",
        f"{part({'alg': 'ES256', 'typ': 'dpop+jwt'})}.{part({'iss': 'a'})}.x",
        f"{part({'alg': 'ES256', 'kid': 7})}.{part({'iss': 'a'})}.x",
        f"{part(b'[' * 9_000)}.{part({'iss': 'a'})}.x",
        part({"alg": "ES256"}) + "." + part(b'{"iss": "a", "iss": "b"}') + ".x",
        f"{part(bytes([255]))}.{part(bytes([255]))}.x",
    ],
)
def test_what_is_no_token_is_refused(opened: Opened, token: str) -> None:
    """Whatever stands where a token should is refused in one way, and nothing is fetched for it."""
    assert refusal(opened(), token) == "access.token-form"


def test_keys_are_rotated(
    opened: Opened,
    provider: Provider,
    clock: ManualClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A new key of the provider counts at once; unknown names do not become many questions."""
    guard = opened()
    shown(guard, provider.token(provider.claims(clock.now_ms())))
    for number in range(5):
        other = jwk.ECKey.generate_key("P-256", {"kid": f"unknown-{number}"})
        token = provider.token(provider.claims(clock.now_ms()), other)
        assert refusal(guard, token) == "access.token-key"
    assert provider.asked["/keys"] == 1
    second = jwk.ECKey.generate_key("P-256", {"kid": "second"})
    provider.published = [dict(second.as_dict(private=False))]
    assert guard._issuers is not None
    (issuer,) = guard._issuers._by_url.values()
    issuer._tried -= 60
    token = provider.token(provider.claims(clock.now_ms()), second)
    assert shown(guard, token).name == "alice (test)"
    clock.advance(61_000)  # what was found good before is looked at again
    assert refusal(guard, provider.token(provider.claims(clock.now_ms()))) == "access.token-key"


def test_another_providers_document_is_refused(
    opened: Opened, provider: Provider, clock: ManualClock
) -> None:
    """A document that names another issuer than the settings brings no keys (Discovery, 4.3)."""
    provider.document = {**provider.document, "issuer": "https://evil.example"}
    token = provider.token(provider.claims(clock.now_ms()))
    assert refusal(opened(), token) == "access.issuer-down"


@pytest.mark.parametrize(
    "address",
    [
        "https://169.254.169.254/latest/meta-data",
        "https://10.0.0.1/keys",
        "https://[::1]/keys",
        "https://localhost/keys",
        "http://issuer.example/keys",
        "file:///etc/passwd",
        "https://user@issuer.example/keys",
        "https://issuer.example:99999/keys",
        "gopher://issuer.example/",
        "",
        "//",
        "https://[/",
    ],
)
def test_no_document_leads_into_a_private_network(address: str) -> None:
    """A provider's answer cannot have this node ask inside of its own network (SSRF)."""
    with pytest.raises(CounterfoilError) as caught:
        fetching.ask(address, "https://issuer.example")
    assert caught.value.code == "access.issuer-address"


@pytest.mark.parametrize("kind", ["endless", "large", "redirect", "list", "text"])
def test_a_lying_provider_is_given_up(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers without end, too large, that lead elsewhere or are no object are refused in time."""
    monkeypatch.setattr(fetching, "TIMEOUT_S", 0.5)
    start = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n"

    def answer(peer: socket.socket, path: str) -> None:
        if kind == "endless":
            for _ in range(200):
                peer.sendall(b"HTTP/1.1 200 OK\r\n" if _ == 0 else b"X: y\r\n")
                time.sleep(0.1)
        elif kind == "large":
            peer.sendall(start % (10 << 20) + b" " * (1 << 20))
        elif kind == "redirect":
            peer.sendall(b"HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n")
        else:
            body = b"[]" if kind == "list" else b"hello"
            peer.sendall(start % len(body) + body)

    with raw_server(answer) as url, pytest.raises(CounterfoilError) as caught:
        fetching.ask(f"{url}/keys", url)
    assert caught.value.code == "access.issuer-answer"


def test_what_went_wrong_with_a_provider_is_for_the_operator(
    opened: Opened,
    provider: Provider,
    clock: ManualClock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Who sends a token hears that it cannot be checked now; the node's log says why."""
    guard = opened()
    provider.document = {**provider.document, "jwks_uri": "https://10.1.2.3/keys"}
    with pytest.raises(CounterfoilError) as caught:
        shown(guard, provider.token(provider.claims(clock.now_ms())))
    assert caught.value.code == "access.issuer-down"
    assert "10.1.2.3" not in f"{caught.value.message} {caught.value.hint}"
    assert "10.1.2.3" in caplog.text


def test_without_issuers_no_token_counts(ledger: Ledger, clock: ManualClock) -> None:
    """A node whose settings name nobody takes no tokens, and loads nothing to read them."""
    guard = open_guard(ledger, clock)
    with pytest.raises(Unauthenticated) as caught:
        shown(guard, "a.b.c")
    assert caught.value.code == "access.token-issuer"
    guard.close()
