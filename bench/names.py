"""How well names are matched and screened: beside Jaro-Winkler, logic-v2's figure and brute force.

Matching: labelled pairs, five folds dealt several times, pairs that share a name in one fold; F1 at
0.5 and the interval of its difference by drawing groups of pairs anew. Jaro-Winkler has the best
threshold on the very rows, which flatters it. Of logic-v2 only totals are known: F1 0.809.
Screening: queries made of listed names, with slips and other spellings, and ordinary names; the
index beside a comparison with every name; seconds for many; what a false-positive rate of one in
ten thousand leaves.

    ./dev bench names [QUERIES]
"""

from __future__ import annotations

import os
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from rapidfuzz.distance import JaroWinkler
from sklearn.model_selection import GroupKFold

from bench.measure import table
from bench.ordinary_names import ordinary
from counterfoil.apps.finance.names import load_matcher
from counterfoil.apps.finance.names.lists import SanctionsList, read_list
from counterfoil.apps.finance.names.made import SAMES, MadePair, make_pairs
from counterfoil.apps.finance.names.screening import HIT_FROM, Query, Screener
from counterfoil.apps.finance.names.training import (
    LabelledPair,
    group_pairs,
    learn,
    read_labelled,
)

DATA = Path(
    os.environ.get("COUNTERFOIL_DATA")
    or Path(__file__).resolve().parents[1].parent / "shared" / "data"
)
PAIRS = DATA / "name_match_pairs" / "cases.csv"
SDN = DATA / "ofac_sdn_2021"
LOGIC_V2 = 0.809
FOLDS, DEALS, DRAWS = 5, 3, 2000
BRUTE = 40


def f1(labels: Any, said: Any) -> float:
    """F1 of yes or no answers."""
    hit = float((labels & said).sum())
    return 2 * hit / max(1.0, float(labels.sum() + said.sum()))


def scored(pairs: list[LabelledPair], names: list[Any], labels: Any, groups: Any, deal: int) -> Any:
    """Score each pair by weights that were learned on other folds."""
    found = np.zeros(len(pairs))
    for train, test in GroupKFold(FOLDS, shuffle=True, random_state=deal).split(
        found, labels, groups
    ):
        matcher = learn([pairs[at] for at in train], names, seed=deal)
        for at in test:
            pair = pairs[at]
            found[at] = matcher.match(pair.one, pair.other, pair.schema).score
    return found


def jaro_winkler(pairs: list[LabelledPair], labels: Any) -> tuple[Any, float]:
    """Score pairs by Jaro-Winkler on small letters; with the threshold that suits them best."""
    found = np.array([JaroWinkler.similarity(p.one.lower(), p.other.lower()) for p in pairs])
    best = max(np.unique(found), key=lambda limit: f1(labels, found >= limit))
    return found, float(best)


def interval(groups: Any, measure: Callable[[Any], float]) -> str:
    """Give the 95 % interval of a measure of rows, by drawing groups anew."""
    random = np.random.default_rng(0)
    members = [np.flatnonzero(groups == one) for one in np.unique(groups)]
    drawn = []
    for _ in range(DRAWS):
        chosen = random.integers(0, len(members), len(members))
        drawn.append(measure(np.concatenate([members[at] for at in chosen])))
    low, high = np.quantile(drawn, [0.025, 0.975])
    return f"{low:.3f} to {high:.3f}"


def matching(listed: SanctionsList) -> None:
    """Print how pairs are matched."""
    with PAIRS.open(encoding="utf-8", newline="") as stream:
        pairs = read_labelled(stream)
    labels = np.array([pair.same for pair in pairs])
    groups = group_pairs(pairs)
    names = [(entry.spoken(), entry.kind) for entry in listed.entries]
    jw, limit = jaro_winkler(pairs, labels)
    rows = []
    total = np.zeros(len(pairs))
    for deal in range(DEALS):
        ours = scored(pairs, names, labels, groups, deal)
        total += ours / DEALS
        said = ours >= 0.5
        precision = float((labels & said).sum() / said.sum())
        recall = float((labels & said).sum() / labels.sum())
        rows.append(
            [f"deal {deal}", f"{f1(labels, said):.3f}", f"{precision:.3f}", f"{recall:.3f}"]
        )
    rows.append(["Jaro-Winkler, best threshold", f"{f1(labels, jw >= limit):.3f}", "", ""])
    rows.append(["logic-v2, as published", f"{LOGIC_V2:.3f}", "0.781", "0.839"])
    title = f"{len(pairs)} labelled pairs, {labels.sum()} match, {len(set(groups))} groups"
    table(title, ["", "F1", "precision", "recall"], rows)
    said = total >= 0.5
    own = interval(groups, lambda at: f1(labels[at], said[at]))
    gain = interval(groups, lambda at: f1(labels[at], said[at]) - f1(labels[at], jw[at] >= limit))
    print(f"\nmean of deals: F1 {f1(labels, said):.3f}, 95 % {own}; logic-v2 {LOGIC_V2}")
    print(f"gain over Jaro-Winkler, 95 % {gain}")
    bins = np.clip((total * 5).astype(int), 0, 4)
    print(
        "calibration: "
        + "; ".join(
            f"said {total[bins == b].mean():.2f}, was {labels[bins == b].mean():.2f} ({n})"
            for b in range(5)
            if (n := int((bins == b).sum()))
        )
    )
    print(f"Brier score {np.mean((total - labels) ** 2):.3f}")


def ways(listed: SanctionsList) -> None:
    """Print how made pairs are matched, by way: of entries that no weights were learned on."""
    names = [(entry.spoken(), entry.kind) for entry in listed.entries]
    made = make_pairs(names, Random(99), 6000)
    matcher = load_matcher()
    rows = []
    by_way: dict[tuple[bool, str], list[MadePair]] = {}
    for pair in made:
        by_way.setdefault((pair.same, pair.how), []).append(pair)
    schemas = {"person": "Person", "organisation": "Company", "vessel": "Vessel"}
    for (same, how), some in sorted(by_way.items(), reverse=True):
        right = [
            matcher.match(one.one, one.other, schemas[one.kind]).match == one.same for one in some
        ]
        rows.append(["same" if same else "other", how, str(len(some)), f"{np.mean(right):.3f}"])
    table("made pairs, by how they were made", ["", "way", "pairs", "right"], rows)
    hard = [
        ("Acme Fund Ltd 1", "Acme Fund Ltd 2", "Company"),
        ("Blue Star 4", "Blue Star 7", "Vessel"),
        ("Ivan Petrovich Sidorov", "Oleg Petrovich Sidorov", "Person"),
        ("Ivan Petrovich Sidorov", "Ivan Andreevich Sidorov", "Person"),
        ("Maria Lopez Garcia", "Ana Lopez Garcia", "Person"),
    ]
    for one, other, schema in hard:
        print(f"{matcher.match(one, other, schema).score:.3f}  {one} | {other}")


def made_queries(listed: SanctionsList, count: int, random: Random) -> list[tuple[str, str]]:
    """Make queries of listed names, each with its entry's id."""
    found: list[tuple[str, str]] = []
    while len(found) < count:
        entry = random.choice(listed.entries)
        made = random.choice(list(SAMES.values()))(entry.spoken().split(), [], entry.kind, random)
        if made:
            found.append((made, entry.id))
    return found


def cpu_seconds() -> float:
    """Tell the processor time of this process and of those that it started and that ended."""
    return sum(
        used.ru_utime + used.ru_stime
        for used in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


def screening(listed: SanctionsList, count: int) -> None:
    """Print how long screening takes, what the index leaves out, and what is found."""
    from counterfoil.ops.finance.query_files import AskedName
    from counterfoil.ops.finance.screen_runs import screened_many

    random = Random(3)
    wanted = made_queries(listed, count // 2, random)
    others = ordinary(count - len(wanted), random)
    queries = [name for name, _ in wanted] + others
    ids = [entry for _, entry in wanted] + [""] * len(others)
    order = list(range(count))
    random.shuffle(order)
    asked = (AskedName(at, "", Query(queries[at])) for at in order)
    began, worked = time.monotonic(), cpu_seconds()
    scores = np.zeros(count)  # of the right entry, or the best of an ordinary name
    for one, its in screened_many([listed], asked, 0.5, lambda *_: None):
        right = [hit.score for hit in its.hits if ids[one.row] in ("", hit.entry.id)]
        scores[one.row] = max(right, default=0.0)
    took, worked = time.monotonic() - began, cpu_seconds() - worked
    title = (
        f"{count:,} queries against {listed.version.names:,} names: {took:.1f} s, with start; "
        f"{worked:.1f} s of processor time"
    )
    is_listed = np.array([bool(entry) for entry in ids])
    false, true = np.sort(scores[~is_listed])[::-1], scores[is_listed]
    rows = []
    for rate in (1e-2, 1e-3, 1e-4):
        allowed = int(rate * len(false))
        limit = float(np.nextafter(false[allowed], 1)) if allowed < len(false) else 0.0
        found = int((true >= limit).sum())
        wrong = int((false >= limit).sum())
        rows.append(
            [f"{rate:g}", f"{limit:.4f}", f"{found / len(true):.3f}", str(wrong),
             f"{found / max(1, found + wrong):.4f}", f"{found / max(1, found + wrong * 99):.3f}"]
        )  # fmt: skip
    head = ["false positives", "threshold", "recall", "wrong", "precision", "at 1 % listed"]
    table(title, head, rows)
    for limit in (0.5, 0.7, 0.8, 0.9, 0.95):
        rate = float((false >= limit).mean())
        print(
            f"from {limit}: {rate:.4f} of ordinary names hit, recall {(true >= limit).mean():.3f}"
        )
    index(listed, queries, order)


def index(listed: SanctionsList, queries: list[str], order: list[int]) -> None:
    """Print what the index finds of what a comparison with every name finds."""
    screener = Screener([listed], hit_from=0.5)
    whole = hits = firsts = first_found = 0
    for at in order[:BRUTE]:
        every = {hit.entry.id: hit.score for hit in screener.compare_all(Query(queries[at])).hits}
        (some,) = screener.screen([Query(queries[at])])
        found = {hit.entry.id for hit in some.hits}
        strong = {entry for entry, score in every.items() if score >= HIT_FROM}
        whole += len(strong)
        hits += len(strong & found)
        if strong:
            firsts += 1
            first_found += max(every, key=lambda entry: every[entry]) in found
    print(
        f"\nindex beside all names, {BRUTE} queries: {hits} of {whole} hits from {HIT_FROM} on, "
        f"{first_found} of {firsts} best ones"
    )


if __name__ == "__main__":
    sdn = read_list(SDN)
    matching(sdn)
    ways(sdn)
    screening(sdn, int(sys.argv[1]) if len(sys.argv) > 1 else 50_000)
