"""The look of the drawings: the colours of ledger paper and ink, and what classes make of them.

A page defines the colours once, by `COLOURS` or in its own style sheet, and takes `STYLE` into it.
Every text colour is at least 6.4:1 on the surface, in light and in dark. This module refuses fonts
and pictures from elsewhere.
"""

from __future__ import annotations

from typing import Final

__all__ = ["COLOURS", "STYLE"]

COLOURS: Final = """
--ground:light-dark(#f7f5f0,#14171a);--surface:light-dark(#fffdf8,#1c2024);
--line:light-dark(#d9d4c7,#343a40);--ink:light-dark(#1d2227,#e8e6e1);
--muted:light-dark(#565d64,#a3aab1);--accent:light-dark(#0b5c55,#5fc9bb);
--ok:light-dark(#1c6b35,#79d28d);--wait:light-dark(#7a5200,#e5b454);
--bad:light-dark(#a3221c,#ff8f86);--seal:light-dark(#5b3a8c,#c3a6f2);
"""
"""The colours, as declarations for whatever element holds the page."""

STYLE: Final = """
.drawing{display:block;width:100%;max-width:720px;height:auto}
.wide>.drawing{min-width:34rem}.wide>.drawing:is(.spark,.stick){min-width:0}
.drawing text{font-size:12px;fill:var(--muted)}.drawing .name{fill:var(--ink)}
.drawing .mono{font-family:ui-monospace,"DejaVu Sans Mono",monospace}
.drawing .bar{fill:var(--accent)}.drawing .bar.bad{fill:var(--bad)}
.drawing .bar.hollow{fill:var(--surface);stroke:var(--accent);stroke-dasharray:4 3}
.drawing .grid{stroke:var(--line);fill:none}
.drawing .axis,.drawing .rule{stroke:var(--muted);fill:none}.drawing .rule{stroke-dasharray:4 4}
.drawing .area{fill:var(--accent);opacity:.25}.drawing .waited{fill:var(--seal);opacity:.18}
.drawing .line{stroke:var(--accent);fill:none;stroke-width:2}
.drawing .guess{stroke:var(--accent);fill:none;stroke-width:2;stroke-dasharray:5 4}
.drawing .spot{fill:transparent}.drawing .spot:hover{fill:var(--accent)}
.drawing .dot,.drawing .accent{fill:var(--accent)}.drawing .ok{fill:var(--ok)}
.drawing .wait{fill:var(--wait)}.drawing .bad{fill:var(--bad)}.drawing .seal{fill:var(--seal)}
.drawing a:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
.drawing.spark{display:inline-block;width:120px;height:24px;vertical-align:middle}
.drawing.stick{max-width:340px;margin:8px auto}
.drawing.stick.ok{--state:var(--ok)}.drawing.stick.wait{--state:var(--wait)}
.drawing.stick.bad{--state:var(--bad)}
.drawing .half{fill:color-mix(in srgb,var(--state) 16%,var(--surface));stroke:var(--state)}
.drawing.graph{width:auto;max-width:none}
.drawing .box{fill:var(--surface);stroke:var(--line);rx:8px}
.drawing .start .box{stroke:var(--accent);stroke-width:2.5}
.drawing .up .box,.drawing .tie.up{stroke:var(--accent)}
.drawing .down .box,.drawing .tie.down{stroke:var(--seal)}
.drawing .missing .box{stroke-dasharray:4 3}
.drawing .tie{fill:none;stroke:var(--muted);stroke-width:1.5}
.drawing .leg{fill:none;stroke:var(--muted);stroke-width:2}.drawing .leg.ok{stroke:var(--ok)}
.drawing .leg.wait{stroke:var(--wait)}.drawing .leg.bad{stroke:var(--bad)}
.drawing .leg.gap{stroke-dasharray:3 5}.drawing .leg.plain{stroke:var(--muted)}
.drawing .beyond{fill:var(--bad);opacity:.08}
.drawing a:hover .box{fill:var(--ground)}
"""
"""CSS of the pictures of this room."""
