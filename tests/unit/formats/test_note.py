"""A signed note has one spelling, and its text and signatures are told apart safely."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given

from counterfoil.formats import note
from counterfoil.formats.note import NOTE_MAX_BYTES, SIGNATURES_MAX, Note, NoteSignature
from tests.c2sp import LOG, assert_total, mutated, note_signatures, notes, refuses, signed, witness

SIGNED = note.format(signed(LOG, witness(1)))
LINE = "\u2014 a AAAAAAA=\n".encode()


def signature(number: int) -> NoteSignature:
    """Make a signature line of key `number`."""
    return NoteSignature(f"k{number}", number.to_bytes(4, "big"), b"s")


@given(notes)
def test_round_trip(value: Note) -> None:
    """A note is read back the same, also when its text holds blank lines."""
    assert note.parse(note.format(value)) == value


@given(mutated(notes.map(note.format)))
def test_one_spelling(data: bytes) -> None:
    """Any bytes are refused with InputError, or are exactly what we would write."""
    assert_total(note.parse, note.format, data)


@given(mutated(note_signatures.map(lambda value: note.format_signatures([value]))))
def test_signature_lines_have_one_spelling(data: bytes) -> None:
    """The lines that a witness answers are read as strictly as those of a note."""
    assert_total(note.parse_signatures, note.format_signatures, data)


def test_parts() -> None:
    """The text ends with its own newline; name, id and signature come from the line."""
    parsed = note.parse(b"hello\n\n" + "\u2014 a.example/x AQIDBAU=\n".encode())
    assert parsed.text == b"hello\n"
    assert parsed.signatures == (NoteSignature("a.example/x", b"\1\2\3\4", b"\5"),)


def test_last_blank_line_separates() -> None:
    """Text that looks like signatures stays text when a blank line follows it."""
    text = b"a\n\n" + LINE
    parsed = note.parse(text + b"\n" + LINE)
    assert parsed.text == text
    assert len(parsed.signatures) == 1
    assert note.parse(b"a\n\n\n" + LINE).text == b"a\n\n"
    assert note.parse(b"\n\n" + LINE).text == b"\n"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "note.no-signatures"),
        (b"text\n", "note.no-signatures"),
        (b"text\n" + LINE, "note.no-signatures"),
        (b"text\n\n", "note.signature"),
        (b"text\n\n" + LINE[:-1], "note.signature"),
        (b"text\n\n" + LINE + b"x\n", "note.signature"),
        (b"text\n\n" + LINE.replace("\u2014".encode(), b"-"), "note.signature"),
        (b"text\n\n" + LINE.replace("\u2014".encode(), "\u2013".encode()), "note.signature"),
        (b"text\n\n" + LINE.replace(b" a", b"  a"), "note.signature"),
        (b"text\n\n" + LINE.replace(b" a ", b" "), "note.signature"),
        (b"text\n\n" + LINE.replace(b"a A", b"a  A"), "note.signature"),
        (b"text\n\n" + LINE.replace(b"=\n", b"= \n"), "note.signature"),
        (b"text\n\n" + LINE.replace(b"A=", b"B="), "note.signature"),
        (b"text\n\n" + LINE.replace(b"A=", b"A"), "note.signature"),
        (b"text\n\n" + LINE.replace(b"AAAAAAA=", b"AAAAAA=="), "note.signature"),
        (b"text\n\n" + LINE.replace(b"AAAAAAA=", b"AAAA"), "note.signature"),
        (b"text\n\n" + LINE.replace(b" AAAAAAA=", b""), "note.signature"),
        (b"text\n\n" + LINE.replace(b"a", b"a+b"), "key.name"),
        (b"text\n\n" + LINE.replace(b"a", "a\u00a0".encode()), "key.name"),
        (b"text\r\n\n" + LINE, "text.control-character"),
        (b"te\0xt\n\n" + LINE, "text.control-character"),
        (b"te\txt\n\n" + LINE, "text.control-character"),
        (b"te\xffxt\n\n" + LINE, "text.not-utf8"),
        (b"\xef\xbb\xbftext\n\n" + LINE.replace(b" a", b" \xff"), "text.not-utf8"),
    ],
)
def test_malformed(data: bytes, code: str) -> None:
    """Each rule of the specification has its own refusal."""
    with refuses(code):
        note.parse(data)


def test_constructed_notes_are_checked() -> None:
    """A note that could not be written cannot be made either."""
    for text, code in [
        (b"", "note.text"),
        (b"text", "note.text"),
        (b"te\rxt\n", "text.control-character"),
        (b"\xff\n", "text.not-utf8"),
    ]:
        with refuses(code):
            Note(text, (signature(1),))
    for key_id, raw in [(b"", b"s"), (bytes(3), b"s"), (bytes(5), b"s"), (bytes(4), b"")]:
        with refuses("note.signature"):
            NoteSignature("a", key_id, raw)
    with refuses("key.name"):
        NoteSignature("a b", bytes(4), b"s")


def test_number_of_signatures() -> None:
    """From 1 to 64 signatures are accepted, and the 16 that the specification asks for."""
    for count in (1, 16, SIGNATURES_MAX):
        value = Note(b"t\n", tuple(map(signature, range(count))))
        assert note.parse(note.format(value)) == value
    for count in (0, SIGNATURES_MAX + 1):
        with refuses("note.signatures"):
            Note(b"t\n", tuple(map(signature, range(count))))
    with refuses("note.signatures"):
        note.parse(b"t\n\n" + LINE * (SIGNATURES_MAX + 1))


def test_size_is_bounded() -> None:
    """A note of 1 MiB is read, one byte more is not, nor can it be written."""
    tail = b"\n\n" + LINE
    largest = b"x" * (NOTE_MAX_BYTES - len(tail)) + tail
    value = note.parse(largest)
    assert note.format(value) == largest
    with refuses("text.too-long"):
        note.parse(b"x" + largest)
    with refuses("text.too-long"):
        note.format(value.with_signatures([signature(1)]))


def test_post_quantum_signatures_fit() -> None:
    """64 signatures of 5 kB each, larger than any in use, stay within the limits."""
    many = [NoteSignature(f"k{i}", bytes(4), bytes(5000)) for i in range(SIGNATURES_MAX)]
    value = Note(b"t\n", tuple(many))
    assert note.parse(note.format(value)) == value


def test_with_signatures() -> None:
    """Signatures are added at the end; a key that signs again takes the place of its older one."""
    first = Note(b"t\n", (signature(1), signature(2)))
    again = NoteSignature("k1", signature(1).key_id, b"newer")
    same_name = NoteSignature("k2", bytes(4), b"other id")
    added = first.with_signatures([again, same_name, again])
    assert added.signatures == (signature(2), again, same_name)
    assert added.text == first.text
    assert first.signatures == (signature(1), signature(2))
    with refuses("note.signatures"):
        first.with_signatures(map(signature, range(100, 100 + SIGNATURES_MAX)))


def test_signature_lines_alone() -> None:
    """A witness's answer is signature lines; they are added to the checkpoint that it cosigned."""
    lines = note.format_signatures(signed(witness(1), witness(2)).signatures)
    assert lines.count(b"\n") == 2
    parsed = note.parse_signatures(lines)
    assert signed(LOG).with_signatures(parsed) == signed(LOG, witness(1), witness(2))
    with refuses("note.signature"):
        note.parse_signatures(b"")


def test_signature_is_kept_verbatim() -> None:
    """The base64 of a signature is the standard one of key id and signature."""
    raw = base64.b64encode(signature(7).key_id + b"s").decode()
    expected = f"t\n\n\u2014 k7 {raw}\n".encode()
    assert note.format(Note(b"t\n", (signature(7),))) == expected
