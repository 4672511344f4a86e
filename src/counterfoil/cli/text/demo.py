"""Text of `ops.demo`: a story in short lines."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from shlex import quote
from textwrap import wrap
from typing import Any, Final

from counterfoil.cli.paint import Paint
from counterfoil.cli.text.words import brief, plain
from counterfoil.ops.demo import Step

__all__ = ["demo"]

_WIDTH: Final = 88
_HASH: Final = re.compile(r"\b[0-9a-f]{64}\b")


def demo(steps: Iterable[Step], paint: Paint) -> Iterator[str]:
    """Tell each step as it is done, and where to look."""
    number = cheats = 0
    for step in steps:
        if step.name == "end":
            yield from _end(step, paint)
        elif step.name in ("serving", "stopped"):
            yield ""
            yield paint.strong(plain(step.says)) if step.name == "serving" else plain(step.says)
        elif step.name == "cheat":
            if not cheats:
                yield ""
                yield paint.strong("Now to cheat:")
            cheats += 1
            yield from _cheat(step.facts, paint)
        elif step.name == "limits":
            yield ""
            yield paint.strong("Honest limits:")
            yield from _lines(step.says, "  ")
        else:
            number += 1
            head, *rest = _lines(step.says, "   ")
            yield f"{paint.good(f'{number}.')} {head.strip()}"
            yield from rest
            if "content" in step.facts:
                yield f"   {paint.quiet(_decision(step.facts['content']))}"


def _cheat(facts: dict[str, Any], paint: Paint) -> Iterator[str]:
    yield f"{paint.bad('x')} {plain(facts['tried'])}"
    words = f"caught by {facts['caught_by']}: {facts['words']} [{facts['code']}]"
    yield from _lines(words, "    ")
    if "proves" in facts:
        yield f"    evidence that proves itself: {plain(facts['proves'])}"


def _decision(content: dict[str, Any]) -> str:
    shares = content["explanation"]["contributions"].items()
    reasons = ", ".join(f"{name} {float(share):+.1f}" for name, share in shares)
    return f"{content['outcome']}, score {float(content['score']):.3f}: {reasons}"


def _lines(text: str, indent: str) -> Iterator[str]:
    said = _HASH.sub(lambda found: brief(found[0]), plain(text))
    for line in wrap(said, _WIDTH, break_on_hyphens=False):
        yield f"{indent}{line}"


def _end(step: Step, paint: Paint) -> Iterator[str]:
    facts = {name: quote(plain(path)) for name, path in step.facts.items()}
    yield ""
    yield f"{plain(step.says)} It took {step.seconds:.1f} s."
    yield paint.strong("Where to look:")
    asked = f" --rpc {facts['rpc']} --anchors {facts['anchors']}" if "rpc" in facts else ""
    program = _program()
    yield f"  {program} verify {facts['receipt']} --policy {facts['policy']}{asked}"
    yield f"  {program} evidence verify {facts['evidence']} --policy {facts['policy']}"
    yield f"  {program} record search outcome=hold --ledger {facts['ledger']}"
    if "case" in facts:
        yield f"  {program} act ls --ledger {facts['ledger']}"
        yield f"  open {facts['case']} in a browser: all about a held payment"
    yield f"  open {facts['page']} in a browser: a receipt that checks itself"
    yield f"  {program} init DIR             a ledger of your own"


def _program() -> str:
    """Tell what to type: in a checkout the program is not on the reader's PATH, but ./dev is."""
    root = Path(sys.prefix).parent.parent
    if (root / ".dev" / "venv") != Path(sys.prefix) or not (root / "dev").is_file():
        return "counterfoil"
    here = root.resolve() == Path.cwd()
    return "./dev counterfoil" if here else f"{quote(str(root / 'dev'))} counterfoil"
