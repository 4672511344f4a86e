"""An envelope has one encoding, so one signature can never be many records."""

from __future__ import annotations

import base64
import json
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.errors import InputError
from counterfoil.formats import envelope
from counterfoil.formats.envelope import (
    SIGNATURES_MAX,
    STATEMENT_PAYLOAD_TYPE,
    Envelope,
    Signature,
    identity,
    keyid_of,
    pae,
    pae_of_statement,
)
from tests.statements import Actor, entry_of, refused

ACTOR = Actor("producer")
TWO = entry_of(b'{"a":1}', ACTOR, Actor("second"))
SIGNED = entry_of(b'{"a":1}', ACTOR)
WHOLE = json.loads(SIGNED)

signatures = st.builds(
    lambda digest, sig: Signature(digest.hex(), sig),
    st.binary(min_size=32, max_size=32),
    st.binary(min_size=64, max_size=64),
)
payload_types = st.text(
    st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters='"\\'),
    min_size=1,
    max_size=200,
)
envelopes = st.builds(
    lambda payload, kind, found: Envelope(
        payload, kind, tuple(sorted(found, key=lambda signature: signature.keyid))
    ),
    st.binary(max_size=100),
    payload_types,
    st.lists(signatures, max_size=SIGNATURES_MAX, unique_by=lambda signature: signature.keyid),
)


def wire(document: object) -> bytes:
    """Write compact JSON in the order given."""
    return json.dumps(document, separators=(",", ":")).encode()


@given(envelopes)
def test_round_trip(value: Envelope) -> None:
    """An envelope is read back the same."""
    assert envelope.parse(envelope.format(value)) == value


@given(
    st.binary(max_size=200)
    | st.tuples(st.integers(0, len(SIGNED)), st.binary(max_size=3), st.integers(0, 3)).map(
        lambda edit: SIGNED[: edit[0]] + edit[1] + SIGNED[edit[0] + edit[2] :]
    )
)
def test_one_spelling(data: bytes) -> None:
    """Any bytes raise InputError and nothing else, or are exactly what we would write."""
    try:
        value = envelope.parse(data)
    except InputError:
        return
    assert envelope.format(value) == data


@given(st.integers(0, len(SIGNED) - 1), st.integers(0, 255))
def test_a_changed_byte_is_another_envelope(at: int, byte: int) -> None:
    """No changed byte goes unnoticed: the text is refused or says something else."""
    changed = SIGNED[:at] + bytes([byte]) + SIGNED[at + 1 :]
    try:
        value = envelope.parse(changed)
    except InputError:
        return
    assert (value == envelope.parse(SIGNED)) == (changed == SIGNED)


def test_the_canonical_form() -> None:
    """Keys in the order payload, payloadType, signatures; standard base64; no white space."""
    sig = base64.b64encode(bytes(range(64))).decode()
    value = Envelope(b"\xff\xfe", "a/b", (Signature("00" * 32, bytes(range(64))),))
    expected = (
        '{"payload":"//4=","payloadType":"a/b","signatures":[{"keyid":"'
        + "00" * 32
        + f'","sig":"{sig}"}}]}}'
    )
    assert envelope.format(value).decode() == expected
    assert envelope.format(Envelope(b"", "x")) == (
        b'{"payload":"","payloadType":"x","signatures":[]}'
    )


PAYLOAD = WHOLE["payload"]
SIGNATURE = WHOLE["signatures"][0]
RE_ENCODED = {
    "a space": SIGNED.replace(b'","', b'", "', 1),
    "a newline at the end": SIGNED + b"\n",
    "a space before": b" " + SIGNED,
    "indentation": json.dumps(WHOLE, indent=1).encode(),
    "another order of keys": wire({key: WHOLE[key] for key in reversed(WHOLE)}),
    "another order inside": wire(WHOLE | {"signatures": [dict(reversed(SIGNATURE.items()))]}),
    "an escaped letter": SIGNED.replace(b'"payload"', b'"p\\u0061yload"'),
    "an escaped value": SIGNED.replace(b"application", b"\\u0061pplication"),
    "an escaped slash": SIGNED.replace(b"application/", b"application\\/"),
    "base64 without padding": wire(WHOLE | {"payload": PAYLOAD.rstrip("=")}),
    "base64 with unused bits": wire(WHOLE | {"payload": PAYLOAD[:-3] + "R=="}),
    "base64 for URLs": wire(WHOLE | {"payload": "_-4="}),
    "base64 in two lines": wire(WHOLE | {"payload": PAYLOAD[:4] + "\n" + PAYLOAD[4:]}),
    "an unknown key": wire(WHOLE | {"x": 1}),
    "an unknown key inside": wire(WHOLE | {"signatures": [SIGNATURE | {"x": 1}]}),
    "a duplicate key": SIGNED.replace(b'{"payload"', b'{"payload":"","payload"', 1),
    "a duplicate key at the end": SIGNED[:-1] + b',"signatures":[]}',
    "no signatures field": wire({"payload": PAYLOAD, "payloadType": "x"}),
    "null for signatures": wire(WHOLE | {"signatures": None}),
    "signatures twice": wire(WHOLE | {"signatures": [SIGNATURE, SIGNATURE]}),
    "signatures unsorted": wire(WHOLE | {"signatures": json.loads(TWO)["signatures"][::-1]}),
    "a key id in capitals": wire(
        WHOLE | {"signatures": [SIGNATURE | {"keyid": SIGNATURE["keyid"].upper()}]}
    ),
    "a key id with a newline": wire(
        WHOLE | {"signatures": [SIGNATURE | {"keyid": SIGNATURE["keyid"] + "\n"}]}
    ),
    "a short key id": wire(WHOLE | {"signatures": [SIGNATURE | {"keyid": "00"}]}),
    "no key id": wire(WHOLE | {"signatures": [{"sig": SIGNATURE["sig"]}]}),
    "a short signature": wire(WHOLE | {"signatures": [SIGNATURE | {"sig": "AAAA"}]}),
    "a long signature": wire(
        WHOLE | {"signatures": [SIGNATURE | {"sig": base64.b64encode(bytes(65)).decode()}]}
    ),
    "a payload type of nothing": wire(WHOLE | {"payloadType": ""}),
    "a payload type with a space": wire(WHOLE | {"payloadType": "a b"}),
    "a payload type with a newline": wire(WHOLE | {"payloadType": "a\n"}),
    "a payload type with a quote": wire(WHOLE | {"payloadType": 'a"b'}),
    "a payload type that is long": wire(WHOLE | {"payloadType": "a" * 201}),
    "a payload that is no text": wire(WHOLE | {"payload": 5}),
    "an array": b"[" + SIGNED + b"]",
    "two envelopes": SIGNED + SIGNED,
    "a mark of byte order": b"\xef\xbb\xbf" + SIGNED,
    "bytes that are no text": SIGNED.replace(b"application", b"\xff"),
    "deep nesting": b'{"payload":' + b"[" * 100_000,
    "17 signatures": wire(
        WHOLE | {"signatures": [SIGNATURE | {"keyid": f"{i:064x}"} for i in range(17)]}
    ),
}


@pytest.mark.parametrize("name", RE_ENCODED)
def test_re_encodings_are_refused(name: str) -> None:
    """The same signature in another encoding is no second record: it is refused."""
    with pytest.raises(InputError) as caught:
        envelope.parse(RE_ENCODED[name])
    assert caught.value.code in ("envelope.malformed", "envelope.not-canonical")


def test_two_signatures_in_order_are_accepted() -> None:
    """The unsorted and the duplicate above are refused for their order, not for their number."""
    assert len(envelope.parse(TWO).signatures) == 2
    many = tuple(Signature(f"{i:064x}", bytes(64)) for i in range(SIGNATURES_MAX))
    assert len(envelope.parse(envelope.format(Envelope(b"", "x", many))).signatures) == 16


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (Envelope(b"", ""), "envelope.malformed"),
        (Envelope(b"", "a b"), "envelope.malformed"),
        (Envelope(b"", "\ud800"), "envelope.malformed"),
        (Envelope(b"", "x", (Signature("0", bytes(64)),)), "envelope.malformed"),
        (Envelope(b"", "x", (Signature("0" * 64, bytes(63)),)), "envelope.malformed"),
        (Envelope(b"", "x", (Signature("0" * 64, bytes(64)),) * 2), "envelope.not-canonical"),
    ],
)
def test_what_could_not_be_read_is_not_written(value: Envelope, code: str) -> None:
    """`format` refuses what `parse` would refuse."""
    with refused(code):
        envelope.format(value)


@given(st.binary(max_size=300))
def test_pae(payload: bytes) -> None:
    """The encoding names both lengths in decimal; the fast form for statements is the same."""
    kind = STATEMENT_PAYLOAD_TYPE.encode()
    expected = b" ".join(
        [b"DSSEv1", str(len(kind)).encode(), kind, str(len(payload)).encode(), payload]
    )
    assert pae(STATEMENT_PAYLOAD_TYPE, payload) == pae_of_statement(payload) == expected


@given(payload_types, st.binary(max_size=30), payload_types, st.binary(max_size=30))
def test_pae_is_injective(kind: str, payload: bytes, other: str, second: bytes) -> None:
    """No two pairs of payload type and payload are signed as the same bytes."""
    assert (pae(kind, payload) == pae(other, second)) == ((kind, payload) == (other, second))


def test_identity_is_of_what_is_signed() -> None:
    """The same statement signed by others, or not at all, has the same identity."""
    signed, twice = envelope.parse(SIGNED), envelope.parse(TWO)
    expected = sha256(pae(STATEMENT_PAYLOAD_TYPE, b'{"a":1}')).digest()
    assert identity(signed) == identity(twice) == expected
    assert identity(Envelope(b'{"a":1}', "x")) != expected


def test_key_id() -> None:
    """A key id is the SHA-256 of 0x01 and the key, and differs from the key's own digest."""
    assert keyid_of(bytes(32)) == sha256(b"\x01" + bytes(32)).hexdigest()


@given(st.binary(max_size=200))
def test_unsigned_statements_the_fast_way(payload: bytes) -> None:
    """The fast writer and reader of a batch's members agree with the slow ones."""
    data = envelope.format_unsigned_statement(payload)
    assert data == envelope.format(Envelope(payload, STATEMENT_PAYLOAD_TYPE))
    assert envelope.is_unsigned_statement(data)
    assert envelope.payload_of_unsigned(data) == payload


def test_other_entries_are_no_unsigned_statements() -> None:
    """A signed statement, another payload type and other bytes are not taken for members."""
    other = envelope.format(Envelope(b"x", "other"))
    for data in (SIGNED, other, b"", b"{}", b'{"payload":"'):
        assert not envelope.is_unsigned_statement(data)
    data = envelope.format_unsigned_statement(b"xy")
    with refused("envelope.malformed"):
        envelope.payload_of_unsigned(data.replace(b"eHk=", b"eHk"))
    for changed in (b"e\\u0048k=", b"eHl="):
        with refused("envelope.not-canonical"):
            envelope.payload_of_unsigned(data.replace(b"eHk=", changed))
