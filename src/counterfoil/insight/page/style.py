"""The style of a report's page: ledger paper and ink, light and dark.

Every text colour is at least 6.4:1 on the surface. This module refuses fonts and pictures from
elsewhere.
"""

from __future__ import annotations

from typing import Final

from counterfoil.drawing.style import COLOURS

__all__ = ["STYLE"]

STYLE: Final = (
    f""":root{{color-scheme:light dark;{COLOURS}}}"""
    + """
:root{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--ground)}
*{box-sizing:border-box}body{margin:0;overflow-wrap:anywhere}
main{max-width:1080px;margin:24px auto;padding:24px 40px 40px 56px;border:1px solid var(--line);
border-radius:8px;background:linear-gradient(var(--line),var(--line)) 28px 0/1px 100% no-repeat,
linear-gradient(var(--line),var(--line)) 31px 0/1px 100% no-repeat,var(--surface)}
h1{margin:0;font-size:30px;line-height:1.2}h2{margin:40px 0 0;font-size:20px}
h3{margin:0;font-size:17px}p{margin:8px 0}a{color:var(--accent)}
nav ul{display:flex;flex-wrap:wrap;gap:4px 16px;margin:16px 0;padding:0;list-style:none}
figure{margin:24px 0;padding:16px;border:1px solid var(--line);border-radius:8px}
figcaption p{color:var(--muted);margin:4px 0 8px}
.note,dt,th{color:var(--muted)}.wait{color:var(--wait)}.bad{color:var(--bad)}
.seal{color:var(--seal)}.mark{font-weight:600}
code,pre,.mono{font:13px/1.6 ui-monospace,"DejaVu Sans Mono",monospace}
pre{margin:8px 0;padding:16px;white-space:pre-wrap;border:1px solid var(--line);border-radius:8px}
.cut{display:inline-block;max-width:15ch;overflow:hidden;text-overflow:ellipsis;
white-space:nowrap;vertical-align:bottom;user-select:all}
dl{margin:8px 0}dd{margin:0;font-variant-numeric:tabular-nums}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(140px,1fr));gap:8px 16px}
.tiles dd{font-size:20px}
.facts div{display:grid;grid-template-columns:minmax(0,1fr) minmax(0,5fr);gap:16px}
table{width:100%;border-collapse:collapse;font-variant-numeric:tabular-nums}
th,td{padding:4px 8px;text-align:left;border-bottom:1px solid var(--line)}
th{font-weight:500}.n{text-align:right}.wide{overflow-x:auto}td{white-space:nowrap}
details{margin:8px 0 0}summary{cursor:pointer;color:var(--accent)}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
svg{display:block;width:100%;height:auto;max-width:720px}
svg[viewBox="0 0 260 260"]{max-width:360px}svg text{font-size:11px;fill:var(--muted)}
svg .mono{font-size:11px}.meter{display:inline-block;width:60px;height:8px}
.bar{fill:var(--accent)}.bar.bad{fill:var(--bad)}.track{fill:var(--line)}
.grid{stroke:var(--line);fill:none}.axis,.rule{stroke:var(--muted);fill:none}
.rule{stroke-dasharray:4 4}.area{fill:var(--accent);opacity:.25}
.line{stroke:var(--accent);fill:none;stroke-width:2}.line.second{stroke:var(--seal)}
.dot{fill:var(--accent)}.link{stroke:var(--muted);opacity:.45}
.flow{opacity:.6}.flow:hover{opacity:.9}.c0{fill:var(--accent)}.c1{fill:var(--seal)}
.c2{fill:var(--wait)}.c3{fill:var(--ok)}.c4{fill:var(--bad)}
circle.flow+text{fill:var(--ink);font-weight:600}
.findings{padding-left:24px}.findings li{padding:8px 0;border-bottom:1px solid var(--line)}
@media(max-width:720px){main{margin:0;padding:16px;border-width:0;background:var(--surface)}
h1{font-size:24px}.facts div{grid-template-columns:1fr;gap:0}figure{padding:8px}}
@media print{details>*{display:block}main{border:0}}
"""
)
"""CSS, whole."""
