"""Write the demonstration's page as HTML: plain text in, escaped text out.

This module refuses to let any value through unescaped, and to read a ledger.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from typing import Any, Final

from counterfoil.ledger import RecordView
from counterfoil.ops.demo.recent import AnchorRow, PaymentRow, SignedState
from counterfoil.ops.demo.watch import DECISIONS, PAYMENTS
from counterfoil.ops.energy import Energy
from counterfoil.proofs.trust import OWN_WITNESS

__all__ = ["Standing", "checkpoints", "overview", "page", "payments", "problem", "record"]

_HASH_SHOWN: Final = 12
_OWN: Final = "its own witness"
_MARKS: Final = {
    "allow": ("ok", "✓", "allowed"),
    "hold": ("bad", "■", "held"),
    "": ("wait", "…", "not decided yet"),
}
_HEAD: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title} · Counterfoil</title>
<link rel="stylesheet" href="/assets/page.css">
<link rel="icon" href="/assets/icon.svg" type="image/svg+xml">
{more}</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
<header>
<a class="brand" href="/"><img src="/assets/icon.svg" alt="" width="28" height="28">Counterfoil</a>
<nav aria-label="Pages"><a href="/">Overview</a><a href="/checkpoints">Checkpoints</a></nav>
</header>
<main id="main">
<div class="title"><h1>{title}</h1>{button}</div>
"""
_LIVE: Final = """<script src="/assets/live.js" defer></script>
<noscript><meta http-equiv="refresh" content="5"></noscript>
"""
_PAUSE: Final = '<button id="pause" type="button" hidden>Pause</button>'
_FOOT: Final = """</main>
<footer><p>A demonstration: the payments are simulated, all else is real.
<a href="/checkpoint">The signed checkpoint</a> and tiles are what mirrors read.</p></footer>
</body>
</html>
"""


def page(title: str, content: str, *, live: bool = False) -> str:
    """Write a whole page. content: HTML. live: it renews itself."""
    head = _HEAD.format(
        title=escape(title), more=_LIVE if live else "", button=_PAUSE if live else ""
    )
    return head + (f'<div id="live">{content}</div>' if live else content) + _FOOT


def problem(message: str, hint: str) -> str:
    """Say what went wrong."""
    return f'<p class="bad"><span aria-hidden="true">■</span> {escape(message)}</p>' + (
        f"<p>{escape(hint)}</p>" if hint else ""
    )


@dataclass(frozen=True, slots=True)
class Standing:
    """How the ledger stands: name, origin and size, what is published, what is anchored, its cost.

    cost: None where nothing was counted.
    """

    name: str
    origin: str
    size: int
    state: SignedState
    anchor: AnchorRow | None
    cost: Energy | None = None


def overview(stands: Standing, counts: Mapping[str, int]) -> str:
    """Write how the ledger stands. counts: statements of each series."""
    state, anchor = stands.state, stands.anchor
    times = [at_s for _, at_s in state.signers if at_s]
    when = f", {_time(max(times) * 1000)}" if times else ""
    tiles = [
        ("Entries", f"{stands.size:,}", f"{counts.get(PAYMENTS, 0):,} payments"),
        ("Decisions", f"{counts.get(DECISIONS, 0):,}", "each with its reasons"),
        ("Last checkpoint", f"{state.size:,}", f"signed by {_signers(state)}{when}"),
    ]
    if anchor is not None:
        about = f"chain {anchor.chain_id}, block {anchor.block:,}, {_time(anchor.time_s * 1000)}"
        tiles.append(("Last anchor", f"{anchor.size:,}", about))
    if stands.cost is not None and stands.cost.cpu_s_per_entry is not None:
        each = f"{1e3 * stands.cost.cpu_s_per_entry:.2f} ms"
        tiles.append(("CPU time an entry", each, _joules(stands.cost)))
    shown = "".join(
        f"<div><dt>{title}</dt><dd><strong>{value}</strong><span>{note}</span></dd></div>"
        for title, value, note in tiles
    )
    mark, icon = _trust(state)
    return (
        f'<p class="origin">{escape(stands.name)} <code>{escape(stands.origin)}</code></p>'
        f'<p class="grade {mark}"><span aria-hidden="true">{icon}</span> '
        f'{escape(state.grade)}</p><dl class="tiles">{shown}</dl>'
    )


def payments(rows: Sequence[PaymentRow], alerts: Sequence[PaymentRow]) -> str:
    """Write the newest payments, and the newest held ones."""
    return (
        f"<section><h2>Held</h2>{_payments(alerts)}</section>"
        f"<section><h2>Newest payments</h2>{_payments(rows)}</section>"
    )


def checkpoints(states: Iterable[tuple[SignedState, int]], anchors: Mapping[int, AnchorRow]) -> str:
    """Write kept checkpoints with their times (Unix ms), newest first as given.

    anchors: size -> anchor.
    """
    body = "".join(_checkpoint(state, at_ms, anchors.get(state.size)) for state, at_ms in states)
    heads = (
        '<th class="n">Size</th><th>Kept at</th><th>Root</th><th>Who vouches</th><th>Anchored</th>'
    )
    return (
        "<p>Each is a signed state of the whole log, and extends those before it: what another "
        "chain calls a block.</p>"
        f'<table class="checkpoints"><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>'
    )


def record(view: RecordView) -> str:
    """Write one entry, decoded, with what leads on from it."""
    content = view.content
    facts = [
        ("Kind", escape(view.kind)),
        ("Leaf", f"<code>{escape(view.leaf)}</code>"),
        ("Issuer", escape(view.issuer or "")),
        ("Series", "" if view.source is None else f"{escape(view.source)}, number {view.number:,}"),
        ("Said at", "" if view.at_ms is None else _time(view.at_ms)),
        ("Signed by", ", ".join(map(_hash, view.signed_by)) or "the batch that it is part of"),
    ]
    rows = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in facts if value)
    return (
        f'<dl class="facts">{rows}</dl>'
        f'<p class="links"><a class="button" href="/receipt/{view.index}.html">Receipt: a page '
        f'that checks itself</a> <a class="button" href="/receipt/{view.index}.json">Receipt: '
        f"JSON</a></p>{_decision(view)}<h2>Content</h2>"
        f"<pre>{escape(json.dumps(content, indent=2, ensure_ascii=False))}</pre>"
    )


def _checkpoint(state: SignedState, at_ms: int, anchor: AnchorRow | None) -> str:
    mark, icon = _trust(state)
    sealed = ""
    if anchor is not None:
        sealed = (
            f'<span class="seal"><span aria-hidden="true">◆</span> anchored</span> on chain '
            f"{anchor.chain_id}, block {anchor.block:,}"
        )
    return (
        f'<tr><td class="n">{state.size:,}</td><td class="t">{_time(at_ms)}</td>'
        f"<td>{_hash(state.root)}</td>"
        f'<td class="{mark}"><span aria-hidden="true">{icon}</span> {escape(state.grade)}</td>'
        f"<td>{sealed}</td></tr>"
    )


def _trust(state: SignedState) -> tuple[str, str]:
    if state.trusted:
        return "ok", "✓"
    return ("wait", "…") if state.unseen else ("bad", "■")


def _joules(cost: Energy) -> str:
    how = f"estimated at {cost.watts_per_core:g} W a core"
    if cost.joules_are.startswith("measured"):
        how = "measured"
    return f"{cost.joules:,.1f} J in all, {how}"


def _signers(state: SignedState) -> str:
    names = [escape(_OWN if who == OWN_WITNESS else who) for who, _ in state.signers]
    return " and ".join(names) or "nobody that is trusted"


def _payments(rows: Sequence[PaymentRow]) -> str:
    if not rows:
        return "<p>None yet.</p>"
    heads = (
        '<th class="n">Entry</th><th>Decision</th><th class="n">Score</th>'
        '<th class="n">Amount</th><th>Account</th><th>Payee</th><th>Time (simulated)</th>'
    )
    body = "".join(map(_payment, rows))
    return f'<table class="payments"><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>'


def _payment(row: PaymentRow) -> str:
    mark, icon, word = _MARKS.get(row.decision, _MARKS[""])
    content = row.content
    decision = f'<span aria-hidden="true">{icon}</span> {word}'
    if row.decided_at is not None:
        decision = f'<a class="{mark}" href="/records/{row.decided_at}">{decision}</a>'
    score = "" if row.score_ppm is None else f"{row.score_ppm / 1e6:.3f}"
    when = _time(content.get("at_ms"))
    money = f"{_amount(content)} {escape(str(content.get('currency', '')))}"
    return (
        f'<tr><td class="n"><a href="/records/{row.index}">{row.index:,}</a></td>'
        f'<td class="{mark}">{decision}</td><td class="n">{score}</td><td class="n">{money}</td>'
        f"<td>{escape(str(content.get('customer', '')))}</td>"
        f"<td>{escape(str(content.get('terminal', '')))}</td>"
        f'<td class="t">{when}</td></tr>'
    )


def _decision(view: RecordView) -> str:
    """Write a decision's reasons as bars; nothing for another entry."""
    content = view.content
    reasons = content.get("reasons")
    if view.source != DECISIONS or not isinstance(reasons, list):
        return ""
    mark, icon, word = _MARKS.get(str(content.get("decision")), _MARKS[""])
    entry = int(content["payment_entry"])
    bars = "".join(_bar(str(one["feature"]), int(one["logit_milli"])) for one in reasons)
    return (
        f'<p class="grade {mark}"><span aria-hidden="true">{icon}</span> {word}: score '
        f"{content['score_ppm'] / 1e6:.3f}, held from {content['threshold_ppm'] / 1e6:.3f}, about "
        f'<a href="/records/{entry}">payment {entry:,}</a></p>'
        f'<h2>Why</h2><table class="why"><tbody>{bars}</tbody></table>'
        f'<p class="note">What each adds to the score\'s logit; all together begin at '
        f"{content['base_milli'] / 1000:.1f}.</p>"
    )


def _bar(name: str, milli: int) -> str:
    width = min(abs(milli) / 70, 100)
    mark = "bad" if milli > 0 else "ok"
    return (
        f'<tr><th>{escape(name)}</th><td class="n">{milli / 1000:+.2f}</td><td>'
        f'<svg class="{mark}" width="100" height="10" aria-hidden="true">'
        f'<rect width="{width:.1f}" height="10"/></svg></td></tr>'
    )


def _amount(content: Mapping[str, Any]) -> str:
    amount = content.get("amount_minor")
    return f"{amount / 100:,.2f}" if isinstance(amount, int) else ""


def _hash(digest: str) -> str:
    return f'<code title="{escape(digest)}">{escape(digest[:_HASH_SHOWN])}</code>'


def _time(at_ms: Any) -> str:
    if not isinstance(at_ms, int):
        return ""
    try:
        return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (OverflowError, ValueError, OSError):
        return f"{at_ms} ms after 1970"
