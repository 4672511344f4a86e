"""The code on a product: a GS1 Digital Link on the brand's own domain, which pins the keys.

Its fragment names the policy that counts by its SHA-256. A fragment is never sent to a server, so
that a link can be checked offline, and whoever redirects it keeps it. The domain is the root of
trust: nobody but its owner can serve a page under it. This module refuses a brand that is not
https, and a name with other letters than ASCII, which could look like another's.
Source: GS1 Digital Link URI 1.2; RFC 3986, 3.5; RFC 9110, 10.2.2.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from hashlib import sha256
from typing import Final
from urllib.parse import urlsplit

from counterfoil.apps.supply.events.identifiers import DOMAIN, canonical
from counterfoil.errors import InputError
from counterfoil.extras import need
from counterfoil.formats import policy as policies

__all__ = [
    "WELL_KNOWN",
    "Code",
    "brand_origin",
    "code_for",
    "policy_digest",
    "qr_svg",
    "read_code",
    "thing_named",
]

WELL_KNOWN: Final = "/.well-known/counterfoil-policy.txt"
"""Path of a brand's policy on its domain. Source: RFC 8615."""

_KEYS: Final = re.compile(r"(?:^|&)keys=sha256-([A-Za-z0-9_-]{43})(?:&|$)")
_LABEL: Final = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_ORIGIN: Final = re.compile(rf"https://({_LABEL}(?:\.{_LABEL})*(?::\d{{1,5}})?)/?")


@dataclass(frozen=True, slots=True)
class Code:
    """What a scanned link says.

    origin: scheme and host, such as `https://brand.example`. thing: its canonical name. digest: of
    the policy, as `policy_digest` has it; None where the link pins none.
    """

    origin: str
    thing: str
    digest: str | None


def brand_origin(brand: str) -> str:
    """Read a brand's web address to scheme and host. Raises InputError with code label.brand."""
    found = _ORIGIN.fullmatch(brand.strip().lower()) if brand.isascii() else None
    if found is None:
        raise InputError(
            "label.brand",
            f"expected the brand's own domain as https://HOST, found {brand[:120]!a}",
            hint="Write an international name as it stands in DNS, xn--...; nothing after the "
            "host.",
        )
    return f"https://{found[1]}"


def thing_named(thing: str) -> str:
    """Give the canonical name of a thing that a code can name.

    Raises InputError with code label.thing for one without a GS1 key.
    """
    name = canonical(thing)
    if not name.startswith(f"{DOMAIN}/"):
        raise InputError(
            "label.thing",
            f"expected a thing with a GS1 key, found {thing[:120]!a}",
            hint="Such as urn:epc:id:sgtin:... or https://.../01/GTIN/10/LOT.",
        )
    return name


def policy_digest(policy: bytes) -> str:
    """Name a policy: SHA-256 of its bytes, base64url without padding, 43 characters.

    Raises InputError with a code policy.* for what is no policy.
    """
    policies.parse(policy)
    return urlsafe_b64encode(sha256(policy).digest()).decode().rstrip("=")


def code_for(thing: str, brand: str, policy: bytes) -> str:
    r"""Make the link for a product's code.

    thing: any name of it. brand: its own web address. policy: the very bytes that the brand has
    at `WELL_KNOWN`. Raises InputError with code label.thing, label.brand or policy.*.

    >>> link = code_for("urn:epc:class:lgtin:4012345.022222.L1", "https://brand.example",
    ...                 b"quorum none\n")
    >>> link.partition("-")[0]
    'https://brand.example/01/04012345222227/10/L1#keys=sha256'
    """
    path = thing_named(thing).removeprefix(DOMAIN)
    return f"{brand_origin(brand)}{path}#keys=sha256-{policy_digest(policy)}"


def read_code(link: str) -> Code:
    """Read a scanned link. Raises InputError with code label.code."""
    try:
        parts = urlsplit(link.strip())
        origin = brand_origin(f"{parts.scheme}://{parts.netloc}")
        thing = thing_named(f"{origin}{parts.path}")
    except (ValueError, InputError) as err:
        raise InputError(
            "label.code",
            f"expected a GS1 Digital Link such as https://brand.example/01/..., found "
            f"{link[:120]!a}",
            hint="It is what the QR code on the product says.",
        ) from err
    found = _KEYS.search(parts.fragment)
    return Code(origin, thing, None if found is None else found[1])


def qr_svg(url: str) -> bytes:
    """Draw a link as a QR code, black on white, with the quiet zone that readers need.

    Returns an SVG document. Source: ISO/IEC 18004; error correction Q, since packs get scratched.
    Raises Unavailable with code extra.missing, InputError with code label.code for a link that is
    too long.
    """
    import io

    segno = need("segno", "supply")
    out = io.BytesIO()
    try:
        made = segno.make(url, error="q", micro=False)
    except ValueError as err:  # segno.DataOverflowError is one
        raise InputError(
            "label.code", f"expected a link that fits into a QR code, found {len(url)} characters"
        ) from err
    made.save(out, kind="svg", scale=4, border=4, light="#fff", title=url)
    return out.getvalue()
