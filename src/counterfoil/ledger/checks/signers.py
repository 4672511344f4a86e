"""Ask whether the word of who signed a statement still counts: keys end, from earlier entries too.

This module refuses to check signatures: what stands in the log was checked on its way in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from counterfoil.errors import VerificationError
from counterfoil.formats import entry as entries
from counterfoil.formats.batch import MEMBERS_MAX
from counterfoil.formats.entry import BatchEntry, StatementEntry
from counterfoil.formats.envelope import is_unsigned_statement

if TYPE_CHECKING:
    from counterfoil.ledger.view import RecordView
    from counterfoil.log.reader import LogReader
    from counterfoil.proofs.keyring import Keyring

__all__ = ["word_counts"]


def word_counts(said: RecordView, reader: LogReader, keyring: Keyring) -> bool:
    """Tell whether every key that signed a statement, or its batch, may still do so there.

    keyring: of the log, as of its head.
    """
    index, signers = said.index, said.signed_by
    if not signers:
        index, signers = _batch_over(index, reader)
    try:
        for keyid in signers:
            keyring.require(keyid, index)
    except VerificationError:
        return False
    return bool(signers)


def _batch_over(index: int, reader: LogReader) -> tuple[int, tuple[str, ...]]:
    """Find the batch that signs a statement without a signature: its index, and who signed it."""
    end = min(index + 1 + MEMBERS_MAX, reader.size())
    for at, data in enumerate(reader.entries(index + 1, end), index + 1):
        if not is_unsigned_statement(data):
            parsed = entries.parse(data)
            if not isinstance(parsed, StatementEntry | BatchEntry):
                break
            return at, tuple(one.keyid for one in parsed.envelope.signatures)
    return index, ()
