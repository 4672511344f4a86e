"""Text of `ops.demo`: a story in short lines."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from shlex import quote
from textwrap import wrap
from typing import Final

from counterfoil.cli.paint import Paint
from counterfoil.cli.text.words import brief, content_line, plain
from counterfoil.ops.demo import Step

__all__ = ["demo"]

_WIDTH: Final = 88
_HASH: Final = re.compile(r"\b[0-9a-f]{64}\b")


def demo(steps: Iterable[Step], paint: Paint) -> Iterator[str]:
    """Tell each step as it is done, and what to try next."""
    for number, step in enumerate(steps, 1):
        if step.name == "end":
            yield from _end(step, paint)
            return
        says = _HASH.sub(lambda found: brief(found[0]), plain(step.says))
        head, *rest = wrap(says, _WIDTH, break_on_hyphens=False)
        yield f"{paint.good(f'{number}.')} {head}"
        for line in rest:
            yield f"   {line}"
        if "content" in step.facts:
            yield f"   {paint.quiet(content_line(step.facts['content']))}"


def _end(step: Step, paint: Paint) -> Iterator[str]:
    yield ""
    yield f"{step.says} It took {step.seconds:.1f} s."
    yield paint.strong("Try next:")
    if "folder" in step.facts:
        folder = quote(step.facts["folder"])
        yield f"  counterfoil record search currency=EUR --ledger {folder}/ledger"
        yield f"  counterfoil verify {folder}/receipt.json --policy {folder}/policy.txt"
        yield f"  open {folder}/receipt.html in a browser"
    else:
        yield "  counterfoil demo DIR             the same, kept to look at"
    yield "  counterfoil init DIR             a ledger of your own"
    yield "  counterfoil --help               everything else"
