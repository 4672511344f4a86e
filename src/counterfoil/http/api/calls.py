"""Call one operation for a client: who asks, what of the node it gets, and what comes of it.

All of it runs in a worker's thread. The ledger is the node's own, whoever asks is who did it, and a
key that may write some series only writes none of the others. This module refuses to let an error
or a result tell where files lay.
"""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

import msgspec

from counterfoil.errors import CounterfoilError, Refused
from counterfoil.http.api.asked import Given
from counterfoil.http.api.given import values_of
from counterfoil.http.api.workplace import Workplace, workplace
from counterfoil.http.site import Site
from counterfoil.ledger.state import state_folder
from counterfoil.ops.offered import ACTORS, Offered
from counterfoil.ops.signature import given_by_shell
from counterfoil.ports import Channel, Progress, no_progress
from counterfoil.ports.access import Principal

__all__ = ["Call", "Called", "encoded"]

_IN_MEMORY: Final = 4 << 20
_ELSEWHERE: Final = {"model add": "code"}  # else the folder that the node runs in


@dataclass(frozen=True, slots=True)
class Called:
    """What an operation gave. sink: what it wrote to standard output."""

    result: Any
    place: Workplace
    sink: IO[bytes]


@dataclass(frozen=True, slots=True)
class Call:
    """An operation that is to be called. address: of who asks. own_limit: for a list in pages."""

    offered: Offered
    site: Site
    principal: Principal
    address: str
    given: Given
    own_limit: int | None = None
    progress: Progress = no_progress

    def run(self, hand_over: Callable[[Called], Any]) -> Any:
        """Call it, and have its result handed over while its files are there.

        Raises as the operation, as `values_of`, as the guard, and Refused with code access.actor.
        """
        with workplace(self._hidden()) as place, tempfile.SpooledTemporaryFile(_IN_MEMORY) as sink:
            try:
                values = values_of(self.offered, self.given, place)
                self._require(values)
                values |= self._by_shell(place, sink)
                result = self.offered.function(**values)
                try:
                    return hand_over(Called(result, place, sink))
                finally:
                    if isinstance(result, Iterator) and hasattr(result, "close"):
                        result.close()
            except CounterfoilError as err:
                raise _told(err, place) from err

    def _hidden(self) -> dict[Path, str]:
        """Tell which folders of the machine no client hears of."""
        folder = self.site.ledger.layout.folder
        return {folder: folder.name, folder.resolve(): folder.name, state_folder(): "state"}

    def _require(self, values: dict[str, Any]) -> None:
        """Complete the values with who asks and the node's ledger, or refuse."""
        offered, who = self.offered, self.principal
        for one in offered.fields:
            if one.name in ACTORS:
                said = values.setdefault(one.name, who.name)
                if said != who.name and not who.may("operator"):
                    error = Refused(
                        "access.actor",
                        f"expected {one.name} to be {who.name[:80]!a}, who asks, found "
                        f"{said[:80]!a}",
                        hint=f"Leave {one.name} out; only operators act for others.",
                    )
                    words = " ".join(offered.operation.words)
                    self.site.guard.note(error, who, self.address, words)
                    raise error
            if one.holds == "also-ledger" and values.pop(one.name, False):
                self.site.guard.require(who, "writer", offered.operation.words, self.address)
                values[one.name] = self.site.ledger.layout.folder
        named = any(one.holds == "also-ledger" and one.name in values for one in offered.fields)
        if named or (offered.operation.writes and offered.operation.role != "reader"):
            self.site.guard.require_source(who, values.get("source"), self.address)
            self.site.guard.charge(who, 1, self.address)

    def _by_shell(self, place: Workplace, sink: IO[bytes]) -> dict[str, Any]:
        offered = self.offered
        by_kind = {"progress": self.progress, "channel": Channel(io.BytesIO(), sink)}  # type: ignore[arg-type]  # a spooled file is one
        given: dict[str, Any] = {
            name: by_kind[kind] for name, kind in given_by_shell(offered.function).items()
        }
        given |= dict.fromkeys(offered.own, self.site.ledger.layout.folder)
        if offered.operation.name in _ELSEWHERE:
            given[_ELSEWHERE[offered.operation.name]] = place.results
        if self.own_limit is not None:
            given["limit"] = self.own_limit
        return given


def encoded(item: Any, place: Workplace) -> bytes:
    """Write a result as JSON, without where files lay."""
    plain = item.to_json() if hasattr(item, "to_json") else item
    text = msgspec.json.encode(plain)
    return (
        place.redact(text.decode()).encode() if any(mark in text for mark in place.marks) else text
    )


def _told(err: CounterfoilError, place: Workplace) -> CounterfoilError:
    told = err.renewed(place.redact(err.message))
    told.hint = place.redact(err.hint)
    return told
