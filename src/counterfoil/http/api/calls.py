"""Call one operation for a client: who asks, what of the node it gets, and what comes of it.

All of it runs in a worker's thread. The ledger is the node's own, whoever asks is who did it, and a
key that may write some series only writes none of the others. This module refuses to let an error
or a result tell where files lay.
"""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

import msgspec

from counterfoil.errors import CounterfoilError, Refused
from counterfoil.extras import brings
from counterfoil.http.api.asked import Given
from counterfoil.http.api.given import values_of
from counterfoil.http.api.workplace import Workplace, workplace
from counterfoil.http.site import Site
from counterfoil.ledger.state import state_folder
from counterfoil.ops.offered import ACTORS, Offered
from counterfoil.ports import Channel, Progress, no_progress
from counterfoil.ports.access import Principal

__all__ = ["Call", "Called", "encoded"]

_IN_MEMORY: Final = 4 << 20
_CHUNK: Final = 1 << 16
_BY_ROW: Final = frozenset({"record batch", "rules run"})
_BY_EVENT: Final = {"supply capture": "events_file"}
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
                charged = self._require(values)
                values |= self._by_shell(place, sink)
                result = self._called(values, charged)
                try:
                    return hand_over(Called(result, place, sink))
                finally:
                    if isinstance(result, Iterator) and hasattr(result, "close"):
                        result.close()
            except CounterfoilError as err:
                raise _told(err, place) from err

    def _called(self, values: dict[str, Any], charged: int) -> Any:
        """Call the function, and give back what was charged for what is not recorded."""
        guard = self.site.guard
        try:
            result = self.offered.function(**values)
        except CounterfoilError:
            guard.refund(self.principal, charged if charged == 1 else 0)  # many may be there by now
            raise
        new = getattr(result, "new", None)
        if charged > 1 and isinstance(new, int):
            guard.refund(self.principal, max(0, charged - new))
        return result

    def _hidden(self) -> dict[Path, str]:
        """Tell which folders of the machine no client hears of."""
        folder = self.site.ledger.layout.folder
        return {folder: folder.name, folder.resolve(): folder.name, state_folder(): "state"}

    def _require(self, values: dict[str, Any]) -> int:
        """Complete the values with who asks and the node's ledger, or refuse.

        Gives how many records were charged.
        """
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
            records = _records_in(offered, values)
            self.site.guard.charge(who, records, self.address)
            return records
        return 0

    def _by_shell(self, place: Workplace, sink: IO[bytes]) -> dict[str, Any]:
        offered = self.offered
        by_kind = {"progress": self.progress, "channel": Channel(io.BytesIO(), sink)}  # type: ignore[arg-type]  # a spooled file is one
        given: dict[str, Any] = {name: by_kind[kind] for name, kind in offered.by_shell.items()}
        given |= dict.fromkeys(offered.own, self.site.ledger.layout.folder)
        if offered.operation.name in _ELSEWHERE:
            given[_ELSEWHERE[offered.operation.name]] = place.results
        if self.own_limit is not None:
            given["limit"] = self.own_limit
        return given


def _records_in(offered: Offered, values: Mapping[str, Any]) -> int:
    """Tell for how many records a call counts: where rows are recorded, each of its file."""
    events = values.get(_BY_EVENT.get(offered.operation.name, ""))
    if isinstance(events, Path):
        with brings("supply"):
            from counterfoil.ops.supply.events import count_events
        return count_events(events)
    if offered.operation.name not in _BY_ROW or not isinstance(values.get("file"), Path):
        return 1
    path: Path = values["file"]
    if path.suffix in (".parquet", ".pq"):
        from pyarrow.parquet import read_metadata

        try:
            return max(1, int(read_metadata(path).num_rows))
        except (OSError, ValueError):  # which it is refused for when it is read
            return 1
    with path.open("rb") as stream:
        return max(1, sum(chunk.count(b"\n") for chunk in iter(lambda: stream.read(_CHUNK), b"")))


def encoded(item: Any, place: Workplace) -> bytes:
    """Write a result as JSON, without where files lay."""
    plain = item.to_json() if hasattr(item, "to_json") else item
    text = msgspec.json.encode(plain)
    return place.redact(text.decode()).encode() if place.tells(text) else text


def _told(err: CounterfoilError, place: Workplace) -> CounterfoilError:
    told = err.renewed(place.redact(err.message))
    told.hint = place.redact(err.hint)
    return told
