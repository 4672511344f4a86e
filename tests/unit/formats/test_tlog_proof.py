"""A `.tlog-proof` file has one spelling and carries its checkpoint untouched."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.formats import note, tlog_proof
from counterfoil.formats.ascii import NOTE_MAX_BYTES
from counterfoil.formats.note import Note, NoteSignature
from counterfoil.formats.tlog_proof import EXTRA_MAX_BYTES, PATH_MAX, TlogProof
from tests.c2sp import LOG, assert_total, mutated, notes, refuses, signed

CHECKPOINT = note.format(signed(LOG))
HASH = base64.b64encode(bytes(range(32))).decode()

proofs = st.builds(
    TlogProof,
    st.integers(0, 2**63 - 1),
    st.lists(st.binary(min_size=32, max_size=32), max_size=PATH_MAX).map(tuple),
    st.just(CHECKPOINT) | notes.map(note.format),
    st.none() | st.binary(min_size=1, max_size=100),
)


def text(*lines: str, checkpoint: bytes = CHECKPOINT) -> bytes:
    """Write a proof by hand, right or wrong."""
    return "".join(f"{line}\n" for line in ("c2sp.org/tlog-proof@v1", *lines)).encode() + (
        b"\n" + checkpoint
    )


@given(proofs)
def test_round_trip(value: TlogProof) -> None:
    """A proof is read back the same, with and without extra data."""
    assert tlog_proof.parse(tlog_proof.format(value)) == value


@given(mutated(proofs.map(tlog_proof.format)))
def test_one_spelling(data: bytes) -> None:
    """Any bytes are refused with InputError, or are exactly what we would write."""
    assert_total(tlog_proof.parse, tlog_proof.format, data)


def test_layout() -> None:
    """Lines stand in the order of the specification, the checkpoint verbatim after a blank one."""
    value = TlogProof(7, (bytes(range(32)),) * 2, CHECKPOINT, b"extra")
    expected = text("extra ZXh0cmE=", "index 7", HASH, HASH)
    assert tlog_proof.format(value) == expected
    assert tlog_proof.parse(expected) == value
    assert tlog_proof.parse(text("index 0")) == TlogProof(0, (), CHECKPOINT)


MALFORMED: list[tuple[bytes, str | None]] = [
    (b"", "proof.lines"),
    (b"c2sp.org/tlog-proof@v1\nindex 0\n", "proof.lines"),
    (b"\n\n" + CHECKPOINT, "proof.header"),
    (text("index 0").replace(b"@v1", b"@v2"), "proof.header"),
    (b" " + text("index 0"), "proof.header"),
    (text("index 0").replace(b"\n", b"\r\n", 1), "text.control-character"),
    (text("index 0", "\t"), "text.control-character"),
    (text("index 0").replace(b"index 0", b"index \xff"), "text.not-utf8"),
    (text(), "proof.index"),
    (text("extra ZXh0cmE="), "proof.index"),
    (text("index"), "proof.index"),
    (text("index "), "proof.index"),
    (text("index 01"), "proof.index"),
    (text("index -1"), "proof.index"),
    (text("index 9223372036854775808"), "proof.index"),
    (text("index  1"), "proof.index"),
    (text("Index 1"), "proof.index"),
    (text("index 1", "extra ZXh0cmE="), "proof.path"),
    (text("extra ZXh0cmE=", "extra ZXh0cmE=", "index 1"), "proof.index"),
    (text("extra ", "index 1"), "proof.extra"),
    (text("extra ZXh0cmF=", "index 1"), "proof.extra"),
    (text("extra ZXh0cmE", "index 1"), "proof.extra"),
    (text("index 1", HASH[:-1]), "proof.path"),
    (text("index 1", "AAAA"), "proof.path"),
    (text("index 1", HASH + " "), "proof.path"),
    (text("index 1", *[HASH] * (PATH_MAX + 1)), "proof.path"),
    (text("index 1", checkpoint=b""), "note.no-signatures"),
    (text("index 1", checkpoint=b"\n" + CHECKPOINT), None),
    (text("index 1", checkpoint=CHECKPOINT[:-1]), "note.signature"),
    (text("index 1", checkpoint=CHECKPOINT + b"\n"), "note.signature"),
]


@pytest.mark.parametrize(("data", "code"), MALFORMED, ids=map(str, range(len(MALFORMED))))
def test_malformed(data: bytes, code: str | None) -> None:
    """Each rule of the specification has its own refusal; the note's text is the log's affair."""
    if code is None:
        assert tlog_proof.format(tlog_proof.parse(data)) == data
        return
    with refuses(code):
        tlog_proof.parse(data)


@pytest.mark.parametrize(
    ("index", "path", "extra", "part"),
    [
        (-1, (), None, "index"),
        (2**63, (), None, "index"),
        (0, (bytes(31),), None, "path"),
        (0, (bytes(32),) * 64, None, "path"),
        (0, (), b"", "extra"),
        (0, (), bytes(EXTRA_MAX_BYTES + 1), "extra"),
    ],
)
def test_constructed_proofs_are_checked(
    index: int, path: tuple[bytes, ...], extra: bytes | None, part: str
) -> None:
    """A proof that could not be written cannot be made either."""
    with refuses(f"proof.{part}"):
        TlogProof(index, path, CHECKPOINT, extra)
    with refuses("note.no-signatures"):
        TlogProof(0, (), b"", None)


def test_limits() -> None:
    """The largest of everything fits together; a longer file is refused before it is read."""
    signature = NoteSignature("a", bytes(4), b"s")
    tail = len(note.format(Note(b"\n", (signature,)))) - 1
    largest = note.format(Note(b"x" * (NOTE_MAX_BYTES - tail - 1) + b"\n", (signature,)))
    value = TlogProof(2**63 - 1, (bytes(32),) * PATH_MAX, largest, bytes(EXTRA_MAX_BYTES))
    data = tlog_proof.format(value)
    assert tlog_proof.parse(data) == value
    with refuses("proof.too-long"):
        tlog_proof.parse(data + bytes(10_000))
