"""Keys, checkpoints and strategies that the tests of the C2SP formats share.

Every codec keeps two promises, and both are checked the same way: what it writes it reads back,
and what it reads it would have written byte for byte (`assert_total`), so bytes have one meaning.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from typing import TypeVar

import pytest
from hypothesis import strategies as st

from counterfoil.errors import CounterfoilError, InputError
from counterfoil.formats import checkpoint
from counterfoil.formats.checkpoint import EMPTY_ROOT, Checkpoint
from counterfoil.formats.note import Note, NoteSignature
from counterfoil.formats.vkey import KeyType, SigningKey, VerifierKey
from counterfoil.proofs.signing import note_signature, signing_key

__all__ = [
    "BODY",
    "LOG",
    "ORIGIN",
    "assert_total",
    "checkpoints",
    "colliding_keys",
    "key_names",
    "mutated",
    "note_signatures",
    "notes",
    "refuses",
    "secret",
    "signed",
    "witness",
]

T = TypeVar("T")

ORIGIN = "log.example/9f3a"
BODY = checkpoint.format(Checkpoint(ORIGIN, 5, sha256(b"root").digest()))


def secret(name: str, key_type: KeyType = KeyType.ED25519) -> SigningKey:
    """Make the signing key that belongs to `name` and type in the tests."""
    return signing_key(name, key_type, sha256(f"{name} {int(key_type)}".encode()).digest())


LOG = secret(ORIGIN)


def witness(number: int, key_type: KeyType = KeyType.COSIGNATURE_ED25519) -> SigningKey:
    """Make the signing key of witness `number`."""
    return secret(f"w{number}.example", key_type)


def colliding_keys() -> tuple[VerifierKey, VerifierKey]:
    """Make two keys of one name and one key id, found by search over 2^16 numbers."""
    first, second = (
        VerifierKey("w.example", KeyType.COSIGNATURE_ED25519, sha256(b"%d" % number).digest())
        for number in (4155, 5160)
    )
    assert first.key_id == second.key_id
    return first, second


def signed(*keys: SigningKey, body: bytes = BODY, time_s: int = 1_700_000_000) -> Note:
    """Sign `body` with each key, cosignatures at `time_s`."""
    return Note(
        body,
        tuple(
            note_signature(key, body, None if key.type is KeyType.ED25519 else time_s)
            for key in keys
        ),
    )


@contextmanager
def refuses(
    code: str, kind: type[CounterfoilError] = InputError, saying: str = ""
) -> Iterator[None]:
    """Expect an error of exactly this kind and code, with one line each of message and hint."""
    with pytest.raises(CounterfoilError) as caught:
        yield
    error = caught.value
    assert (type(error), error.code) == (kind, code), str(error)
    assert "expected" in error.message
    assert "got" in error.message or "to hold" in error.message
    assert "\n" not in error.message
    assert saying in error.message
    assert error.hint


def assert_total(parse: Callable[[bytes], T], format: Callable[[T], bytes], data: bytes) -> None:
    """Read any bytes: either InputError, or a value that is written as exactly these bytes."""
    try:
        value = parse(data)
    except InputError:
        return
    assert format(value) == data


def mutated(valid: st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
    """Give bytes near valid ones: cut, spliced, with bytes put in, or random."""

    @st.composite
    def change(draw: st.DrawFn) -> bytes:
        data = bytearray(draw(valid))
        for _ in range(draw(st.integers(1, 3))):
            start = draw(st.integers(0, len(data)))
            end = draw(st.integers(start, min(len(data), start + draw(st.sampled_from([0, 1, 9])))))
            new = draw(
                st.sampled_from([b"", b"\n", b" ", b"+", b"=", b"0", b"\r", b"\xe2\x80\x94"])
            )
            data[start:end] = new or draw(st.binary(max_size=2))
        return bytes(data)

    return change() | st.binary(max_size=200)


key_names: st.SearchStrategy[str] = st.text(
    st.characters(codec="utf-8", exclude_categories=["Z", "C"], exclude_characters="+"),
    min_size=1,
    max_size=20,
) | st.sampled_from(["log.example/9f3a", "é", "a" * 255, "oid/1.2.3", "—", "\u200b", "\x7f"])

_texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]) | st.just("\n"))

note_signatures: st.SearchStrategy[NoteSignature] = st.builds(
    NoteSignature, key_names, st.binary(min_size=4, max_size=4), st.binary(min_size=1, max_size=80)
)

notes: st.SearchStrategy[Note] = st.builds(
    lambda text, signatures: Note((text + "\n").encode(), tuple(signatures)),
    _texts,
    st.lists(note_signatures, min_size=1, max_size=20),
)

checkpoints: st.SearchStrategy[Checkpoint] = st.builds(
    lambda origin, size, root: Checkpoint(origin, size, root if size else EMPTY_ROOT),
    key_names | st.just("go.sum database tree"),
    st.integers(0, 2**63 - 1),
    st.binary(min_size=32, max_size=32),
)
