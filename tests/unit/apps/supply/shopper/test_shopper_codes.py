"""Codes lead to the brand's own domain and pin the keys; other links are refused."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from hashlib import sha256
from xml.etree import ElementTree as ET

import pytest

from counterfoil.apps.supply.shopper import Code, code_for, policy_digest, qr_svg, read_code
from counterfoil.apps.supply.shopper.codes import brand_origin
from counterfoil.errors import InputError
from tests.log_rig import raises_code
from tests.supply_made import item, lot

POLICY = b"quorum none\n"
BRAND = "https://brand.example"


@pytest.mark.parametrize(
    ("thing", "path"),
    [
        (item(7), "/01/04012345111118/21/7"),
        (lot("A%2F1%2B2"), "/01/04012345111118/10/A%2F1%2B2"),
        ("https://other.example/gtin/4012345111118/lot/L1?x=1", "/01/04012345111118/10/L1"),
        ("urn:epc:id:sscc:4012345.0000000001", "/00/040123450000000016"),
    ],
)
def test_a_code_names_the_thing_on_the_brands_domain(thing: str, path: str) -> None:
    """The link is a GS1 Digital Link on the brand's domain, with the policy's digest behind it."""
    link = code_for(thing, "HTTPS://Brand.example/", POLICY)
    digest = urlsafe_b64encode(sha256(POLICY).digest()).decode().rstrip("=")
    assert link == f"{BRAND}{path}#keys=sha256-{digest}"
    assert policy_digest(POLICY) == digest
    assert read_code(link) == Code(BRAND, f"https://id.gs1.org{path}", digest)


@pytest.mark.parametrize(
    "brand",
    [
        "http://brand.example", "brand.example", "https://", "https://a@b", "https://b/path",
        "https://b?x", "https://b#x", "https://br\u0430nd.example", "https://-b.example",
        "javascript:alert(1)", "https://b.example:port", "https://b\n.example", "https://a..b",
    ],
)  # fmt: skip
def test_a_brand_is_a_domain_and_no_more(brand: str) -> None:
    """Whatever is no plain https origin, or could look like another's, is refused."""
    with raises_code("label.brand", InputError):
        code_for(item(1), brand, POLICY)


def test_a_brand_may_be_an_international_name_as_dns_has_it() -> None:
    """A name in punycode, and a port, are domains, too."""
    assert brand_origin("https://xn--brnd-5qa.example:8443") == "https://xn--brnd-5qa.example:8443"


@pytest.mark.parametrize("thing", ["x", "urn:epc:id:sgtin:1.2.3", "https://b.example/about"])
def test_a_code_needs_a_gs1_key(thing: str) -> None:
    """A thing that no Digital Link can name is refused."""
    with raises_code("label.thing", InputError):
        code_for(thing, BRAND, POLICY)


def test_a_code_needs_a_policy() -> None:
    """What is no policy is not pinned."""
    with pytest.raises(InputError, match="policy"):
        code_for(item(1), BRAND, b"")


@pytest.mark.parametrize(
    "link", ["", "x", "http://brand.example/01/04012345111118", "https://[", "https://b.example/"]
)
def test_other_links_are_no_codes(link: str) -> None:
    """A link that is none, or names no product, is refused."""
    with raises_code("label.code", InputError):
        read_code(link)


def test_a_link_without_keys_pins_none() -> None:
    """A link whose fragment is another's, or too short, pins no keys."""
    for fragment in ("", "#keys=sha256-abc", "#x", f"#keys=sha512-{'a' * 43}"):
        assert read_code(f"{BRAND}/01/04012345111118{fragment}").digest is None
    assert read_code(f"{BRAND}/01/04012345111118#x=1&keys=sha256-{'a' * 43}").digest == "a" * 43


def test_the_drawn_code_is_a_safe_svg() -> None:
    """The QR code is an SVG without script, with its quiet zone, whatever the link holds."""
    drawn = qr_svg(code_for(lot("%3C%26'A"), BRAND, POLICY))
    root = ET.fromstring(drawn)  # noqa: S314 - ours
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert {child.tag.rpartition("}")[2] for child in root} <= {"title", "path", "g"}
    assert b"script" not in drawn
    with raises_code("label.code", InputError):
        qr_svg("x" * 5000)
