"""Make a recorded figure again from the data, and hold it to what was recorded.

A receipt says who recorded a figure; this says whether the data bears it out. This module refuses
to call a figure right that it cannot make again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from counterfoil.errors import InputError, VerificationError
from counterfoil.insight.detecting import suspicious
from counterfoil.insight.figures import Figure, Result, figures, run, shape_of
from counterfoil.insight.tables import Tables

__all__ = ["figure_of", "recheck"]


def recheck(tables: Tables, said: Mapping[str, Any]) -> Result:
    """Make a figure again, and give its result.

    said: a row that `report.rows_of` wrote. Raises InputError with code insight.figure for what
    is no such row or was made by a method that is not here; VerificationError with code
    insight.other-data or insight.other-result; InputError with code insight.query.
    """
    try:
        name, query, method = (str(said[one]) for one in ("figure", "query", "method"))
        data, digest = str(said["data_sha256"]), str(said["result_sha256"])
    except KeyError as err:
        raise _unknown(f"no {err}") from err
    if data != tables.digest:
        raise VerificationError(
            "insight.other-data",
            f"expected data of SHA-256 {data}, found {tables.digest}",
            hint="Give the files that the figure was made from, under their names.",
        )
    result = _again(tables, name, query, method)
    if result.sha256 != digest:
        raise VerificationError(
            "insight.other-result",
            f"expected the result {digest} of {name}, found {result.sha256}",
            hint="The data does not bear the figure out: whoever recorded it has to explain.",
        )
    return result


def _again(tables: Tables, name: str, query: str, method: str) -> Result:
    if query and not method:  # the SQL is all of it, whatever version wrote it
        return run(tables, Figure(name, "", "", "", query, "table"))
    if not query:
        found, _ = suspicious(tables)
        known = [found.figure]
    else:
        found, known = None, figures(shape_of(tables))
    for figure in known:
        if (figure.name, figure.query, figure.method) == (name, query, method):
            return run(tables, figure) if found is None else found
    raise _unknown(f"{name} by a method that this version does not have")


def figure_of(content: bytes) -> Mapping[str, Any]:
    """Read the row of a receipt as a recorded figure. Raises InputError insight.figure."""
    try:
        return msgspec.json.decode(content, type=dict[str, Any])
    except msgspec.MsgspecError as err:
        raise _unknown(str(err)) from err


def _unknown(found: str) -> InputError:
    return InputError(
        "insight.figure",
        f"expected a figure of a chain report, found {found!a:.120}",
        hint="Give a receipt that was saved from a report's page.",
    )
