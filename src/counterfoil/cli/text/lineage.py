"""Text of `ops.lineage`: a trace as a tree."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from counterfoil.cli.paint import Paint
from counterfoil.cli.text.words import brief, number, plain, time_of
from counterfoil.ops.lineage import Exported, Traced
from counterfoil.provenance.lineage import Edge, Node, Trace, Way

__all__ = ["prov", "trace"]

_STATES: Final = {
    "not-found": "no statement about it in this log",
    "other-log": "stands in another log",
    "on-chain": "stands on a chain",
    "later": "recorded after the size that was asked about",
}
_UP: Final = {
    "about": "was checked",
    "accountable": "answers for it",
    "based_on": "based on",
    "checks": "checked by",
    "corrects": "in correction of",
    "data": "on data",
    "derived_from": "derived from",
    "explained_by": "explained by",
    "explainer": "explained by",
    "inputs": "from",
    "linked": "about",
    "model": "by",
    "outputs": "made by",
    "supersedes": "in place of",
    "trained_on": "trained on",
}
_DOWN: Final = {
    "based_on": "basis of",
    "data": "used as data by",
    "decision": "acted on by",
    "derived_from": "source of",
    "inputs": "went into",
    "linked": "spoken of in",
    "mentions": "mentioned in",
    "model": "used by",
    "outputs": "made",
    "trained_on": "trained",
}
_REPLACED: Final = {"corrects": "corrected by", "supersedes": "replaced by"}
_FACTS: Final = ("outcome", "score", "threshold", "passed", "severity", "state", "target")


def trace(traced: Traced, paint: Paint) -> Iterator[str]:
    """Show a trace as trees: what it came from, and what came of it; those that were asked for."""
    found = traced.trace
    start = found.nodes[found.start]
    yield _node(start, paint)
    yield from _facts(start, paint)
    titles: dict[Way, str] = {"up": "came from", "down": "led to"}
    for way in traced.ways:
        title, lines = titles[way], list(_tree(found, way, paint))
        yield f"{paint.strong(title)}{'' if lines else ': nothing that this log knows'}"
        yield from lines
    counted = sum(1 for _ in found.recorded())
    yield f"{number(counted)} statements of {plain(found.origin)} at size {number(found.size)}"
    if not found.complete:
        yield paint.bad("not all was followed: add --depth or --width, or trace what says more")
    if traced.receipts:
        first = plain(traced.receipts[0])
        yield f"wrote {number(len(traced.receipts))} receipts, the first {first}"


def prov(done: Exported, paint: Paint) -> Iterator[str]:
    """Say what was written, and whether it is all."""
    yield (
        f"wrote {paint.strong(plain(done.file))} ({number(done.bytes)} bytes) with "
        f"{number(done.nodes)} nodes"
    )
    if not done.complete:
        yield paint.bad("not all was followed: add --depth or --width")


def _tree(found: Trace, way: Way, paint: Paint) -> Iterator[str]:
    edges: dict[str, list[Edge]] = {}
    for edge in found.edges:
        if edge.way == way:
            edges.setdefault(edge.near, []).append(edge)
    shown = {found.start}
    waiting = [(edge, 1) for edge in reversed(edges.get(found.start, []))]
    while waiting:  # no recursion: a chain may be longer than Python's stack
        edge, depth = waiting.pop()
        other = found.nodes[edge.far]
        again = other.id in shown
        shown.add(other.id)
        mark = paint.quiet("  (shown above)") if again else ""
        yield f"{'  ' * depth}{paint.quiet(_words(edge))} {_node(other, paint)}{mark}"
        if not again:
            waiting += [(one, depth + 1) for one in reversed(edges.get(other.id, []))]


def _words(edge: Edge) -> str:
    known = _UP if edge.way == "up" else _DOWN
    if edge.near == edge.target:
        known = known | _REPLACED
    word = known.get(edge.field)
    if word is None:
        word = edge.field.replace("_", " ")
        word = f"as {word}:" if edge.way == "down" else f"{word}:"
    return f"{word} ({plain(edge.role)})" if edge.role else plain(word)


def _node(node: Node, paint: Paint) -> str:
    title = f" {plain(node.name)}" if node.name else ""
    if node.state == "person":
        return paint.strong(plain(node.name))
    if node.state != "recorded":
        where = f" {plain(node.origin)}" if node.origin else ""
        return f"{plain(node.kind)}{title} {brief(node.id)}: {_STATES[node.state]}{where}"
    more = paint.bad("  + more") if node.more else ""
    place = paint.strong(f"{plain(node.kind)} {node.index}")
    verdict = node.said.get("passed")
    judged = "" if verdict is None else ("  passed" if verdict else paint.bad("  failed"))
    return f"{place}{title}{judged}{more}"


def _facts(node: Node, paint: Paint) -> Iterator[str]:
    facts: list[tuple[str, object]] = [
        (name, node.said[name]) for name in _FACTS if name in node.said
    ]
    explanation = node.said.get("explanation")
    if isinstance(explanation, dict):
        facts.append(("explained by", explanation.get("method", "")))
    facts.append(("recorded", time_of(node.at_ms)))
    for name, value in facts:
        yield f"  {paint.quiet(name)} {plain(str(value))}"
