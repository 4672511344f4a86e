"""Look up the nodes of a trace in a ledger, as it stood at a size.

This module refuses to read entries that are not asked for: everything goes through the index.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import msgspec

from counterfoil.errors import NotFound
from counterfoil.formats import entry as entries
from counterfoil.formats.entry import CoseEntry, StatementEntry, VerdictEntry
from counterfoil.formats.signed_statement import KIND
from counterfoil.ledger.view import RecordView
from counterfoil.provenance.lineage import Node, Pointer, State, artefacts_of

if TYPE_CHECKING:
    from counterfoil.ledger.readable import Readable

__all__ = ["Found", "mentions", "node_of", "recorded"]

_DESCRIBED: Final = 8
_DIGESTS: Final = ("subject.sha256", "digest", "fingerprint.digest", "fingerprint.root")
_HEADER: Final = ("corrects", "supersedes")
_AS_THEY_CAME: Final = ("record", KIND)  # whatever somebody wrote is about no artefact for that
_NAMES: Final = ("name", "title", "check", "action", "outcome")


class Found:
    """Nodes of one ledger. end: entries from there on are not seen. width: most per question."""

    def __init__(self, ledger: Readable, end: int, width: int) -> None:
        self._ledger, self._end, self._width = ledger, end, width
        self._known: dict[int, Node] = {}
        self._by_leaf: dict[str, int | None] = {}

    def at(self, index: int) -> Node:
        """Give the node of an entry."""
        if index not in self._known:
            self._known[index] = self._of(self._ledger.get(index))
        return self._known[index]

    def target(self, pointer: Pointer, sayer: Node) -> Node:
        """Give the node that a statement points at: by leaf, else by the artefact's digest."""
        name = pointer.name
        id_ = pointer.leaf or f"sha256:{pointer.digest}"
        if pointer.origin is not None and pointer.origin != self._ledger.origin:
            return replace(node_of(id_, pointer.field, "other-log", name), origin=pointer.origin)
        if pointer.leaf is not None:
            index = self._index(pointer.leaf)
        else:
            index = self._describing(str(pointer.digest), sayer)
        if index is None:
            return node_of(id_, "artefact" if pointer.leaf is None else "", "not-found", name)
        if index >= self._end:
            return node_of(id_, "", "later", name)
        return self.at(index)

    def mentions(self, node: Node, kinds: tuple[str, ...] | None) -> tuple[list[Node], bool]:
        """List what mentions a node's leaf or artefact, newest first, and whether there is more.

        kinds: only these, and corrections; None for whatever mentions it.
        """
        words = [word for word in (node.leaf, *node.artefacts) if word is not None]
        if kinds is None:
            queries = words
        else:
            queries = [f"kind={kind} {word}" for word in words for kind in kinds]
            queries += [f"{field}={node.leaf}" for field in ("corrects", "supersedes")]
        found: dict[int, Node] = {}
        more = False
        for query in queries:
            page = self._ledger.search(query, limit=self._width + 1, after=self._end)
            hits = [hit for hit in page.hits if hit.index != node.index and hit.kind != "batch"]
            more = more or len(page.hits) > self._width
            for hit in hits[: self._width]:
                if hit.index not in self._known:
                    self._known[hit.index] = self._of(hit)
                found[hit.index] = self._known[hit.index]
        more = more or len(found) > self._width
        return [found[index] for index in sorted(found, reverse=True)[: self._width]], more

    def says(self, other: Node, node: Node) -> bool:
        """Tell whether an entry's own words mention a node; see `mentions`."""
        return other.index is not None and mentions(self._ledger.entry(other.index), node)

    def _index(self, leaf: str) -> int | None:
        if leaf not in self._by_leaf:
            try:
                self._by_leaf[leaf] = self._ledger.find_leaf(leaf)
            except NotFound:
                self._by_leaf[leaf] = None
        return self._by_leaf[leaf]

    def _describing(self, digest: str, sayer: Node) -> int | None:
        """Find the newest statement that is about an artefact itself."""
        for field in _DIGESTS:
            page = self._ledger.search(f"{field}={digest}", limit=_DESCRIBED, after=self._end)
            for hit in page.hits:
                if hit.index != sayer.index and digest in self._of(hit).artefacts:
                    return hit.index
        return None

    def _of(self, view: RecordView) -> Node:
        return recorded(view, self._ledger.entry(view.index))


def recorded(view: RecordView, data: bytes) -> Node:
    """Make the node of an entry, from its bytes alone. view: of these bytes."""
    subjects, said = _statement(view, data)
    return Node(
        view.leaf,
        view.kind,
        "recorded",
        index=view.index,
        leaf=view.leaf,
        name="" if view.kind == "verdict" else _title(view.content),  # its texts are hashes
        at_ms=view.at_ms,
        issuer=view.issuer,
        artefacts=artefacts_of(said, subjects) if view.kind not in _AS_THEY_CAME else (),
        said=said,
    )


def mentions(data: bytes, node: Node) -> bool:
    """Tell whether an entry's payload holds a node's leaf hash or an artefact's digest as text."""
    parsed = entries.parse(data)
    if isinstance(parsed, VerdictEntry):
        return node.leaf == parsed.verdict.decision.hex()
    said = parsed.statement if isinstance(parsed, CoseEntry) else parsed.envelope
    text = said.payload.lower()
    return any(word is not None and word.encode() in text for word in (node.leaf, *node.artefacts))


def node_of(id_: str, kind: str, state: State, name: str) -> Node:
    """Make the node of what has no statement here."""
    return Node(id_, kind or "statement", state, name=name)


def _title(said: dict[str, Any]) -> str:
    title = next((said[name] for name in _NAMES if isinstance(said.get(name), str)), "")
    version = said.get("version")
    return f"{title}:{version}" if title and isinstance(version, str) else title


def _statement(view: RecordView, data: bytes) -> tuple[list[str], dict[str, Any]]:
    """Give the digests of the subjects, and what is said; of a record with its corrections."""
    parsed = entries.parse(data)
    if not isinstance(parsed, StatementEntry):
        return [], view.content
    digests = [
        subject.digest["sha256"]
        for subject in parsed.statement.subject
        if "sha256" in subject.digest
        and subject.name != view.kind  # stands for the statement itself, where it has no other
    ]
    said = view.content
    if view.kind == "record":
        header = msgspec.json.decode(parsed.statement.predicate)
        said = {**said, **{name: header[name] for name in _HEADER if name in header}}
    return digests, said
