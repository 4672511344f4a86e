"""Read and write signed notes: a text, and lines that sign it.

A note is how checkpoints, and nothing else of ours, are signed. Parsing one says nothing about
trust: `proofs.trust` does. This module refuses to verify, and refuses any bytes that it would not
have written itself, so a note has exactly one spelling.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from counterfoil.errors import InputError
from counterfoil.formats.ascii import NOTE_MAX_BYTES, decode_base64, encode_base64, parse_text
from counterfoil.formats.vkey import KEY_ID_BYTES, check_key_name

__all__ = [
    "NOTE_MAX_BYTES",
    "SIGNATURES_MAX",
    "Note",
    "NoteSignature",
    "format",
    "format_signatures",
    "parse",
    "parse_signatures",
]

SIGNATURES_MAX: Final = 64
"""Most signatures of a note; the specification asks for a limit of at least 16."""

_DASH: Final = "\u2014 "


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One signature line: who signed, with which key, and the signature itself.

    name: a key name. key_id: 4 bytes. signature: at least 1 byte; its inner form is the key
    type's (see `formats.cosignature`).
    Raises InputError with code key.name or note.signature.
    """

    name: str
    key_id: bytes
    signature: bytes

    def __post_init__(self) -> None:
        check_key_name(self.name)
        if len(self.key_id) != KEY_ID_BYTES or not self.signature:
            raise _bad_line(
                f"a key id of {KEY_ID_BYTES} bytes and a signature",
                f"{len(self.key_id)} and {len(self.signature)} bytes",
            )


@dataclass(frozen=True, slots=True)
class Note:
    """A text and the signatures on it, verified or not.

    text: UTF-8 that ends in a newline, without control characters; what the signatures sign.
    signatures: 1 to 64, in the order of their lines. At most 1 MiB in all.
    Raises InputError with a code text.*, note.text, note.signatures or note.too-long.
    """

    text: bytes
    signatures: tuple[NoteSignature, ...]

    def __post_init__(self) -> None:
        parse_text(self.text, NOTE_MAX_BYTES, "note")
        if not self.text.endswith(b"\n"):
            raise InputError(
                "note.text",
                "expected a note text that ends in a newline, got one that does not",
                hint="The newline before the blank line belongs to the signed text.",
            )
        _check_count(len(self.signatures))

    def with_signatures(self, signatures: Iterable[NoteSignature]) -> Note:
        """Return this note with `signatures` added after its own.

        A signature of a key (name and id) that signed already takes the place of its older one,
        so that a witness asked twice does not fill the note.
        """
        added = {(s.name, s.key_id): s for s in signatures}
        kept = tuple(s for s in self.signatures if (s.name, s.key_id) not in added)
        return Note(self.text, kept + tuple(added.values()))


def parse(data: bytes) -> Note:
    """Read a signed note: text, blank line, signature lines.

    The last blank line separates them, so the text may hold blank lines itself.
    Raises InputError with a code text.*, note.* or key.name; nothing else.
    Source: C2SP signed-note, "Format".
    """
    parse_text(data, NOTE_MAX_BYTES, "note")
    split = data.rfind(b"\n\n")
    if split < 0:
        raise InputError(
            "note.no-signatures",
            "expected a text, a blank line and signature lines, got no blank line",
            hint="The note may be cut short, or may never have been signed.",
        )
    return Note(data[: split + 1], parse_signatures(data[split + 2 :]))


def format(note: Note) -> bytes:
    """Write a signed note; `parse` gives the same note back.

    Raises InputError with code text.too-long when text and signatures exceed 1 MiB together.
    """
    data = note.text + b"\n" + format_signatures(note.signatures)
    parse_text(data, NOTE_MAX_BYTES, "note")
    return data


def parse_signatures(data: bytes) -> tuple[NoteSignature, ...]:
    """Read signature lines alone, as a witness answers them: 1 to 64, each with its newline.

    Raises InputError with a code text.*, note.signature, note.signatures or key.name.
    Source: C2SP signed-note, "Format"; C2SP tlog-witness, "add-checkpoint".
    """
    text = parse_text(data, NOTE_MAX_BYTES, "list of signatures")
    if not text.endswith("\n"):
        raise _bad_line("signature lines that end in a newline", "none, or a line cut short")
    lines = text[:-1].split("\n")
    _check_count(len(lines))
    return tuple(_parse_line(line) for line in lines)


def format_signatures(signatures: Iterable[NoteSignature]) -> bytes:
    """Write signature lines, one for each signature, each ending in a newline."""
    lines = (f"{_DASH}{s.name} {encode_base64(s.key_id + s.signature)}\n" for s in signatures)
    return "".join(lines).encode("utf-8")


def _parse_line(line: str) -> NoteSignature:
    if not line.startswith(_DASH):
        raise _bad_line("a line that starts with an em dash and a space", "another line")
    name, space, encoded = line[len(_DASH) :].partition(" ")
    if not space:
        raise _bad_line("`\u2014 <name> <base64>`", "a line without base64")
    try:
        raw = decode_base64(encoded)
    except InputError as err:
        raise _bad_line("canonical base64 after the name", "something else") from err
    return NoteSignature(name, raw[:KEY_ID_BYTES], raw[KEY_ID_BYTES:])


def _check_count(count: int) -> None:
    if not 1 <= count <= SIGNATURES_MAX:
        raise InputError(
            "note.signatures",
            f"expected 1 to {SIGNATURES_MAX} signatures on a note, got {count}",
            hint="Remove signatures of keys that nobody relies on.",
        )


def _bad_line(expected: str, came: str) -> InputError:
    return InputError(
        "note.signature",
        f"expected {expected} in a signature line, got {came}",
        hint="Fetch the note again; every byte of it counts.",
    )
