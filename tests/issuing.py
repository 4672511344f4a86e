"""An identity provider for tests that can lie: its keys are ours, so that any token can be made.

The honest peer is oidc-provider-mock, which is not ours.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from joserfc import jwk, jws

from counterfoil.ops.serving import listen_on, serving

__all__ = ["AUDIENCE", "Provider", "provided", "toml"]

AUDIENCE = "ledger"


@dataclass(slots=True)
class Provider:
    """A provider that runs.

    published: the keys that it shows. answers: what else it answers, by path. asked: path -> how
    often. sent: bodies that came.
    """

    url: str
    key: Any
    published: list[dict[str, Any]]
    document: dict[str, Any]
    answers: dict[str, Any] = field(default_factory=dict)
    asked: dict[str, int] = field(default_factory=dict)
    sent: list[bytes] = field(default_factory=list)

    def claims(self, now_ms: int, **changed: Any) -> dict[str, Any]:
        """Give the claims of a good token; a changed claim of None is left out."""
        now = now_ms // 1000
        good = {
            "iss": self.url,
            "aud": AUDIENCE,
            "sub": "7",
            "preferred_username": "alice",
            "iat": now,
            "exp": now + 300,
            "jti": "1",
            "groups": ["readers"],
        }
        return {name: value for name, value in {**good, **changed}.items() if value is not None}

    def token(self, claims: dict[str, Any], key: Any = None, **header: Any) -> str:
        """Sign claims; by another key, or with another header, where one is given."""
        signer = key or self.key
        head = {"alg": "ES256", "kid": signer.kid, "typ": "JWT", **header}
        head = {name: value for name, value in head.items() if value is not None}
        algorithm = str(head["alg"])
        return jws.serialize_compact(head, json.dumps(claims), signer, algorithms=[algorithm])


@contextmanager
def provided() -> Iterator[Provider]:
    """Run a provider for a block."""
    key = jwk.ECKey.generate_key("P-256", {"kid": "first", "use": "sig"})
    listener = listen_on("127.0.0.1:0")
    names = {"jwks_uri": "keys", "authorization_endpoint": "ask", "token_endpoint": "token"}
    document = {name: f"{listener.url}/{path}" for name, path in names.items()}
    document["issuer"] = listener.url
    provider = Provider(listener.url, key, [dict(key.as_dict(private=False))], document)

    async def app(scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        path = scope["path"]
        provider.asked[path] = provider.asked.get(path, 0) + 1
        found: Any = provider.answers.get(path)
        if scope["method"] == "POST":
            provider.sent.append((await receive())["body"])
        if path == "/.well-known/openid-configuration":
            found = provider.document
        elif path == "/keys":
            found = {"keys": provider.published}
        body = json.dumps(found).encode()
        headers = [(b"content-length", str(len(body)).encode())]
        status = 404 if found is None else 200
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    with serving(app, listener):
        yield provider


def toml(provider: Provider, **settings: Any) -> str:
    """Write access.toml for a provider; settings: further lines, or others."""
    lines = {"name": "test", "issuer": provider.url, "audience": AUDIENCE, "claim": "groups"}
    text = "".join(f"{n} = {json.dumps(v)}\n" for n, v in {**lines, **settings}.items())
    roles = 'readers = ["reader"]\nadmins = ["operator"]\n'
    return f"[[issuer]]\n{text}[issuer.roles]\n{roles}"
