"""Read and write a proposal: the change to a network's charter that its members are asked for.

It carries the charter in force and the next one, and the `party` statements of all whom the next
one names, so that a member can check and record it without asking anybody. Each proposal has one
spelling. This module refuses to judge: `network.seat` does.
"""

from __future__ import annotations

from typing import Annotated, Final

import msgspec

from counterfoil.errors import InputError
from counterfoil.formats import json_text
from counterfoil.formats.predicates import KeyBinding
from counterfoil.formats.predicates.header import HexDigest, Name, Uri

__all__ = [
    "PROPOSAL_MAX_BYTES",
    "PROPOSAL_TYPE",
    "CharterText",
    "PartyKeys",
    "Proposal",
    "format",
    "parse",
]

PROPOSAL_TYPE: Final = "https://counterfoil.dev/network/proposal/v1"
"""Value of a proposal's `type`."""

PROPOSAL_MAX_BYTES: Final = 1_048_576
"""Largest proposal that is read, bytes."""

_HINT: Final = "Get the proposal again, byte for byte as it was made."


class CharterText(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A charter as its `policy` statement says it; see `network.charter`."""

    members: Annotated[tuple[Uri, ...], msgspec.Meta(max_length=256)]
    policy: Annotated[str, msgspec.Meta(min_length=1, max_length=32768)]
    follows: HexDigest | None = None


class PartyKeys(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An organisation, its name for people, and its keys, each with its proof."""

    party: Uri
    name: Name
    keys: Annotated[tuple[KeyBinding, ...], msgspec.Meta(min_length=1, max_length=16)]


class Proposal(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    tag_field="type",
    tag=PROPOSAL_TYPE,
):
    """A change that is proposed.

    base: the charter in force; absent in a founding one. next: what is proposed. parties: one for
    each member of `next`. why: for people.
    """

    base: CharterText | None = None
    next: CharterText
    parties: Annotated[tuple[PartyKeys, ...], msgspec.Meta(max_length=256)]
    why: Annotated[str, msgspec.Meta(max_length=1000)] = ""


_ENCODE: Final = msgspec.json.Encoder().encode
_DECODE: Final = msgspec.json.Decoder(Proposal).decode


def parse(data: bytes) -> Proposal:
    """Read a proposal.

    data: at most 1 MiB. Raises InputError with code proposal.size, proposal.malformed or
    proposal.not-canonical, or one of `json_text.parse`.
    """
    if len(data) > PROPOSAL_MAX_BYTES:
        raise InputError(
            "proposal.size",
            f"expected a proposal of at most {PROPOSAL_MAX_BYTES} bytes, found {len(data)}",
            hint=_HINT,
        )
    json_text.parse(data)
    try:
        proposal = _DECODE(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as err:
        raise InputError(
            "proposal.malformed", f"expected a proposal, found none: {err}", hint=_HINT
        ) from err
    if format(proposal) != data:
        raise InputError(
            "proposal.not-canonical",
            "expected a proposal in its one spelling, found another",
            hint=_HINT,
        )
    return proposal


def format(proposal: Proposal) -> bytes:
    """Write a proposal as indented JSON and a newline; `parse` gives it back.

    Raises InputError with code proposal.malformed when a text of it is no Unicode.
    """
    try:
        return msgspec.json.format(_ENCODE(proposal), indent=1) + b"\n"
    except UnicodeEncodeError as err:
        raise InputError(
            "proposal.malformed", f"expected Unicode text in a proposal: {err}", hint=_HINT
        ) from err
