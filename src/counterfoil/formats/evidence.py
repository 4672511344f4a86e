"""Read and write evidence that a log told two histories: one JSON file that proves itself.

It holds two checkpoints that one key signed and what shows that no append-only log can have both.
Nothing in it needs to be believed, not even who made it; so it says nothing that cannot be
checked. Each bundle has exactly one spelling: a changed byte is refused. This module refuses to
verify: `proofs.equivocation` does.
"""

from __future__ import annotations

from typing import Annotated, Final

import msgspec

from counterfoil.errors import InputError
from counterfoil.formats import json_text
from counterfoil.formats.predicates import ForkPoint, OtherPrefix
from counterfoil.formats.predicates.header import Name

__all__ = ["EVIDENCE_MAX_BYTES", "EVIDENCE_TYPE", "EvidenceBundle", "format", "parse"]

EVIDENCE_TYPE: Final = "https://counterfoil.dev/evidence/equivocation/v1"
"""Value of a bundle's `type`."""

EVIDENCE_MAX_BYTES: Final = 131_072
"""Largest bundle that is read, bytes."""

_Note = Annotated[str, msgspec.Meta(min_length=1, max_length=16384)]


class EvidenceBundle(
    msgspec.Struct,
    frozen=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    tag_field="type",
    tag=EVIDENCE_TYPE,
):
    """Two checkpoints of one log that cannot both be true.

    origin: the log. vkey: its verifier key. first, second: signed notes, each with the signature
    of that key and no other. Where their sizes differ there is a `fork` (two leaves at one index)
    or a `prefix` (what the larger tree was at the smaller one's size), and never both.
    """

    origin: Name
    vkey: Annotated[str, msgspec.Meta(min_length=1, max_length=4096)]
    first: _Note
    second: _Note
    fork: ForkPoint | None = None
    prefix: OtherPrefix | None = None


_ENCODE: Final = msgspec.json.Encoder().encode
_DECODE: Final = msgspec.json.Decoder(EvidenceBundle).decode
_HINT: Final = "Get the file again, byte for byte as it was made."


def parse(data: bytes) -> EvidenceBundle:
    """Read a bundle.

    data: compact JSON and a final newline, at most 128 KiB. Raises InputError with code
    evidence.malformed, evidence.size or evidence.not-canonical, or one of `json_text.parse`.
    """
    if len(data) > EVIDENCE_MAX_BYTES:
        raise InputError(
            "evidence.size",
            f"expected at most {EVIDENCE_MAX_BYTES} bytes of evidence, got {len(data)}",
            hint=_HINT,
        )
    document = json_text.parse(data)
    if not isinstance(document, dict) or document.get("type") != EVIDENCE_TYPE:
        raise InputError(
            "evidence.malformed",
            f"expected evidence of type {EVIDENCE_TYPE}, got none",
            hint="`counterfoil monitor run` and `counterfoil mirror run` write it.",
        )
    try:
        bundle = _DECODE(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as err:
        raise InputError(
            "evidence.malformed", f"expected evidence, got none: {err}", hint=_HINT
        ) from err
    if format(bundle) != data:
        raise InputError(
            "evidence.not-canonical",
            "expected evidence in its one spelling, got another",
            hint=_HINT,
        )
    return bundle


def format(bundle: EvidenceBundle) -> bytes:
    """Write a bundle as compact JSON and a newline; `parse` gives it back.

    Raises InputError with code evidence.malformed when a text of it is no Unicode.
    """
    try:
        return _ENCODE(bundle) + b"\n"
    except UnicodeEncodeError as err:
        raise InputError(
            "evidence.malformed", f"expected Unicode text in evidence, got other: {err}", hint=_HINT
        ) from err
