"""Keys have one text form, and a name, type and bytes have one id."""

from __future__ import annotations

import base64
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.errors import InputError
from counterfoil.formats.vkey import (
    PUBLIC_BYTES,
    KeyType,
    SigningKey,
    VerifierKey,
    check_key_name,
    format_skey,
    format_vkey,
    key_id_of,
    parse_skey,
    parse_vkey,
)
from tests.c2sp import assert_total, key_names, mutated, refuses

verifier_keys = st.sampled_from(KeyType).flatmap(
    lambda key_type: st.builds(
        VerifierKey,
        key_names,
        st.just(key_type),
        st.binary(min_size=PUBLIC_BYTES[key_type], max_size=PUBLIC_BYTES[key_type]),
    )
)
small_keys = verifier_keys.filter(lambda key: key.type is not KeyType.COSIGNATURE_MLDSA44)
signing_keys = st.builds(
    SigningKey,
    key_names,
    st.sampled_from(KeyType),
    st.binary(min_size=32, max_size=32),
    st.binary(min_size=4, max_size=4),
)

PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PUBLIC = bytes(range(32))


def vkey(name: str, material: bytes, key_id: str | None = None) -> str:
    """Write a verifier key by hand, right or wrong."""
    computed = sha256(name.encode("utf-8", "surrogatepass") + b"\n" + material).hexdigest()[:8]
    return f"{name}+{key_id or computed}+{base64.b64encode(material).decode()}"


@given(verifier_keys)
def test_vkey_round_trip(key: VerifierKey) -> None:
    """A verifier key is read back the same, id included, whatever its name and type."""
    again = parse_vkey(format_vkey(key))
    assert again == key
    assert again.key_id == key.key_id
    assert again.type is key.type


@given(mutated(small_keys.map(lambda key: format_vkey(key).encode())))
def test_vkey_has_one_spelling(data: bytes) -> None:
    """Any other text is refused with InputError: nothing else escapes."""
    text = data.decode("utf-8", "surrogateescape")
    assert_total(
        lambda raw: parse_vkey(raw.decode("utf-8", "surrogateescape")),
        lambda key: format_vkey(key).encode(),
        text.encode("utf-8", "surrogateescape"),
    )


@given(signing_keys)
def test_skey_round_trip_and_no_leak(key: SigningKey) -> None:
    """A signing key is read back the same, and shows its seed nowhere."""
    text = format_skey(key)
    assert parse_skey(text) == key
    assert repr(key.seed)[2:-1] not in repr(key)
    assert key.seed.hex() not in repr(key)
    assert text.startswith("PRIVATE+KEY+")


@given(mutated(signing_keys.map(lambda key: format_skey(key).encode())))
def test_skey_has_one_spelling(data: bytes) -> None:
    """Any other text is refused with InputError: nothing else escapes."""
    assert_total(
        lambda raw: parse_skey(raw.decode("utf-8", "surrogateescape")),
        lambda key: format_skey(key).encode(),
        data,
    )


def test_skey_errors_do_not_show_the_key() -> None:
    """A mistyped key file is refused without repeating any of the secret."""
    seed = base64.b64encode(b"\x01" + b"S" * 32).decode()
    good = f"PRIVATE+KEY+name+00000000+{seed}"
    parse_skey(good)
    for bad in [good + "=", good[:-1], good[8:], good.replace("+name", "+na me"), good + "\n"]:
        with pytest.raises(InputError) as caught:
            parse_skey(bad)
        error: BaseException | None = caught.value
        while error is not None:
            assert "U1NT" not in f"{error} {error!r}"
            error = error.__cause__


def test_known_vkey() -> None:
    """A published key is read, and its id is the published one."""
    key = parse_vkey(PETER)
    assert (key.name, key.type, key.key_id.hex()) == ("PeterNeumann", KeyType.ED25519, "c74f20a3")
    assert format_vkey(key) == PETER


def test_key_id_binds_name_type_and_key() -> None:
    """The same bytes under another name or type are another key."""
    ids = {
        key_id_of(name, key_type, public)
        for name in ("a", "b")
        for key_type in (KeyType.ED25519, KeyType.COSIGNATURE_ED25519)
        for public in (bytes(32), PUBLIC)
    }
    assert len(ids) == 8
    assert key_id_of("a", KeyType.ED25519, PUBLIC) == sha256(b"a\n\x01" + PUBLIC).digest()[:4]


def test_vkey_base64_may_hold_plus() -> None:
    """Only the first two plus signs separate: base64 has its own."""
    key = VerifierKey("a", KeyType.ED25519, b"\0\0" + b"\xfb\xef\xbe" * 10)
    assert format_vkey(key).count("+") > 2
    assert parse_vkey(format_vkey(key)) == key


@pytest.mark.parametrize(
    "text",
    [
        "",
        "+",
        "++",
        "a+00000000",
        "a+0000000+AQ==",
        "a+0000000g+AQ==",
        "a+00 00 00 00+AQ==",
        PETER.replace("c74f20a3", "C74F20A3"),
        "a+00000000+",
        PETER + " ",
        PETER + "\n",
        PETER[:-1] + "X=",
    ],
)
def test_vkey_malformed(text: str) -> None:
    """Missing parts, capitals in the id, bad base64 and trailing text are refused."""
    with refuses("key.malformed"):
        parse_vkey(text)


@pytest.mark.parametrize(
    "text", ["", "PRIVATE+KEY", "private+key+a+00000000+AQ==", PETER, " PRIVATE+KEY+a+0+AQ=="]
)
def test_skey_malformed(text: str) -> None:
    """What does not start as a signing key is refused."""
    with refuses("key.malformed"):
        parse_skey(text)


def test_vkey_wrong_id() -> None:
    """A key whose id is not that of its name and bytes is refused."""
    with refuses("key.id"):
        parse_vkey(vkey("a", b"\x01" + PUBLIC, "01234567"))
    with refuses("key.id"):
        parse_vkey(PETER.replace("Peter", "Petra"))


@pytest.mark.parametrize("key_type", [0, 2, 3, 5, 7, 250, 255])
def test_unknown_type(key_type: int) -> None:
    """Types that we do not verify are refused, in text and in memory."""
    material = bytes([key_type]) + PUBLIC
    with refuses("key.type"):
        parse_vkey(vkey("a", material))
    with refuses("key.type"):
        parse_skey("PRIVATE+KEY+" + vkey("a", material))
    with refuses("key.type"):
        VerifierKey("a", key_type, PUBLIC)  # type: ignore[arg-type]  # on purpose
    with refuses("key.type"):
        SigningKey("a", key_type, PUBLIC, bytes(4))  # type: ignore[arg-type]  # on purpose


@pytest.mark.parametrize(
    ("key_type", "length"), [(1, 0), (1, 31), (1, 33), (4, 1312), (6, 32), (6, 1311), (6, 1313)]
)
def test_wrong_length(key_type: int, length: int) -> None:
    """A public key has exactly the length of its type."""
    with refuses("key.length"):
        parse_vkey(vkey("a", bytes([key_type]) + bytes(length)))


def test_skey_wrong_length() -> None:
    """A seed is 32 bytes and a key id 4."""
    for seed, key_id in [(31, 4), (33, 4), (64, 4), (32, 3), (32, 5)]:
        with refuses("key.length"):
            SigningKey("a", KeyType.ED25519, bytes(seed), bytes(key_id))


@pytest.mark.parametrize(
    "name",
    ["", "a b", " ", "a+b", "+", "a\nb", "a\tb", "a\x00", "a\x1f", "a\u00a0b", "\u0085", "\u1680",
     "\u2000", "\u200a", "\u2028", "\u2029", "\u202f", "\u205f", "\u3000", "\ud800", "a\udcff"],
)  # fmt: skip
def test_key_name_refused(name: str) -> None:
    """Empty names, Unicode spaces, plus signs, controls and lone surrogates are refused."""
    with refuses("key.name"):
        check_key_name(name)
    with refuses("key.name"):
        VerifierKey(name, KeyType.ED25519, PUBLIC)


def test_unicode_spaces_are_all_known() -> None:
    """Every character that Python's Unicode tables call a space is refused in a name."""
    for code in range(0x110000):
        if chr(code).isspace():
            with refuses("key.name"):
                check_key_name(f"a{chr(code)}b")


def test_key_name_length() -> None:
    """A name fits the one length byte of an ML-DSA-44 cosignature, counted in UTF-8."""
    assert VerifierKey("é" * 127 + "x", KeyType.ED25519, PUBLIC).name.endswith("x")
    with refuses("key.name"):
        VerifierKey("é" * 128, KeyType.ED25519, PUBLIC)
