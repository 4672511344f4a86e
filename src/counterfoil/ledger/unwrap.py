"""Take what an entry says out of its envelope, with who signed it and when.

For reading many entries of a log that accepted them: they are decoded, not judged again. The
members of a batch carry no signature; it stands behind them, and is found here. This module
refuses to vouch for a signature: `proofs.verify` checks them.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from typing import Final

import msgspec

from counterfoil.errors import InputError
from counterfoil.formats.batch import BATCH_PAYLOAD_TYPE, MEMBERS_MAX
from counterfoil.formats.envelope import is_unsigned_statement, payload_of_unsigned
from counterfoil.formats.predicates import CORE, name_of

__all__ = ["NOT_DECODABLE", "Signers", "Signing", "Unwrapped", "kind_of", "unwrap"]

NOT_DECODABLE: Final = (InputError, msgspec.MsgspecError, ValueError, RecursionError)
"""What decoding raises for an entry of a kind that this version does not know."""

_RUNS_KEPT: Final = 64


class Signing(msgspec.Struct, frozen=True):
    """Who signed, and when: key ids, and Unix ms by the signer's clock, None where unknown."""

    at_ms: int | None
    signed_by: tuple[str, ...]


class Unwrapped(msgspec.Struct, frozen=True):
    """An entry's payload: the JSON text of a statement or of a batch signature."""

    payload: bytes
    is_batch: bool
    signing: Signing


class _Signature(msgspec.Struct):
    keyid: str


class _Envelope(msgspec.Struct, rename="camel"):
    payload: bytes
    payload_type: str
    signatures: list[_Signature]


class _Batch(msgspec.Struct):
    at_ms: int
    count: int


_ENVELOPE: Final = msgspec.json.Decoder(_Envelope).decode
_BATCH: Final = msgspec.json.Decoder(_Batch).decode
_UNKNOWN: Final = Signing(None, ())


class Signers:
    """Finds who signed the members of batches.

    entries: reads entries [first, end) of the log.
    """

    def __init__(self, entries: Callable[[int, int], Iterator[bytes]]) -> None:
        self._entries = entries
        self._runs: list[tuple[int, int, Signing]] = []  # (first, end, signing), by first

    def of(self, index: int) -> Signing:
        """Tell who signed the unsigned entry at `index`, and when."""
        at = bisect_right(self._runs, index, key=_first) - 1
        if at >= 0 and index < self._runs[at][1]:
            return self._runs[at][2]
        run = self._look_ahead(index)
        if len(self._runs) >= _RUNS_KEPT:
            self._runs.clear()
        self._runs.insert(bisect_right(self._runs, run[0], key=_first), run)
        return run[2]

    def _look_ahead(self, index: int) -> tuple[int, int, Signing]:
        """Read on to the batch signature; what has none is alone."""
        for at, data in enumerate(self._entries(index, index + MEMBERS_MAX + 1), index):
            if is_unsigned_statement(data):
                continue
            try:
                found = unwrap(data, None)
                batch = _BATCH(found.payload)
            except NOT_DECODABLE:
                break
            first = at - batch.count
            if found.is_batch and first <= index:
                return first, at, Signing(batch.at_ms, found.signing.signed_by)
            break
        return index, index + 1, _UNKNOWN


def unwrap(data: bytes, who: Signing | None) -> Unwrapped:
    """Take an entry out of its envelope.

    who: signed it, where it carries no signature itself; None where nobody asks. `at_ms` of a
    statement with its own signature is in its predicate. Raises one of NOT_DECODABLE.
    """
    if is_unsigned_statement(data):
        return Unwrapped(payload_of_unsigned(data), False, who or _UNKNOWN)
    envelope = _ENVELOPE(data)
    keys = tuple(signature.keyid for signature in envelope.signatures)
    return Unwrapped(
        envelope.payload, envelope.payload_type == BATCH_PAYLOAD_TYPE, Signing(None, keys)
    )


def kind_of(predicate_type: str) -> tuple[str, bool]:
    """Name the kind of a statement, as `RecordView` does, and tell whether it is of the core."""
    return name_of(predicate_type), predicate_type in CORE


def _first(run: tuple[int, int, Signing]) -> int:
    return run[0]
