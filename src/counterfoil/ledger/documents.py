"""What documents with proofs share: receipts as pages in frames, and zips of one date.

A receipt's page runs in a sandboxed frame, so that nothing in it reaches the document around it.
This module refuses to know what a document is about.
"""

from __future__ import annotations

import io
import re
import zipfile
from base64 import b64encode
from collections.abc import Iterable, Mapping
from hashlib import sha256
from html import escape
from typing import TYPE_CHECKING, Final

from counterfoil.errors import NotFound
from counterfoil.formats.vkey import KeyType, VerifierKey

if TYPE_CHECKING:
    from counterfoil.formats.policy import Policy

__all__ = ["framed", "log_key", "security", "write_zip", "written_page"]

_SECURITY: Final = re.compile(rb'http-equiv="Content-Security-Policy" content="([^"]*)"')
_UNIX: Final = 3
_MODE: Final = 0o644 << 16


def log_key(policy: Policy, origin: str) -> VerifierKey:
    """Find the key that a receipt's page names. Raises NotFound with code receipt.log-key."""
    for log in policy.logs:
        if log.key.name == origin and log.key.type is KeyType.ED25519:
            return log.key
    raise NotFound(
        "receipt.log-key",
        f"expected an Ed25519 key of {origin} in policy.txt, found none",
        hint="Restore policy.txt from a copy.",
    )


def framed(page: bytes, title: str, place: str = "") -> str:
    """Write a receipt's page as HTML that opens in place and checks itself there.

    title: of the frame, any text. place: what stands after it.
    """
    name = escape(title)
    return (
        f"<details><summary>{name}{escape(place)}</summary><iframe title='{name}' "
        f"sandbox='allow-scripts' loading='lazy' srcdoc=\"{escape(page.decode())}\"></iframe>"
        "</details>"
    )


def security(pages: Iterable[bytes | None], style: str) -> str:
    """Allow what receipts' pages allow, since a frame obeys its parent too, and our own style.

    Source: Content Security Policy Level 3, 4.2.1 (srcdoc documents inherit their parent's).
    """
    own = "'sha256-" + b64encode(sha256(style.encode()).digest()).decode() + "'"
    for page in pages:
        found = None if page is None else _SECURITY.search(page)
        if found is not None:
            return found[1].decode().replace("style-src ", f"style-src {own} ")
    return f"default-src 'none'; style-src {own}; base-uri 'none'; form-action 'none'"


def written_page(title: str, body: str, style: str, allowed: str) -> bytes:
    """Write a document that asks nothing of any network. body: HTML. allowed: of `security`."""
    return (
        "<!doctype html>\n<html lang='en'><head><meta charset='utf-8'>"
        f'<meta http-equiv="Content-Security-Policy" content="{allowed}">'
        "<meta name='viewport' content='width=device-width, initial-scale=1'>"
        f"<title>{escape(title)}</title><style>{style}</style></head>"
        f"<body><main>{body}</main></body></html>\n"
    ).encode()


def write_zip(files: Mapping[str, bytes]) -> bytes:
    """Write files as a zip, in their order, with one date: the same files are the same zip."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name, data in files.items():
            member = zipfile.ZipInfo(name)
            member.create_system, member.external_attr = _UNIX, _MODE
            archive.writestr(member, data, zipfile.ZIP_DEFLATED, 6)
    return packed.getvalue()
