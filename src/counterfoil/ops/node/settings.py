"""How a node is set up: what it shows to whom, and how much it takes.

This module refuses to read settings from anywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["NodeSettings", "Public"]

Public = Literal["nothing", "hashes", "entries", "all"]
"""What of the log anybody may read without a key: nothing; checkpoints and hash tiles; entries
too; or payloads too."""


@dataclass(frozen=True, slots=True)
class NodeSettings:
    """A node's settings.

    url: what clients call it by, without a slash at its end. public: see `Public`. hosts: further
    names in a request's Host header that are meant. proxies: addresses whose X-Forwarded headers
    count. body_max_bytes: of one request.
    """

    url: str = "http://127.0.0.1:8420"
    public: Public = "nothing"
    hosts: tuple[str, ...] = ()
    proxies: tuple[str, ...] = ()
    body_max_bytes: int = 16 << 20

    @property
    def https(self) -> bool:
        """Whether clients reach it through TLS."""
        return self.url.startswith("https://")
