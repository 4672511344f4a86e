"""Write an incident as a document that stands alone: what is said, when it is due, and proofs.

JSON for programs; HTML that a browser shows, each receipt checking itself in it; or a zip of both
with every receipt as a file. The document holds what the log holds: sealed personal data stays
sealed. A document proves nothing by what it says: its receipts do, against a policy that its
reader trusts. This module refuses to leave out a link silently: what has no receipt here is named.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from typing import TYPE_CHECKING, Any, Final

import msgspec

from counterfoil.errors import NotFound
from counterfoil.formats import json_text
from counterfoil.formats import receipt as receipts
from counterfoil.formats.receipt_html import format_html
from counterfoil.ledger.documents import framed, log_key, security, write_zip, written_page
from counterfoil.ledger.incidents.due import Due
from counterfoil.ledger.incidents.incidents import FoundIncident

if TYPE_CHECKING:
    from counterfoil.formats.receipt import Receipt
    from counterfoil.ledger.ledger import Ledger

__all__ = ["IncidentReport", "Proven", "html_report", "json_report", "make_report", "zip_report"]

_STYLE: Final = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;"
    "color:#1a1a1a;background:#fff}h1{margin:0}dt{font-weight:600;margin-top:.6rem}"
    "dd{margin:0;white-space:pre-wrap;overflow-wrap:anywhere}table{border-collapse:collapse}"
    "td,th{text-align:left;padding:.2rem 1rem .2rem 0;vertical-align:top}.late{color:#a40000;"
    "font-weight:600}iframe{width:100%;height:36rem;border:1px solid #999}"
    "summary{cursor:pointer;padding:.3rem 0}code{overflow-wrap:anywhere}"
)
_SHOWN: Final = (
    ("title", "Title"), ("severity", "Severity"), ("state", "State"), ("provider", "Provider"),
    ("system", "AI system"), ("system_version", "Version"), ("happened_from_ms", "Happened from"),
    ("happened_until_ms", "Happened until"), ("became_aware_ms", "Became aware"),
    ("description", "What happened"), ("harms", "Harmed"), ("widespread", "Widespread"),
    ("harm", "Harm"), ("persons_affected", "Persons affected"), ("cause", "Cause"),
    ("causal_link", "Causal link with the system"), ("measures", "Corrective measures"),
    ("authority", "Reported to"), ("reported_ms", "Reported"), ("accountable", "Accountable"),
    ("sealed", "Personal data"), ("why", "This version"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Proven:
    """A statement that the report is about. receipt: None where this log does not hold it."""

    role: str
    index: int | None
    leaf: str | None
    kind: str
    receipt: Receipt | None


@dataclass(frozen=True, slots=True)
class IncidentReport:
    """All that a report says. made_ms: when it was made; policy: the ledger's, as text."""

    found: FoundIncident
    proven: tuple[Proven, ...]
    made_ms: int
    origin: str
    policy: str
    pages: tuple[bytes | None, ...]

    @property
    def late(self) -> tuple[Due, ...]:
        """Deadlines that were missed when the report was made."""
        return self.found.late(self.made_ms)


def make_report(ledger: Ledger, incident: int | str, now_ms: int) -> IncidentReport:
    """Gather an incident, all its versions and links, with their receipts.

    Raises NotFound with code incident.unknown, and as `Ledger.receipt`.
    """
    found = ledger.incidents.get(incident)
    proven = [
        Proven(f"version {at}", view.index, view.leaf, "incident", ledger.receipt(view.index))
        for at, view in enumerate(found.versions)
    ]
    for link in found.said.get("linked", ()):
        proven.append(_proven(ledger, link))
    key = log_key(ledger.policy, ledger.origin)
    pages = tuple(None if one.receipt is None else format_html(one.receipt, key) for one in proven)
    policy = ledger.layout.policy.read_text(encoding="utf-8")
    return IncidentReport(found, tuple(proven), now_ms, ledger.origin, policy, pages)


def json_report(report: IncidentReport) -> bytes:
    """Write a report as JSON, each receipt as `counterfoil receipt get` writes it."""
    whole = {
        "format": "counterfoil incident report v1",
        "made_ms": report.made_ms,
        "origin": report.origin,
        **report.found.to_json(),
        "late": [due.days for due in report.late],
        "proofs": [
            {
                "role": one.role,
                "index": one.index,
                "leaf": one.leaf,
                "kind": one.kind,
                "receipt": None
                if one.receipt is None
                else msgspec.json.decode(receipts.format(one.receipt)),
            }
            for one in report.proven
        ],
        "policy": report.policy,
    }
    return msgspec.json.format(json_text.format(whole), indent=2) + b"\n"


def html_report(report: IncidentReport) -> bytes:
    """Write a report as one HTML file that asks nothing of any network."""
    parts = ["<header><h1>Incident report</h1>", f"<p>{escape(report.origin)}, made "]
    parts += [f"{_time(report.made_ms)}</p></header>", _due(report), _fields(report)]
    parts.append("<h2>Proofs</h2><p>Each opens as a page that checks itself. ")
    parts.append("Whether to trust the log is yours to say, by a policy of your own.</p>")
    for one, page in zip(report.proven, report.pages, strict=True):
        name = f"{one.role}: {one.kind}"
        if page is None:
            leaf = escape(one.leaf or "")
            parts.append(f"<p>{escape(name)}, <code>{leaf}</code>: not in this log</p>")
            continue
        place = "" if one.index is None else f" (entry {one.index})"
        parts.append(framed(page, name, place))
    allowed = security(report.pages, _STYLE)
    return written_page("Incident report", "".join(parts), _STYLE, allowed)


def zip_report(report: IncidentReport) -> bytes:
    """Write a report as a zip: report.html, report.json, policy.txt and each receipt."""
    files = {
        "README.txt": _README.encode(),
        "report.html": html_report(report),
        "report.json": json_report(report),
        "policy.txt": report.policy.encode(),
    }
    for one, page in zip(report.proven, report.pages, strict=True):
        if one.receipt is not None and page is not None:
            files[f"receipts/{one.index}.json"] = receipts.format(one.receipt)
            files[f"receipts/{one.index}.html"] = page
    return write_zip(files)


_README: Final = """An incident report with its proofs.

report.html    the report; each receipt in it checks itself in a browser
report.json    the same for programs
receipts/      every statement of the report, one file each
policy.txt     whom the sender says to trust; get it from somebody whom you trust instead

  counterfoil verify receipts/7.json --policy policy.txt
"""


def _proven(ledger: Ledger, link: dict[str, Any]) -> Proven:
    leaf, role = link.get("leaf"), str(link.get("role") or "linked")
    index = None
    if leaf is not None and link.get("origin") in (None, ledger.origin):
        try:
            index = ledger.find_leaf(leaf)
        except NotFound:
            index = None
    if index is None:
        return Proven(role, None, leaf or link.get("digest"), role, None)
    return Proven(role, index, leaf, ledger.get(index).kind, ledger.receipt(index))


def _due(report: IncidentReport) -> str:
    if not report.found.due:
        return "<p>No deadline of article 73: the incident is not said to be serious.</p>"
    reported = report.found.said.get("reported_ms")
    rows = []
    for due in report.found.due:
        late = due.late(report.made_ms, reported)
        state = "missed" if late else "met" if reported is not None else "open"
        rows.append(
            f"<tr class='{'late' if late else ''}'><td>{_time(due.by_ms)}</td>"
            f"<td>{escape(due.what)}</td><td>{escape(due.law)}</td><td>{state}</td></tr>"
        )
    return (
        "<h2>Due</h2><table><tr><th>By</th><th>What</th><th>Law</th><th>State</th></tr>"
        f"{''.join(rows)}</table><p>Calendar days, UTC; no legal advice.</p>"
    )


def _fields(report: IncidentReport) -> str:
    said = report.found.said
    rows = []
    for name, label in _SHOWN:
        value = said.get(name)
        if value in (None, "", [], False):
            continue
        rows.append(f"<dt>{label}</dt><dd>{escape(_words(name, value))}</dd>")
    return f"<h2>What is said</h2><dl>{''.join(rows)}</dl>"


def _words(name: str, value: Any) -> str:
    if name.endswith("_ms"):
        return _time(value)
    if name == "sealed":
        return f"sealed under the person's key: {', '.join(value['names'])}"
    if name == "accountable":
        return ", ".join(str(part) for part in value.values())
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _time(at_ms: int) -> str:
    try:
        return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (OverflowError, ValueError, OSError):
        return f"{at_ms} ms after 1970"
