"""Text of `ops.dataset_records`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from shlex import quote

from counterfoil.cli.paint import Paint
from counterfoil.cli.text.words import brief, content_line, facts, number, or_nothing, plain
from counterfoil.ledger.datasets import RecordedDataset
from counterfoil.ops.dataset_records import DatasetShown, Matched, ProofSaved, RowShown

__all__ = ["add", "get", "listing", "match", "prove", "prove_absence", "verify"]


def add(shown: DatasetShown, paint: Paint) -> Iterator[str]:
    """Tell where the data set stands."""
    found = shown.found
    yield f"{paint.good('recorded as entry')} {paint.strong(str(found.index))}: " + plain(
        found.title
    )
    yield from _facts(found, paint)


def get(shown: DatasetShown, paint: Paint) -> Iterator[str]:
    """Show a data set and its columns."""
    found = shown.found
    yield f"entry {paint.strong(str(found.index))}: data set {plain(found.title)}"
    yield from _facts(found, paint)
    for one in found.dataset.fingerprint.columns if found.dataset.fingerprint else ():
        yield f"  {one.digest[:16]}…  {plain(one.name)}: {plain(one.type)}"


def listing(found: Iterable[RecordedDataset], paint: Paint) -> Iterator[str]:
    """List data sets, one a line."""
    nothing = "no data set: `counterfoil dataset add FILE NAME` records one"
    yield from or_nothing(_datasets(found, paint), nothing)


def _datasets(found: Iterable[RecordedDataset], paint: Paint) -> Iterator[str]:
    for one in found:
        rows = "" if one.dataset.fingerprint is None else number(one.dataset.fingerprint.rows)
        words = f"{plain(one.title)}  {rows} rows  {brief(one.digest or 'no fingerprint')}"
        yield f"{paint.strong(f'{one.index:>8}')}  {words}"


def match(done: Matched, paint: Paint) -> Iterator[str]:
    """Say whether it is the data set, and which columns differ."""
    found, name = done.match, f"{plain(done.dataset)} (entry {done.index})"
    if found.same:
        yield f"{paint.good('the same')}: {plain(done.file)} is {name}, {number(found.rows)} rows"
        return
    yield f"{paint.bad('another')}: {plain(done.file)} is not {name}; {number(found.rows)} rows"
    columns = (("differ", found.differing), ("more", found.added), ("missing", found.removed))
    for word, names in columns:
        if names:
            yield f"  {word:<8}  {', '.join(map(plain, names))}"


def prove(saved: ProofSaved, paint: Paint) -> Iterator[str]:
    """Tell what was written, and how to verify it."""
    what = "that the row is there" if saved.proves == "row" else "that the row is not there"
    file = paint.strong(saved.file)
    yield f"{paint.good('wrote')} the proof {what} to {file} ({number(saved.bytes)} bytes)"
    yield f"verify it anywhere: counterfoil dataset verify {quote(saved.file)} --policy POLICY"


prove_absence = prove


def verify(done: RowShown, paint: Paint) -> Iterator[str]:
    """Say what was proven of the row."""
    yield f"{paint.good('verified')}: {plain(done.grade)}"
    if done.row is None:
        yield f"  no row of {plain(done.dataset)} (entry {done.dataset_index}) is"
        yield f"  {content_line(done.values)}"
        return
    trained = f", which trained {plain(done.model)}" if done.model else ""
    yield f"  row {done.row} of {plain(done.dataset)} (entry {done.dataset_index}){trained}"
    yield f"  {content_line(done.values)}"


def _facts(found: RecordedDataset, paint: Paint) -> Iterator[str]:
    said, fingerprint = found.dataset, found.dataset.fingerprint
    salted = "" if fingerprint is None else ", salted" if fingerprint.salted else ", public"
    yield from facts(
        [
            ("digest", found.digest or "none: somebody else only told of it"),
            ("rows", None if fingerprint is None else number(fingerprint.rows) + salted),
            ("licence", said.licence),
            ("location", said.location),
            ("answers for it", said.accountable.name if said.accountable else None),
            ("leaf", found.leaf),
        ],
        paint,
    )
