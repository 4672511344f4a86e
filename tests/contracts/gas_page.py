"""The tables of gas in the reference: read, and written anew from what was measured.

`./dev python -m pytest tests/contracts/test_gas.py tests/contracts/test_gate_engines.py` compares;
with COUNTERFOIL_WRITE_GAS=1 in the environment it writes.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

from tests.shared_data import ROOT

__all__ = ["check_documented"]

PAGE = ROOT / "docs" / "reference" / "contracts.md"
_ROW = re.compile(r"^\| ([^|]+?) \| ([\d,]+) \|$", re.MULTILINE)


def check_documented(heading: str, used: Mapping[str, int]) -> None:
    """Hold the table under a heading against what was measured; a few zero bytes may differ.

    heading: its whole line, such as `### Anchor`.
    """
    text = PAGE.read_text(encoding="utf-8")
    before, found, rest = text.partition(f"\n{heading}\n")
    assert found, f"expected a section {heading}"
    end = re.search(r"^#", rest, re.MULTILINE)
    section = rest[: end.start()] if end else rest
    told = {name: int(gas.replace(",", "")) for name, gas in _ROW.findall(section)}
    if os.environ.get("COUNTERFOIL_WRITE_GAS"):
        rows = "".join(f"| {name} | {gas:,} |\n" for name, gas in used.items())
        table = "| transaction | gas |\n|---|---:|\n" + rows
        without = re.sub(r"^\|.*\n", "", section, flags=re.MULTILINE).strip("\n")
        section_new = f"\n{without}\n\n{table}\n"
        tail = rest[end.start() :] if end else ""
        PAGE.write_text(before + found + section_new + tail, encoding="utf-8")
        return
    assert told.keys() == used.keys()
    off = {name: (gas, told[name]) for name, gas in used.items() if abs(gas - told[name]) > 200}
    assert off == {}, used
