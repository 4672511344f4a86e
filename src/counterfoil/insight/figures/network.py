"""Figures of who deals with whom: communities, parts, and the accounts in the middle.

The query gives the edges, one for each pair of accounts; what is made of them is said as the
method and has a fixed seed. This module refuses edges from an account to itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from counterfoil.insight.communities import find_communities
from counterfoil.insight.extra import need
from counterfoil.insight.figures.figure import Figure, Row

__all__ = ["figures"]

_PART: Final = "Communities"
_NEEDS: Final = ("transactions.from_address", "transactions.to_address")
_SEED: Final = 1
_SHOWN: Final = 12
_TOP: Final = 10
_DAMPING: Final = 0.85

_EDGES: Final = """SELECT from_address, to_address, count(*) AS transactions
FROM transactions WHERE to_address IS NOT NULL AND from_address <> to_address
GROUP BY ALL ORDER BY from_address, to_address"""

_DEGREES: Final = """WITH pairs AS (
  SELECT DISTINCT least(from_address, to_address) AS one, greatest(from_address, to_address) AS two
  FROM transactions WHERE to_address IS NOT NULL AND from_address <> to_address),
degrees AS (
  SELECT account, count(*) AS partners
  FROM (SELECT one AS account FROM pairs UNION ALL SELECT two FROM pairs) GROUP BY account)
SELECT (2 ** floor(log2(partners)))::BIGINT AS partners, count(*) AS accounts
FROM degrees GROUP BY 1 ORDER BY 1"""


@dataclass(frozen=True, slots=True)
class _Network:
    """Accounts and the edges between them. source, target: numbers of accounts; weights: counts."""

    names: Sequence[str]
    source: Any
    target: Any
    weights: Any
    graph: Any


class _Networks:
    """Makes the network of a table of edges, once for all figures that are given it."""

    def __init__(self) -> None:
        self._edges: Any = None
        self._made: _Network | None = None

    def of(self, edges: Any) -> _Network:
        """Give the network of edges."""
        if self._made is None or edges is not self._edges:
            self._edges, self._made = edges, _network(edges)
        return self._made


def figures() -> list[Figure]:
    """List the figures of the network of accounts."""
    networks = _Networks()
    return [
        Figure(
            "communities",
            _PART,
            "Communities",
            "Accounts that deal with each other more than their activity explains: how many there "
            "are, how much stays inside, and who deals most. Lines are dealings between them.",
            _EDGES,
            "communities",
            _NEEDS,
            "accounts",
            "Parallel Louvain method on the number of transactions, directions left out, seed "
            f"{_SEED}; the {_SHOWN} largest. The first row is all accounts, and its inside is what "
            "stays within communities; modularity is of the whole.",
            lambda edges: _communities(networks.of(edges)),
        ),
        Figure(
            "degrees",
            _PART,
            "With how many others an account deals",
            "Accounts by the number of partners, doubling from bar to bar.",
            _DEGREES,
            "histogram",
            _NEEDS,
            "accounts",
        ),
        Figure(
            "central-accounts",
            _PART,
            "Accounts in the middle",
            "Where a coin ends up that is passed on at random, along each sender's transactions.",
            _EDGES,
            "ranking",
            _NEEDS,
            "rank",
            f"PageRank with damping {_DAMPING}, weighted by transactions; core: the largest k so "
            "that the account is in a group whose members each deal with k others of it. Each with "
            "rustworkx.",
            lambda edges: _central(networks.of(edges)),
        ),
        Figure(
            "parts",
            _PART,
            "Parts that are not connected",
            "Groups of accounts without any transaction between them, the largest first.",
            _EDGES,
            "table",
            _NEEDS,
            "accounts",
            "Weakly connected components, with rustworkx.",
            lambda edges: _parts(networks.of(edges)),
        ),
    ]


def _network(edges: Any) -> _Network:
    """Make the network of edges: give each account a number."""
    arrow, numpy, rustworkx = need("pyarrow"), need("numpy"), need("rustworkx")
    chunks = [*edges["from_address"].chunks, *edges["to_address"].chunks]
    coded = arrow.chunked_array(chunks, type=arrow.string()).combine_chunks()
    if isinstance(coded, arrow.ChunkedArray):
        coded = coded.chunk(0) if coded.num_chunks else arrow.array([], arrow.string())
    coded = coded.dictionary_encode()
    places = coded.indices.to_numpy(zero_copy_only=False).astype(numpy.int64)
    count, names = edges.num_rows, coded.dictionary.to_pylist()
    source, target = places[:count], places[count:]
    weights = edges["transactions"].to_numpy().astype(numpy.float64)
    graph = rustworkx.PyDiGraph(multigraph=False)
    graph.add_nodes_from(range(len(names)))
    graph.add_edges_from(list(zip(source.tolist(), target.tolist(), weights.tolist(), strict=True)))
    return _Network(names, source, target, weights, graph)


def _communities(of: _Network) -> tuple[Sequence[str], Sequence[Row]]:
    columns = (
        *("community", "accounts", "inside", "transactions", "largest_account", "linked_to"),
        "modularity",
    )
    if not len(of.names):
        return columns, ()
    numpy = need("numpy")
    names, source, target, weights = of.names, of.source, of.target, of.weights
    found = find_communities(source, target, weights, len(names), _SEED)
    mine, theirs = found.label[source], found.label[target]
    sizes = numpy.bincount(found.label)
    inner = numpy.bincount(
        mine[mine == theirs], weights=weights[mine == theirs], minlength=len(sizes)
    )
    touched = numpy.bincount(mine, weights=weights, minlength=len(sizes))
    outer = mine != theirs
    touched += numpy.bincount(theirs[outer], weights=weights[outer], minlength=len(sizes))
    degree = numpy.bincount(source, weights=weights, minlength=len(names))
    degree += numpy.bincount(target, weights=weights, minlength=len(names))
    total = float(weights.sum())
    rows: list[Row] = [
        ("all", len(names), float(inner.sum()) / total, total, None, [], found.modularity)
    ]
    for number in range(min(_SHOWN, found.count)):
        members = numpy.flatnonzero(found.label == number)
        busiest = int(members[numpy.argmax(degree[members])])
        linked = _links(number, mine[outer], theirs[outer], weights[outer])
        share = float(inner[number] / touched[number]) if touched[number] else 0.0
        rows.append(
            (
                str(number + 1),
                int(sizes[number]),
                share,
                float(touched[number]),
                names[busiest],
                linked,
                None,
            )
        )
    return columns, rows


def _links(number: int, mine: Any, theirs: Any, weights: Any) -> list[list[int]]:
    """Count the transactions with each other shown community, either way: [its number, count]."""
    numpy = need("numpy")
    there = numpy.where(mine == number, theirs, numpy.where(theirs == number, mine, -1))
    close = (there > number) & (there < _SHOWN)
    summed = numpy.bincount(there[close], weights=weights[close], minlength=_SHOWN)
    return [[at + 1, int(count)] for at, count in enumerate(summed.tolist()) if count]


def _central(of: _Network) -> tuple[Sequence[str], Sequence[Row]]:
    columns = ("account", "rank", "partners", "core")
    if not len(of.names):
        return columns, ()
    numpy, rustworkx = need("numpy"), need("rustworkx")
    names, graph = of.names, of.graph
    ranks = rustworkx.pagerank(graph, alpha=_DAMPING, weight_fn=float, tol=1e-8, max_iter=200)
    rank = numpy.fromiter((ranks[at] for at in range(len(names))), numpy.float64, len(names))
    flat = graph.to_undirected(multigraph=False)
    core = rustworkx.core_number(flat)
    order = sorted(range(len(names)), key=lambda at: (-round(rank[at], 9), names[at]))[:_TOP]
    # Rounded: the last digits depend on the order of sums.
    return columns, [(names[at], round(rank[at], 9), flat.degree(at), core[at]) for at in order]


def _parts(of: _Network) -> tuple[Sequence[str], Sequence[Row]]:
    columns = ("part", "accounts", "share", "one_of_them")
    if not len(of.names):
        return columns, ()
    rustworkx = need("rustworkx")
    names = of.names
    found = rustworkx.weakly_connected_components(of.graph)
    parts = sorted(((len(one), min(names[at] for at in one)) for one in found), reverse=True)
    rows: list[Row] = [("all", len(names), 1.0, f"{len(parts)} parts")]
    for number, (size, name) in enumerate(parts[:5], 1):
        rows.append((str(number), size, size / len(names), name))
    return columns, rows
