"""A COSE_Sign1 has one form, and says unmistakably what was signed."""

from __future__ import annotations

from typing import Any

import pytest

from counterfoil.formats import cbor, cose, cose_key
from counterfoil.formats.cbor import Tagged
from counterfoil.formats.cose import Sign1
from counterfoil.formats.cose_key import PublicKey
from tests.cose_made import Issuer
from tests.statements import refused

GOOD = Sign1(cbor.format({1: -7}), {4: b"k"}, b"said", bytes(64))


def encoded(*parts: Any, tag: int = 18) -> bytes:
    """Encode what stands in a message, right or wrong."""
    return cbor.format(Tagged(tag, list(parts)))


def test_a_message_reads_back() -> None:
    """A message reads back as itself, also with a detached payload and an empty header."""
    for message in (GOOD, Sign1(b"", {}, None, b""), Sign1(b"\xa0", {"a": [1]}, b"", b"x")):
        assert cose.parse(cose.format(message)) == message
    assert cose.format(GOOD)[0] == 0xD2


@pytest.mark.parametrize(
    "data",
    [
        cbor.format([b"", {}, b"", b""]),
        encoded(b"", {}, b"", b"", tag=98),
        encoded(b"", {}, b""),
        encoded(b"", {}, b"", b"", b""),
        cbor.format(Tagged(18, b"")),
        encoded({}, {}, b"", b""),
        encoded(b"", [], b"", b""),
        encoded(b"", {}, "text", b""),
        encoded(b"", {}, b"", None),
        encoded(b"\x80", {}, b"", b""),
        encoded(b"", {b"label": 1}, b"", b""),
        encoded(cbor.format({b"label": 1}), {}, b"", b""),
        encoded(cbor.format({4: b"a"}), {4: b"b"}, b"", b""),
    ],
    ids=range(13),
)
def test_other_structures_are_refused(data: bytes) -> None:
    """Without the tag, with other parts, or with a label in both headers, it is no COSE_Sign1."""
    with refused("cose.malformed"):
        cose.parse(data)


def test_a_protected_header_is_deterministic_too() -> None:
    """Two spellings of a header would be two leaves of one statement."""
    for header in ("a1011805", "a201260126", "a203000126", "bf0126ff"):
        with refused("cbor.not-deterministic"):
            cose.parse(encoded(bytes.fromhex(header), {}, b"", b""))


@pytest.mark.parametrize("alg", [-8, -19, -7, -9])
def test_algorithms(alg: int) -> None:
    """Ed25519 and P-256 are taken, under their old and their fully specified numbers."""
    assert cose.algorithm_of({1: alg}) == ("EdDSA" if alg in (-8, -19) else "ES256")


@pytest.mark.parametrize("alg", [None, 0, 5, -35, -37, -257, "ES256", True, b"x"])
def test_other_algorithms_are_refused(alg: Any) -> None:
    """None, a MAC, another curve or a name is refused: there is nothing to be confused with."""
    with refused("cose.algorithm"):
        cose.algorithm_of({} if alg is None else {1: alg})


def test_what_is_signed_depends_on_everything() -> None:
    """Header, payload, external data and context each change what is signed."""
    said = {
        cose.to_be_signed(b"\xa1\x01\x26", b"a"),
        cose.to_be_signed(b"\xa1\x01\x27", b"a"),
        cose.to_be_signed(b"\xa1\x01\x26", b"b"),
        cose.to_be_signed(b"\xa1\x01\x26", b"a", external=b"e"),
        cose.to_be_signed(b"\xa1\x01\x26", b"a", signer=b""),
        cose.to_be_signed(b"\xa1\x01\x26", b"a", signer=b"\xa1\x01\x26"),
    }
    assert len(said) == 6
    assert cose.to_be_signed(b"\xa0", b"a", signer=b"\xa0") == cose.to_be_signed(
        b"", b"a", signer=b""
    )


@pytest.mark.parametrize("algorithm", ["EdDSA", "ES256"])
def test_keys(algorithm: str) -> None:
    """A key reads back from its text and from its COSE_Key, with the id that it has there."""
    key = Issuer(algorithm=algorithm).public
    assert cose_key.parse(cose_key.format(key)) == key
    data = cbor.format(cose_key.cose_key(key, b"id"))
    assert cose_key.read_cose_key(data) == (key, b"id")


def test_a_thumbprint_is_that_of_the_standard() -> None:
    """The example of RFC 9679, section 6, has the thumbprint that stands there."""
    x = bytes.fromhex("65eda5a12577c2bae829437fe338701a10aaa375e1bb5b5de108de439c08551d")
    y = bytes.fromhex("1e52ed75701163f7f9e40ddf9f341b3dc9ba860af7e0ca7ca7e9eecd0084d19c")
    found = cose_key.thumbprint(PublicKey("ES256", x + y)).hex()
    assert found == "496bd8afadf307e5b08c64b0421bf9dc01528a344a43bda88fadd1669da253ec"


KEY = cose_key.cose_key(Issuer().public, b"id")


@pytest.mark.parametrize(
    "value",
    [
        [], {}, KEY | {-4: bytes(32)}, KEY | {2: "id"}, KEY | {-1: 2}, KEY | {1: 4},
        KEY | {-2: bytes(31), -3: bytes(33)}, KEY | {-3: True}, {1: 1, -1: 6, -2: bytes(31)},
        {1: 1, -1: 7, -2: bytes(57)},
    ],
)  # fmt: skip
def test_other_keys_are_refused(value: Any) -> None:
    """Private keys, other curves, compressed points and other lengths are refused."""
    with refused("cose.key"):
        cose_key.read_cose_key(cbor.format(value))


@pytest.mark.parametrize("text", ["", "EdDSA", "RS256:AAAA", "EdDSA:AAAA"])
def test_other_texts_of_keys_are_refused(text: str) -> None:
    """A key's text names its algorithm and has its length."""
    with refused("cose.key"):
        cose_key.parse(text)
