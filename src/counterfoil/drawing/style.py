"""The look of the drawings: classes to colours, by the variables of the page.

A page defines `--ground --surface --line --ink --muted --accent --ok --wait --bad --seal` once, for
light and dark, and puts this text into its style sheet. This module refuses colours of its own.
"""

from __future__ import annotations

from typing import Final

__all__ = ["STYLE"]

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
.drawing a:hover .box{fill:var(--ground)}
"""
"""CSS of the pictures of this room."""
