"""Read where a chain is: `embedded:PATH`, or an http(s) address whose credentials stay hidden.

A node's address often carries a key, in its user part, its path or its query; what is shown of it
is scheme, host and port only. This module refuses to open anything.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from counterfoil.errors import InputError

__all__ = ["EmbeddedPlace", "RpcPlace", "parse_chain_url"]

_EMBEDDED: Final = "embedded:"


@dataclass(frozen=True, slots=True)
class EmbeddedPlace:
    """An embedded chain in the file `path`. shown: the address as written."""

    path: Path
    shown: str


@dataclass(frozen=True, slots=True)
class RpcPlace:
    """A node at `url`, which may hold credentials. shown: scheme, host and port."""

    url: str = field(repr=False)
    shown: str


def parse_chain_url(url: str) -> EmbeddedPlace | RpcPlace:
    """Read the address of a chain. Raises InputError with code chain.url, and never repeats it."""
    if url.startswith(_EMBEDDED):
        path = url.removeprefix(_EMBEDDED)
        if not path or "\0" in path:
            raise _unfit("no path after embedded:")
        return EmbeddedPlace(Path(path), url)
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise _unfit("one that cannot be read") from None  # the cause would show the address
    if parts.scheme not in ("http", "https"):
        raise _unfit("another scheme")
    if not host or not host.isascii() or any(c.isspace() or not c.isprintable() for c in url):
        raise _unfit("no host, or characters that have no place in it")
    name = f"[{host}]" if ":" in host else host
    return RpcPlace(url, f"{parts.scheme}://{name}" + (f":{port}" if port is not None else ""))


def _unfit(found: str) -> InputError:
    return InputError(
        "chain.url",
        f"expected embedded:PATH or an http(s) address of a chain, found {found}",
        hint="For example embedded:chain.db, or https:// and the address of your provider.",
    )
