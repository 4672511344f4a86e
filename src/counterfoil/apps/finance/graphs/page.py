"""Findings in a network of payments as one HTML page, each with how far beyond chance it is.

No script and no network; light and dark; everything that came from the table is escaped. This
module refuses to call a finding a crime.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Final

from counterfoil.apps.finance.graphs.search import Finding
from counterfoil.insight.page.style import STYLE
from counterfoil.ledger.documents import security, written_page

__all__ = ["findings_page"]

_ROWS_SHOWN: Final = 12
_METER: Final = 60
_PAGE_STYLE: Final = STYLE + "th{white-space:nowrap}td.why{white-space:normal;min-width:14rem}"


def findings_page(payments: int, accounts: int, findings: Sequence[Finding]) -> bytes:
    """Write the page: HTML, UTF-8.

    payments, accounts: of the whole network. findings: the most surprising first.
    """
    most = max((one.score for one in findings), default=1.0)
    rows = "".join(_row(one, max(most, 1.0)) for one in findings)
    table = (
        '<div class="wide"><table><thead><tr><th scope="col">Pattern</th>'
        '<th scope="col" class="n">Score</th><th scope="col">Drawn</th>'
        '<th scope="col" class="n">Amount</th><th scope="col">Why</th>'
        f'<th scope="col">Rows</th></tr></thead><tbody>{rows}</tbody></table></div>'
    )
    chance = sum(one.score <= 0 for one in findings)
    weak = (
        f'<p class="wait mark"><span aria-hidden="true">▲</span> {chance} of them are as strong as '
        "chance alone gives in a network like this: their score is 0 or less.</p>"
        if chance
        else ""
    )
    body = (
        "<header><h1>What looks like laundering</h1>"
        f"<p>{payments:,} payments between {accounts:,} accounts. The score is minus the decimal "
        "logarithm of how many findings as strong chance gives in a network like this: 2 is one "
        f"in a hundred such networks. It is a place to look, no verdict.</p>{weak}</header>"
        + (table if findings else '<p class="note">Nothing was found.</p>')
    )
    return written_page("Laundering in payments", body, _PAGE_STYLE, security((), _PAGE_STYLE))


def _row(one: Finding, most: float) -> str:
    rows = ", ".join(map(str, one.rows[:_ROWS_SHOWN]))
    more = "…" if len(one.rows) > _ROWS_SHOWN else ""
    width = max(one.score, 0.0) / most * _METER
    meter = (
        f'<svg class="meter" viewBox="0 0 {_METER} 8" aria-hidden="true">'
        f'<rect class="track" width="{_METER}" height="8"/>'
        f'<rect class="bar" width="{width:.1f}" height="8"/></svg>'
    )
    return (
        f'<tr><td>{escape(one.pattern)}</td><td class="n">{one.score:z.1f}</td><td>{meter}</td>'
        f'<td class="n">{one.amount:,.2f}</td><td class="why">{escape(one.why)}</td>'
        f'<td class="why">{escape(rows)}{more}</td></tr>'
    )
