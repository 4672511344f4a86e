"""Training data that was tampered with, as far as the statements about it show.

Four things are looked at, from version to version of a data set: a check of it that fails for
poisoning; a share that such a check measures and that rose by more than chance; one column alone
that changed while all others and the number of rows stayed, as flipped labels do; and a version
that now has another digest. The last two are seen of public data sets alone: a salt, which others
have, changes every digest. This module refuses to see rows: they are not in the log, and the checks
that saw them are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import erfc, sqrt
from typing import Any, Final

import msgspec

from counterfoil.ports.watchers import Noticed, Setting, Sight, WatchedEntry, WatcherType
from counterfoil.watch.threats.signers import remember

__all__ = ["POISONING"]

_ITEMS_MAX: Final = 64
_COLUMNS_MAX: Final = 512
_VERSIONS_MAX: Final = 64


class _Share(msgspec.Struct):
    value: float
    rows: int
    index: int
    leaf: str


class _Data(msgspec.Struct):
    """A data set by name: its last version, and the last shares that a check measured."""

    digest: str = ""
    rows: int = 0
    columns: dict[str, str] = {}
    index: int = -1
    leaf: str = ""
    versions: dict[str, str] = {}
    shares: dict[str, _Share] = {}


class State(msgspec.Struct):
    """Data sets by name. names: digest or leaf -> name, as data sets were recorded."""

    data: dict[str, _Data] = {}
    names: dict[str, str] = {}


class _Poisoning:
    def __init__(self, settings: Mapping[str, Setting]) -> None:
        self._level = float(settings["level"])

    def start(self) -> State:
        return State()

    def see(self, state: State, event: WatchedEntry) -> tuple[State, Sequence[Noticed]]:
        if event.kind == "dataset":
            return state, _see_data(state, event)
        if event.kind == "check" and event.said.get("check") == "poisoning":
            return state, self._see_check(state, event)
        return state, ()

    def _see_check(self, state: State, event: WatchedEntry) -> list[Noticed]:
        name = _about(state, event.said.get("about"))
        data = state.data.get(name) or remember(state.data, name, _Data())
        items = [one for one in event.said.get("items", ()) if isinstance(one, Mapping)]
        noticed = []
        bad = [str(one.get("name")) for one in items if one.get("passed") is False]
        if event.said.get("passed") is False:
            what = "; ".join(str(one.get("found") or one.get("name")) for one in items
                             if one.get("passed") is False)  # fmt: skip
            noticed.append(
                Noticed(
                    kind="poisoning",
                    group=name,
                    title=f"the check for poisoning failed on {name[:120]}: {', '.join(bad)}"[:255],
                    why=what[:4000],
                    severity="high",
                    evidence=[event.sight],
                )
            )
        for item in items[:_ITEMS_MAX]:
            found = self._rise(name, data, item, event)
            if found is not None and not noticed:
                noticed.append(found)
        return noticed

    def _rise(
        self, name: str, data: _Data, item: Mapping[str, Any], event: WatchedEntry
    ) -> Noticed | None:
        """Compare a share with the one that the check before measured: two proportions."""
        now = _share_of(item, event)
        if now is None:
            return None
        what = str(item.get("name"))
        before, data.shares[what] = data.shares.get(what), now
        if before is None or not 0 <= now.value <= 1:
            return None
        chance = _greater(before, now)
        if chance > self._level / max(1, len(data.shares)) or now.value < 1.2 * before.value:
            return None
        return Noticed(
            kind="poisoning",
            group=name,
            title=f"{what} of {name[:120]} rose from {before.value:.3g} to {now.value:.3g}"[:255],
            why=f"More than chance explains ({chance:.2g}) since the check before, on "
            f"{before.rows} and {now.rows} rows.",
            severity="high",
            p=chance,
            evidence=[Sight(before.index, before.leaf), event.sight],
            measured={"before": before.value, "now": now.value},
        )


def _see_data(state: State, event: WatchedEntry) -> list[Noticed]:
    print_ = event.said.get("fingerprint")
    name, version = str(event.said.get("name")), event.said.get("version")
    if not isinstance(print_, Mapping):
        return []
    digest, rows = str(print_.get("digest")), print_.get("rows")
    columns = {
        str(one.get("name")): str(one.get("digest"))
        for one in list(print_.get("columns", ()))[:_COLUMNS_MAX]
        if isinstance(one, Mapping)
    }
    for known in (digest, event.leaf):
        if known not in state.names:
            remember(state.names, known, name)
    data = state.data.get(name) or remember(state.data, name, _Data())
    noticed = []
    if data.digest and digest != data.digest and rows == data.rows:
        changed = [c for c in columns if columns[c] != data.columns.get(c)]
        if columns.keys() == data.columns.keys() and len(columns) > 2 and len(changed) == 1:
            noticed.append(_edited(event, name, changed[0], data))
    if isinstance(version, str) and print_.get("salted") is not True:
        if data.versions.get(version, digest) != digest and "corrects" not in event.said:
            noticed.append(_replaced(event, name, version, data))
        data.versions[version] = digest
        if len(data.versions) > _VERSIONS_MAX:
            del data.versions[next(iter(data.versions))]
    data.digest, data.columns, data.rows = digest, columns, rows if isinstance(rows, int) else 0
    data.index, data.leaf = event.index, event.leaf
    return noticed


def _edited(event: WatchedEntry, name: str, column: str, data: _Data) -> Noticed:
    return Noticed(
        kind="poisoning",
        group=name,
        title=f"only the column {column[:80]} of {name[:120]} changed",
        why=f"All {data.rows} rows and the other {len(data.columns) - 1} columns are what they "
        "were. So look labels that were flipped; so does a column that was mended.",
        evidence=[Sight(data.index, data.leaf), event.sight],
    )


def _replaced(event: WatchedEntry, name: str, version: str, data: _Data) -> Noticed:
    return Noticed(
        kind="poisoning",
        group=name,
        title=f"version {version[:60]} of {name[:120]} has another digest now",
        why="A version names one content. This one was recorded before with another, and the "
        "statement does not say that it corrects it.",
        severity="high",
        evidence=[Sight(data.index, data.leaf), event.sight],
    )


def _about(state: State, reference: Any) -> str:
    if not isinstance(reference, Mapping):
        return "unnamed"
    for known in (reference.get("leaf"), reference.get("digest")):
        if isinstance(known, str) and known in state.names:
            return state.names[known]
    return str(reference.get("name") or reference.get("digest") or reference.get("leaf"))


def _share_of(item: Mapping[str, Any], event: WatchedEntry) -> _Share | None:
    measured = item.get("measured")
    if not isinstance(measured, Mapping) or not isinstance(measured.get("rows"), int):
        return None
    try:
        value = float(str(measured.get("value")))
    except ValueError:
        return None
    return _Share(value, measured["rows"], event.index, event.leaf)


def _greater(before: _Share, now: _Share) -> float:
    """Give the chance that two shares differ as much by chance: one-sided, normal, pooled."""
    total = before.rows + now.rows
    if not before.rows or not now.rows:
        return 1.0
    pooled = (before.value * before.rows + now.value * now.rows) / total
    spread = sqrt(pooled * (1 - pooled) * (1 / before.rows + 1 / now.rows))
    return erfc((now.value - before.value) / spread / sqrt(2)) / 2 if spread > 0 else 1.0


POISONING: Final = WatcherType(
    name="poisoning",
    version="1",
    summary="Training data was tampered with, as far as statements about it show.",
    state=State,
    settings={"level": 0.001},
    make=_Poisoning,
)
