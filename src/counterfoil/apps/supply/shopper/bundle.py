"""What a shopper's page carries: receipts of several logs, packed so that they share hashes.

Receipts under one checkpoint repeat most of their hashes, their keys and their batch signatures;
here each stands once. What is packed comes out again as the very receipts. The rest is claims of
whoever made the page, and is shown as such. This module refuses to verify, and to carry what is no
statement.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Final

import msgspec

from counterfoil.errors import InputError
from counterfoil.formats import json_text
from counterfoil.formats.receipt import BatchProof, EntryProof, Receipt
from counterfoil.formats.vkey import VerifierKey, format_vkey, parse_vkey
from counterfoil.units import MAX_SAFE_INTEGER

__all__ = ["BUNDLE_TYPE", "Bundle", "Packed", "Packer", "format", "parse", "unpack"]

BUNDLE_TYPE: Final = "https://counterfoil.dev/shopper-page/v1"
"""Value of a bundle's `type`."""

_Index = Annotated[int, msgspec.Meta(ge=0, le=MAX_SAFE_INTEGER)]
_At = Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]
_Hash = Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]
_Path = Annotated[tuple[_At, ...], msgspec.Meta(max_length=63)]


class Packed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Receipts of one log under one checkpoint.

    key: of the log, a claim. checkpoint: the signed note. hashes: each once. entries: [index,
    text of the entry, its path as places in `hashes`]. keys: places in `entries` of the key
    statements. records: [place in `entries`, place of the batch signature or -1, path in the
    batch].
    """

    key: str
    checkpoint: str
    hashes: tuple[_Hash, ...]
    entries: tuple[tuple[_Index, str, _Path], ...]
    keys: tuple[_At, ...]
    records: tuple[tuple[_At, Annotated[int, msgspec.Meta(ge=-1, le=1_000_000)], _Path], ...]


class Bundle(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag=BUNDLE_TYPE
):
    """What a page carries.

    thing: its canonical name. brand: `https://HOST`, or empty for a page that pins no keys.
    made_ms: when it was made, by its maker's clock. policy: whose keys count. left_out: how many
    records of the thing's way the page has no room for. low_c, high_c: limits that the maker names,
    degrees C as decimals, or empty. doubts: what the maker's checks doubt. logs: the receipts.
    """

    thing: str
    brand: str
    made_ms: _Index
    policy: str
    left_out: _Index
    low_c: str
    high_c: str
    doubts: tuple[str, ...]
    logs: Annotated[tuple[Packed, ...], msgspec.Meta(max_length=256)]


_ENCODE: Final = msgspec.json.Encoder().encode
_DECODE: Final = msgspec.json.Decoder(Bundle).decode


def format(bundle: Bundle) -> bytes:
    """Write a bundle as compact JSON."""
    return _ENCODE(bundle)


def parse(data: bytes) -> Bundle:
    """Read a bundle. Raises InputError with code label.malformed, or one of `json_text.parse`."""
    json_text.parse(data)  # which is strict
    try:
        return _DECODE(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as err:
        raise InputError(
            "label.malformed",
            f"expected what a shopper's page carries, found none: {str(err)[:160]}",
            hint="`counterfoil supply label THING --ledger DIR --out FILE` writes one.",
        ) from err


@dataclass(slots=True)
class _Group:
    key: str
    checkpoint: str
    hashes: dict[bytes, int] = field(default_factory=dict)
    entries: dict[int, tuple[int, bytes, tuple[int, ...]]] = field(default_factory=dict)
    keys: tuple[int, ...] = ()
    records: dict[int, tuple[int, int, tuple[int, ...]]] = field(default_factory=dict)


class Packer:
    """Packs receipts one after the other, and knows how large they are together.

    size: bytes so far, as JSON in the page; a bound that is never too low.
    """

    def __init__(self) -> None:
        self._groups: dict[tuple[str, str], _Group] = {}
        self.size = 0

    def add(self, receipt: Receipt, key: VerifierKey) -> None:
        """Take up a receipt; one that is there already changes nothing.

        key: of its log. Raises InputError with code label.entry for what no page can show.
        """
        named = format_vkey(key)
        group = self._groups.get((named, receipt.checkpoint))
        if group is None:
            group = _Group(named, receipt.checkpoint)
            self._groups[named, receipt.checkpoint] = group
            self.size += 200 + _cost(named.encode()) + _cost(receipt.checkpoint.encode())
        if receipt.record.index in group.records:
            return
        if receipt.row is not None or receipt.content is not None or receipt.issuer is not None:
            raise _no_entry()
        keys = tuple(self._entry(group, proof) for proof in receipt.keys)
        if group.keys and keys != group.keys:
            raise _no_entry()
        group.keys = keys
        batch, path = -1, tuple[int, ...]()
        if receipt.batch is not None:
            batch = self._entry(group, receipt.batch.signature)
            path = self._path(group, receipt.batch.path)
        record = self._entry(group, receipt.record)
        group.records[receipt.record.index] = (record, batch, path)
        self.size += 20

    def copy(self) -> Packer:
        """Copy it, to see how large it becomes with more."""
        made = Packer()
        made.size = self.size
        made._groups = {
            at: _Group(
                one.key, one.checkpoint, dict(one.hashes), dict(one.entries), one.keys,
                dict(one.records),
            )
            for at, one in self._groups.items()
        }  # fmt: skip
        return made

    def packed(self) -> tuple[Packed, ...]:
        """Give all of it."""
        return tuple(
            Packed(
                one.key,
                one.checkpoint,
                tuple(one.hashes),
                tuple((index, text.decode(), path) for index, (_, text, path) in _by_place(one)),
                one.keys,
                tuple(one.records[index] for index in sorted(one.records)),
            )
            for one in self._groups.values()
        )

    def _entry(self, group: _Group, proof: EntryProof) -> int:
        known = group.entries.get(proof.index)
        if known is not None:
            return known[0]
        if not proof.entry.startswith(b"{") or not proof.entry.isascii():
            raise _no_entry()  # no DSSE envelope: those are base64 and ASCII
        place = len(group.entries)
        group.entries[proof.index] = (place, proof.entry, self._path(group, proof.path))
        self.size += 40 + _cost(proof.entry)
        return place

    def _path(self, group: _Group, path: Sequence[bytes]) -> tuple[int, ...]:
        for one in path:
            if one not in group.hashes:
                group.hashes[one] = len(group.hashes)
                self.size += 48
        self.size += 6 * len(path)
        return tuple(group.hashes[one] for one in path)


def _by_place(group: _Group) -> list[tuple[int, tuple[int, bytes, tuple[int, ...]]]]:
    return sorted(group.entries.items(), key=lambda one: one[1][0])


def _cost(text: bytes) -> int:
    return len(text) + text.count(b'"') + text.count(b"\\") + 6 * text.count(b"<")


def unpack(bundle: Bundle) -> Iterable[tuple[Receipt, VerifierKey]]:
    """Give back the receipts, each with the key that its log claims, in their order.

    Raises InputError with code label.malformed or a code key.*.
    """
    for packed in bundle.logs:
        key = parse_vkey(packed.key)
        try:
            for record in packed.records:
                yield _receipt(packed, *record), key
        except (IndexError, UnicodeEncodeError, msgspec.ValidationError) as err:
            raise InputError(
                "label.malformed",
                "expected places inside of what a page carries, found others",
                hint="Get the page from its brand again.",
            ) from err


def _receipt(packed: Packed, record: int, batch: int, path: Sequence[int]) -> Receipt:
    made = Receipt(
        packed.checkpoint,
        _proof(packed, record),
        tuple(_proof(packed, one) for one in packed.keys),
        None if batch < 0 else BatchProof(_proof(packed, batch), _hashes(packed, path)),
    )
    return msgspec.convert(msgspec.to_builtins(made), Receipt)


def _proof(packed: Packed, place: int) -> EntryProof:
    index, text, path = packed.entries[place]
    return EntryProof(index, text.encode("ascii"), _hashes(packed, path))


def _hashes(packed: Packed, path: Sequence[int]) -> tuple[bytes, ...]:
    return tuple(packed.hashes[one] for one in path)


def _no_entry() -> InputError:
    return InputError(
        "label.entry",
        "expected receipts of statements, whole and under one set of keys a checkpoint, found "
        "others",
        hint="Take them with `counterfoil receipt get ENTRY --out FILE.json`.",
    )
