"""A signed statement says who speaks, of what and by which key, and is one entry."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.errors import InputError
from counterfoil.formats import cbor, cose, entry, signed_statement
from counterfoil.formats.entry import CoseEntry
from counterfoil.formats.signed_statement import HashEnvelope
from counterfoil.units import ENTRY_MAX_BYTES
from tests.cose_made import PAYLOAD, SUBJECT, VENDOR, Issuer
from tests.statements import refused

ISSUER = Issuer()
CLAIMS: dict[Any, Any] = {1: VENDOR, 2: SUBJECT}


@pytest.mark.parametrize("algorithm", ["EdDSA", "ES256"])
def test_a_statement_is_read(algorithm: str) -> None:
    """It tells issuer, subject, key, content type, time and payload."""
    data = Issuer(algorithm=algorithm).statement()
    said = signed_statement.parse_entry(data)
    assert (said.issuer, said.subject, said.key) == (VENDOR, SUBJECT, "kid:6b31")
    assert (said.algorithm, said.content_type, said.payload) == (
        algorithm, "application/json", PAYLOAD,
    )  # fmt: skip
    assert signed_statement.issued_ms(said) == 1_700_000_000_000
    assert signed_statement.entry_of(said) == data
    parsed = entry.parse(data)
    assert isinstance(parsed, CoseEntry)
    assert parsed.statement == said


def test_what_nobody_signed_is_no_part_of_an_entry() -> None:
    """An unprotected header is taken off, and refused where it stands in an entry."""
    data = ISSUER.statement(unprotected={394: [b"receipt"], "x": 1})
    said = signed_statement.parse(data)
    assert signed_statement.entry_of(said) == ISSUER.statement()
    assert signed_statement.identity(said) == signed_statement.identity(
        signed_statement.parse(ISSUER.statement())
    )
    with refused("scitt.unprotected"):
        signed_statement.parse_entry(data)
    with refused("scitt.unprotected"):
        entry.parse(data)


def test_a_changed_signature_is_no_new_statement() -> None:
    """ECDSA signatures have a twin that anybody can compute: both are one record."""
    message = ISSUER.message()
    twin = cose.Sign1(
        message.protected, {}, message.payload, ISSUER.other_signature(message.signature)
    )
    one, other = (signed_statement.parse(cose.format(each)) for each in (message, twin))
    assert one != other
    assert signed_statement.identity(one) == signed_statement.identity(other)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"_1": None}, "cose.algorithm"),
        ({"_1": -35}, "cose.algorithm"),
        ({"_15": None}, "scitt.claims"),
        ({"_15": b""}, "scitt.claims"),
        ({"_15": {1: VENDOR}}, "scitt.claims"),
        ({"_15": {2: SUBJECT}}, "scitt.claims"),
        ({"_15": CLAIMS | {1: ""}}, "scitt.claims"),
        ({"_15": CLAIMS | {1: b"x"}}, "scitt.claims"),
        ({"_15": CLAIMS | {2: "a\nb"}}, "scitt.claims"),
        ({"_15": CLAIMS | {2: "a\u202eb"}}, "scitt.claims"),
        ({"_15": CLAIMS | {2: "a" * 513}}, "scitt.claims"),
        ({"_4": None}, "scitt.key"),
        ({"_4": b""}, "scitt.key"),
        ({"_4": "k1"}, "scitt.key"),
        ({"_4": bytes(65)}, "scitt.key"),
        ({"_4": None, "_34": [-16, bytes(31)]}, "scitt.key"),
        ({"_4": None, "_34": [-44, bytes(64)]}, "scitt.key"),
        ({"_4": None, "_34": bytes(32)}, "scitt.key"),
        ({"_3": -1}, "scitt.content-type"),
        ({"_3": "a\n"}, "scitt.content-type"),
        ({"_3": 65_536}, "scitt.content-type"),
        ({"_2": []}, "scitt.critical"),
        ({"_2": 1}, "scitt.critical"),
        ({"_2": [99]}, "scitt.critical"),
        ({"_2": ["x"]}, "scitt.critical"),
        ({"_2": [16]}, "scitt.critical"),
        ({"_258": -16}, "scitt.hash"),
        ({"_259": "a/b"}, "scitt.hash"),
        ({"_258": "sha-256"}, "scitt.hash"),
    ],
)
def test_incomplete_statements_are_refused(changes: dict[str, Any], code: str) -> None:
    """What leaves open who speaks, of what, by which key or how, is refused by name."""
    with refused(code):
        signed_statement.parse(ISSUER.statement(**changes))


def test_a_statement_holds_what_it_says() -> None:
    """A detached payload is refused, and so is a signature of another length."""
    message = ISSUER.message()
    with refused("scitt.detached"):
        signed_statement.parse(
            cose.format(cose.Sign1(message.protected, {}, None, message.signature))
        )
    with refused("cose.malformed"):
        signed_statement.parse(cose.format(cose.Sign1(message.protected, {}, b"", bytes(63))))


def test_critical_labels_that_are_known() -> None:
    """What must not be passed over is fine where it is known and there."""
    said = signed_statement.parse(ISSUER.statement(_2=[15, 4]))
    assert said.issuer == VENDOR


def test_a_certificate_can_name_the_key() -> None:
    """Where there is no key id, the certificate's SHA-256 names the key."""
    digest = sha256(b"certificate").digest()
    said = signed_statement.parse(ISSUER.statement(_4=None, _34=[-16, digest]))
    assert said.key == f"x5t:{digest.hex()}"
    assert signed_statement.signed_by(said) == (said.key,)


@pytest.mark.parametrize(("alg", "name", "size"), [(-16, "sha256", 32), (-44, "sha512", 64)])
def test_hash_envelopes(alg: int, name: str, size: int) -> None:
    """A statement may be about a digest: its algorithm, content type and place are told."""
    changes: dict[str, Any] = {
        "_3": None,
        "_258": alg,
        "_259": "application/spdx+json",
        "_260": "https://a.b/c",
    }
    said = signed_statement.parse(ISSUER.statement(bytes(size), **changes))
    assert said.hashed == HashEnvelope(name, "application/spdx+json", "https://a.b/c")
    assert signed_statement.describe(said) == {
        "subject": SUBJECT,
        "algorithm": "ES256",
        "key": "kid:6b31",
        "claims": {"iat": 1_700_000_000},
        "payload_hash": {name: "00" * size},
        "preimage_content_type": "application/spdx+json",
        "payload_location": "https://a.b/c",
    }
    with refused("scitt.hash"):
        signed_statement.parse(ISSUER.statement(bytes(size), **changes | {"_3": "a/b"}))
    bare = signed_statement.parse(ISSUER.statement(bytes(size), _3=None, _258=alg, _15=CLAIMS))
    assert "claims" not in signed_statement.describe(bare)
    assert "payload_location" not in signed_statement.describe(bare)
    with refused("scitt.hash"):
        signed_statement.parse(ISSUER.statement(bytes(size - 1), _3=None, _258=alg))
    with refused("scitt.hash"):
        signed_statement.parse(ISSUER.statement(bytes(size), _3=None, _258=alg, _260="a\nb"))


def test_what_is_shown() -> None:
    """JSON is shown as JSON, all else as bytes; claims are shown as JSON has them."""
    shown = signed_statement.describe(signed_statement.parse(ISSUER.statement()))
    assert shown["payload"] == {"parts": 3, "name": "pump"}
    assert "payload_base64" not in shown
    for payload, kind in ((b"\xff", "application/json"), (b"{}", "text/plain"), (b"{}", 50)):
        shown = signed_statement.describe(
            signed_statement.parse(ISSUER.statement(payload, _3=kind))
        )
        assert "payload" not in shown
        assert shown["payload_sha256"] == sha256(payload).hexdigest()
    claims: dict[Any, Any] = CLAIMS | {
        3: ["a", b"\x01"], 7: cbor.Tagged(9, 1 << 60), "x": {b"k": 1.5, 2: None}, 99: True,
    }  # fmt: skip
    plain = signed_statement.parse(ISSUER.statement(_3=None, _15=claims))
    shown = signed_statement.describe(plain)
    assert shown["claims"] == {
        "aud": ["a", "01"],
        "cti": {"tag 9": str(1 << 60)},
        "x": {"6b": "1.5", "2": None},
        "99": True,
    }
    assert "content_type" not in shown
    assert signed_statement.issued_ms(plain) is None


@pytest.mark.parametrize("at", [-1, 1 << 60, "now", 1.5, True])
def test_times_that_tell_nothing(at: Any) -> None:
    """A time that is no plausible count of seconds is none."""
    said = signed_statement.parse(ISSUER.statement(_15=CLAIMS | {6: at}))
    assert signed_statement.issued_ms(said) is None


def test_an_entry_has_a_size() -> None:
    """What is too large for an entry is refused with what to do instead."""
    said = signed_statement.parse(ISSUER.statement(bytes(ENTRY_MAX_BYTES)))
    with refused("entry.size"):
        signed_statement.entry_of(said)


STATEMENT = ISSUER.statement()


@given(st.integers(0, len(STATEMENT) - 1), st.integers(0, 255))
def test_any_changed_byte(at: int, byte: int) -> None:
    """A changed byte is refused with InputError, or is another statement in its one form."""
    data = STATEMENT[:at] + bytes([byte]) + STATEMENT[at + 1 :]
    try:
        said = signed_statement.parse_entry(data)
    except InputError:
        return
    assert signed_statement.entry_of(said) == data


def test_no_claim_passes_for_a_registered_one() -> None:
    """A text label cannot stand where the registered claim of that name is shown."""
    claims: dict[Any, Any] = CLAIMS | {6: 1, "iat": 2, "iss": "another", "-7": 3, -7: 4, b"k": 5}
    said = signed_statement.parse(ISSUER.statement(_15=claims))
    assert signed_statement.describe(said)["claims"] == {
        "iat": 1, "'iat'": 2, "'iss'": "another", "'-7'": 3, "-7": 4, "h'6b'": 5,
    }  # fmt: skip
