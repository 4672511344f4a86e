"""Ask a node over a real socket, as any HTTP client does."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import urllib3

__all__ = ["Asker", "Said"]


@dataclass(frozen=True)
class Said:
    """An answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        return str(self.json["code"])


class Asker:
    """A client with one key; None has none."""

    def __init__(self, url: str, key: str | None) -> None:
        self.url, self._key = url, key
        self._pool = urllib3.PoolManager(retries=False, timeout=60)

    def __enter__(self) -> Asker:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.clear()

    def get(self, path: str, **headers: str) -> Said:
        return self._ask("GET", path, None, headers)

    def post(self, path: str, body: object, kind: str = "application/json", **headers: str) -> Said:
        """Send bytes as they are, everything else as JSON."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self._ask("POST", path, data, {"content-type": kind, **headers})

    def _ask(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> Said:
        said = {name.replace("_", "-"): value for name, value in headers.items()}
        if self._key is not None:
            said["authorization"] = f"Bearer {self._key}"
        answer = self._pool.request(method, self.url + path, body=body, headers=said)
        found = Said(answer.status, answer.headers, answer.data)
        if found.status >= 400:
            assert answer.headers["content-type"] == "application/problem+json"
            assert found.json["status"] == found.status
        return found
