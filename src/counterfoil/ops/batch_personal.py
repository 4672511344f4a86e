"""Seal the personal fields of a file's rows: read which, and take them out of each row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from counterfoil.errors import InputError
from counterfoil.ledger.people import PersonIn
from counterfoil.ledger.people.personal import split_content
from counterfoil.ledger.sources import RowChunk
from counterfoil.ports import ToSeal

__all__ = ["Whose", "read_personal", "split_rows"]

Whose = Mapping[str, PersonIn]
"""Path of a field -> which field holds the person's id, and the class of data."""


def read_personal(texts: Sequence[str], source: str | None, *, block: bool) -> Whose:
    """Read `field=id:class`, for example `name=customer_id:contact`.

    source: the series that was named; a file's digest would tell of its personal data for ever.
    block: rows are recorded as tables. Raises InputError with code batch.personal.
    """
    found: dict[str, PersonIn] = {}
    for text in texts:
        field, equals, rest = text.rpartition("=")
        holder, colon, data_class = rest.rpartition(":")
        if not (field and equals and holder and colon and data_class):
            raise InputError(
                "batch.personal",
                f"expected FIELD=ID:CLASS, found {text[:80]!a}",
                hint="For example --personal name=customer_id:contact.",
            )
        found[field] = PersonIn(holder, data_class)
    if found and block:
        raise InputError(
            "batch.personal",
            "expected rows of their own for personal fields, found tables asked for",
            hint="Leave --block out: each row is then sealed for its own person.",
        )
    if found and source is None:
        raise InputError(
            "batch.personal",
            "expected a name for the series, found none",
            hint="Add --source NAME: the file's digest, which would be the name, could give away "
            "what is erased later.",
        )
    return found


def split_rows(chunk: RowChunk, whose: Whose) -> tuple[list[bytes], list[list[ToSeal]]]:
    """Take the personal fields out of rows: what stays of each, and what is sealed.

    Raises InputError naming the row.
    """
    if not whose:
        return chunk.contents, []
    contents: list[bytes] = []
    seal: list[list[ToSeal]] = []
    for number, content in enumerate(chunk.contents, chunk.first):
        try:
            stays, groups = split_content(content, whose)
        except InputError as err:
            raise err.renewed(f"{err.message}, in row {number}") from err
        contents.append(stays)
        seal.append(groups)
    return contents, seal
