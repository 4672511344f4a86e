"""The room for alerts: list them, acknowledge them, and take people's verdicts away as labels.

An acknowledgement is a statement by a named person; a later one about the same alert counts
instead. This module refuses to change an alert.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from counterfoil.errors import NotFound
from counterfoil.formats.statement import Subject
from counterfoil.ledger import Ledger, Recorded, RecordView
from counterfoil.ledger.named import find_at
from counterfoil.ledger.tabular import Listed, TableRow

__all__ = ["Alerts", "FoundAlert", "Verdict"]

Verdict = Literal["real", "false"]
"""What a person says of an alert."""

_PAGE: Final = 100
_TOLD: Final = ("count", "closed", "verdict", "by", "note", "acknowledged_ms")


@dataclass(frozen=True, slots=True)
class FoundAlert:
    """An alert, how it ended, and what was said of it.

    begun: its statement. closed: the one that closes it; None while it goes on, or where it was
    one finding. said: the newest acknowledgement.
    """

    begun: RecordView
    closed: RecordView | None
    said: RecordView | None

    @property
    def verdict(self) -> str | None:
        """What a person said: `real`, `false`, or None while nobody looked at it."""
        return None if self.said is None else str(self.said.content.get("verdict"))

    @property
    def count(self) -> int:
        """Findings in it, as far as they are told."""
        found = (self.closed or self.begun).content.get("count", 1)
        return found if isinstance(found, int) else 1

    def to_json(self) -> dict[str, Any]:
        """Turn it into what the command line and the API print; a row of labels, too."""
        alert, said = self.begun.content, {} if self.said is None else self.said.content
        evidence = alert.get("evidence", [])
        return {
            "index": self.begun.index,
            "leaf": self.begun.leaf,
            "watcher": _name_of(alert.get("watcher")),
            "watches": alert.get("watches"),
            "kind": alert.get("kind"),
            "group": alert.get("group"),
            "severity": alert.get("severity", "medium"),
            "title": alert.get("title"),
            "why": alert.get("why", ""),
            "count": self.count,
            "first_ms": alert.get("first_ms"),
            "last_ms": (self.closed or self.begun).content.get("last_ms"),
            "score": alert.get("score"),
            "chance": alert.get("chance"),
            "evidence": evidence,
            "closed": None if self.closed is None else self.closed.index,
            "verdict": self.verdict,
            "by": said.get("by", {}).get("name"),
            "note": said.get("note", ""),
            "acknowledged_ms": None if self.said is None else self.said.at_ms,
        }


class Alerts:
    """The alerts in a ledger."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def ls(
        self, *, watcher: str | None = None, new: bool = False, limit: int = 50
    ) -> Listed[FoundAlert]:
        """List alerts, the newest first. watcher: of this one only. new: that nobody looked at.

        The list is a table, too: `Alerts(ledger).ls().to_arrow()`, with what people said of them
        in the columns `count`, `closed`, `verdict`, `by`, `note` and `acknowledged_ms`.
        """
        return Listed(self._listed(watcher, limit, new=new), _row_of)

    def _listed(self, watcher: str | None, limit: int, *, new: bool) -> Iterator[FoundAlert]:
        after, left = None, limit
        closed, said = dict[str, RecordView](), _Said(self._ledger)
        while left > 0:
            page = self._ledger.search("kind=alert", limit=_PAGE, after=after)
            for view in page.hits:
                if not _begins(view):  # it closes one that began before, which comes later here
                    closed.setdefault(_opened_leaf(view), view)
                    continue
                if watcher not in (None, _watcher_of(view)):
                    continue
                found = FoundAlert(view, closed.get(view.leaf), said.of(view))
                if new and found.said is not None:
                    continue
                yield found
                left -= 1
                if not left:
                    return
            if page.next is None:
                return
            after = page.next

    def get(self, alert: int | str) -> FoundAlert:
        """Find an alert by the index or leaf hash of a statement of it.

        Raises NotFound with code alert.unknown.
        """
        view = self._view(alert)
        opened = _opened_leaf(view)
        return self._found(self._view(opened) if opened else view)

    def acknowledge(
        self,
        alert: int | str,
        verdict: Verdict,
        *,
        by: str,
        role: str | None = None,
        note: str = "",
    ) -> Recorded:
        """Record that a person looked at an alert, and whether it was real.

        alert: index or leaf hash. by, role: who says so. Raises NotFound with code alert.unknown,
        InputError with code predicate.malformed.
        """
        found = self.get(alert).begun
        who = {"name": by} if role is None else {"name": by, "role": role}
        name = found.content.get("title")
        fields = {
            "alert": {"leaf": found.leaf, "role": "alert", "name": name},
            "verdict": verdict,
            "by": who,
            "note": note,
        }
        subjects = [Subject(digest={"sha256": found.leaf}, name="alert")]
        return self._ledger.record_statement("acknowledgement", fields, subjects=subjects)

    def labels(self) -> Iterator[FoundAlert]:
        """List the alerts that a person looked at, oldest first: what a model may learn from."""
        after = None
        while True:
            page = self._ledger.search("kind=alert", limit=_PAGE, after=after, newest_first=False)
            for view in page.hits:
                if _begins(view) and (found := self._found(view)).said is not None:
                    yield found
            if page.next is None:
                return
            after = page.next

    def _found(self, view: RecordView) -> FoundAlert:
        closed = self._newest(f"kind=alert opened.leaf={view.leaf}")
        return FoundAlert(
            view, closed, self._newest(f"kind=acknowledgement alert.leaf={view.leaf}")
        )

    def _newest(self, query: str) -> RecordView | None:
        hits = self._ledger.search(query, limit=1).hits
        return hits[0] if hits else None

    def _view(self, alert: int | str) -> RecordView:
        view = find_at(self._ledger, alert, "alert")
        if view is None:
            raise NotFound(
                "alert.unknown",
                f"expected the index or leaf of an alert, found {str(alert)[:80]!a}",
                hint="`counterfoil watch alerts` lists them.",
            )
        return view


def _row_of(found: FoundAlert) -> TableRow:
    told = found.to_json()
    return found.begun, {name: told[name] for name in _TOLD}


class _Said:
    """What people said of alerts, read from the newest on, as far back as is asked for."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._by_alert: dict[str, RecordView] = {}
        self._read_to, self._over = ledger.size, False
        self._after: int | None = None

    def of(self, alert: RecordView) -> RecordView | None:
        """Give the newest acknowledgement of an alert; it stands behind the alert in the log."""
        while not self._over and self._read_to > alert.index:
            page = self._ledger.search("kind=acknowledgement", limit=_PAGE, after=self._after)
            for view in page.hits:
                about = view.content.get("alert")
                if isinstance(about, Mapping) and isinstance(about.get("leaf"), str):
                    self._by_alert.setdefault(about["leaf"], view)
                self._read_to = view.index
            self._after, self._over = page.next, page.next is None
        return self._by_alert.get(alert.leaf)


def _opened_leaf(view: RecordView) -> str:
    """Tell which alert a statement closes, by its leaf; empty for none."""
    opened = view.content.get("opened")
    leaf = opened.get("leaf") if isinstance(opened, Mapping) else None
    return leaf if isinstance(leaf, str) else ""


def _begins(view: RecordView) -> bool:
    """Tell whether a statement begins an alert."""
    return bool(view.content.get("state", "open") == "open")


def _watcher_of(view: RecordView) -> str:
    return _name_of(view.content.get("watcher")).partition(" ")[0]


def _name_of(reference: Any) -> str:
    return str(reference.get("name", "")) if isinstance(reference, Mapping) else ""
