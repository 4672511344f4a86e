"""A case as one HTML page: what an analyst needs, drawn where looking is quicker than reading.

No script but that of receipts, which check themselves in frames; no network; light and dark.
Everything that came from a payment is escaped. This module refuses to say what to decide.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from html import escape
from typing import TYPE_CHECKING, Any, Final

from counterfoil.apps.finance.held.file import CaseFile, Event
from counterfoil.formats import policy as policies
from counterfoil.formats.receipt_html import format_html
from counterfoil.insight.page.style import STYLE
from counterfoil.ledger.documents import framed, log_key, security, written_page

if TYPE_CHECKING:
    from counterfoil.ledger import Ledger

__all__ = ["case_page"]

_OWN: Final = (
    "iframe{width:100%;height:36rem;border:1px solid var(--line);border-radius:8px}"
    ".state{font-size:20px;font-weight:600}.ok{color:var(--ok)}"
    ".reasons td:first-child{white-space:normal}.reasons td:last-child{width:45%}"
    ".timeline{padding-left:20px}.timeline li{padding:4px 0}"
)
_STATES: Final = {
    "open": ("wait", "▲", "waits for a person"),
    "release": ("ok", "●", "released"),
    "return": ("bad", "◆", "returned"),
}
_REASONS_MAX: Final = 20
_HALF: Final = 150


def case_page(ledger: Ledger, file: CaseFile) -> bytes:
    """Write the page: HTML, UTF-8."""
    style = STYLE + _OWN
    policy = policies.parse(ledger.layout.policy.read_bytes())
    key = log_key(policy, ledger.origin)
    pages = {role: format_html(receipt, key) for role, receipt in file.receipts.items()}
    body = [
        _head(file),
        _section("Reasons", _reasons(file)),
        _section("What was known", _inputs(file)),
        _section("Where the money is", _money(file)),
        _section("What happened", _timeline(file.history)),
        _section("Also decided on this payment", _about(file)),
        _section("Other payments of this payer in the escrow", _same_payer(file)),
        _section(
            "Proofs",
            "".join(framed(page, role) for role, page in pages.items())
            or '<p class="note">Nothing of this is published yet.</p>',
        ),
        _section("To decide", _commands(file)),
    ]
    allowed = security(pages.values(), style)
    return written_page(f"Case {file.case.number}", "".join(body), style, allowed)


def _head(file: CaseFile) -> str:
    case = file.case
    said = case.hold.said
    colour, icon, words = _STATES[case.state]
    facts = [
        ("Payment", case.payment or "not named"),
        ("Held at", _moment(case.hold.at_ms)),
        ("By", str((said.get("model") or {}).get("name") or "a model")),
        ("Score", f"{_number(said.get('score'))} (held from {_number(said.get('threshold'))})"),
        ("Answers for it", str((said.get("accountable") or {}).get("name") or "nobody named")),
        ("Note", str(said.get("note") or "none")),
    ]
    return (
        f"<header><h1>Case {case.number}</h1>"
        f'<p class="state {colour}"><span aria-hidden="true">{icon}</span> {words}</p>'
        f"{_facts(facts)}</header>"
    )


def _section(title: str, content: str) -> str:
    return f"<section><h2>{escape(title)}</h2>{content}</section>"


def _facts(facts: Iterable[tuple[str, str]]) -> str:
    rows = "".join(
        f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in facts
    )
    return f'<dl class="facts">{rows}</dl>'


def _reasons(file: CaseFile) -> str:
    """Draw the contributions, the strongest first: to the right what raised the score."""
    if not file.contributions:
        why = "The reasons are sealed: name who looks." if file.sealed else "No reasons recorded."
        return f'<p class="note">{why}</p>'
    found = sorted(file.contributions.items(), key=lambda one: -abs(float(one[1])))
    most = abs(float(found[0][1])) or 1.0
    rows = "".join(
        f'<tr><th scope="row">{escape(name)}</th><td class="n">{escape(_number(value))}</td>'
        f"<td>{_bar(float(value) / most)}</td></tr>"
        for name, value in found[:_REASONS_MAX]
    )
    unit = f" in {escape(file.unit)}" if file.unit else ""
    left = len(found) - _REASONS_MAX
    more = f'<p class="note">{left} weaker ones are left out.</p>' if left > 0 else ""
    return (
        f'<div class="wide"><table class="reasons"><caption class="note">Contributions{unit}; bars '
        'to the right raised the score.</caption><thead><tr><th scope="col">Input</th>'
        '<th scope="col" class="n">Contribution</th><th scope="col">Drawn</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></div>{more}"
    )


def _bar(share: float) -> str:
    """Draw one contribution: share of the strongest, -1 to 1."""
    width = max(abs(share) * _HALF, 1)
    x = _HALF if share >= 0 else _HALF - width
    colour = "bar bad" if share >= 0 else "bar"
    return (
        f'<svg viewBox="0 0 {2 * _HALF} 12" aria-hidden="true">'
        f'<rect class="{colour}" x="{x:.1f}" y="1" width="{width:.1f}" height="10"/>'
        f'<line class="axis" x1="{_HALF}" y1="0" x2="{_HALF}" y2="12"/></svg>'
    )


def _inputs(file: CaseFile) -> str:
    if not file.inputs:
        why = "They are sealed: name who looks." if file.sealed else "None were kept."
        return f'<p class="note">{why}</p>'
    rows = "".join(
        f'<tr><th scope="row">{escape(name)}</th><td>{escape(_value(value))}</td></tr>'
        for name, value in sorted(file.inputs.items())
    )
    return f'<div class="wide"><table><tbody>{rows}</tbody></table></div>'


def _money(file: CaseFile) -> str:
    if file.case.agreed is None:
        return '<p class="note">This payment goes through no escrow.</p>'
    said = file.case.agreed.said
    facts = [
        ("Amount", file.amount or f"{said.amount} of the smallest unit of {said.token}"),
        ("Payer", said.payer),
        ("Payee", said.payee),
        ("Escrow", f"{said.escrow} on chain {said.chain_id}"),
        ("Payment id", f"0x{said.payment_id}"),
    ]
    if file.standing is not None:
        facts.append(("State", file.standing.state.value))
        facts.append(("Left", file.left or str(file.standing.left)))
    if file.falls_to is not None:
        account, from_s = file.falls_to
        when = _moment(from_s * 1000)
        facts.append(("If nobody decides", f"it goes to {account} from {when} on"))
    return _facts(facts)


def _timeline(history: Iterable[Event]) -> str:
    rows = "".join(
        f"<li><b>{escape(one.what)}</b> {escape(one.who)} "
        f'<span class="note">{_moment(one.at_ms)}, entry {one.index}</span>'
        + (f" <code>{escape(one.link)}</code>" if one.link else "")
        + "</li>"
        for one in history
    )
    return f'<ol class="timeline">{rows}</ol>'


def _about(file: CaseFile) -> str:
    rows = [
        (f"entry {one.index}", str(one.content.get("outcome")), str(one.content.get("note") or ""))
        for one in file.about
    ]
    return _table(("Where", "Outcome", "Why"), rows)


def _same_payer(file: CaseFile) -> str:
    rows = [
        (f"entry {one.index}", str(one.content["payment"]), str(one.content["amount"]))
        for one in file.same_payer
    ]
    return _table(("Where", "Payment", "Amount"), rows)


def _table(names: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    if not rows:
        return '<p class="note">Nothing.</p>'
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in names)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    return f'<div class="wide">{table}</div>'


def _commands(file: CaseFile) -> str:
    if file.case.state != "open":
        return '<p class="note">It is decided.</p>'
    number = file.case.number
    lines = "\n".join(
        f'counterfoil case decide {number} {outcome} --by "YOUR NAME" --why "WHAT YOU SAW"'
        for outcome in ("release", "return")
    )
    return f"<pre>{escape(lines)}</pre>"


def _number(text: object) -> str:
    """Write decimal text with four digits that count."""
    try:
        return f"{float(str(text)):.4g}"
    except ValueError:
        return "unknown"


def _value(value: Any) -> str:
    if value is None:
        return "not known"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {_value(one)}" for name, one in value.items())
    return str(value)


def _moment(at_ms: int | None) -> str:
    if at_ms is None:
        return "at an unknown time"
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
