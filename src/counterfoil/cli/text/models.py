"""Text of `ops.models`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from counterfoil.cli.paint import Paint
from counterfoil.cli.text.records import add as recorded
from counterfoil.cli.text.words import brief, facts, number, or_nothing, plain
from counterfoil.ledger import Recorded
from counterfoil.ledger.models import RecordedModel
from counterfoil.ops.models import ModelShown, Scored
from counterfoil.provenance.models import Explained, SignedModel

__all__ = ["add", "evaluate", "get", "listing", "score", "sign", "verify_signature"]


def add(shown: ModelShown, paint: Paint) -> Iterator[str]:
    """Tell where the model stands."""
    found = shown.found
    yield f"{paint.good('recorded as entry')} {paint.strong(str(found.index))}: " + plain(
        found.title
    )
    model = found.model
    kept = "beside the log" if model.kept else "not kept: replaying needs a copy"
    yield from facts(
        [
            ("format", model.format),
            ("digest", model.digest),
            ("bytes", f"{number(model.size)}, {kept}"),
            ("features", number(len(model.features)) if model.features else None),
            ("outcomes", ", ".join(model.outcomes)),
            ("leaf", found.leaf),
        ],
        paint,
    )


def get(shown: ModelShown, paint: Paint) -> Iterator[str]:
    """Show a model's card."""
    yield f"entry {paint.strong(str(shown.found.index))}: model {plain(shown.found.title)}"
    for line in shown.card.splitlines():
        yield f"  {plain(line)}".rstrip()
    if shown.written is not None:
        yield f"{paint.good('wrote')} {plain(shown.written)} ({number(shown.bytes)} bytes)"


def listing(found: Iterable[RecordedModel], paint: Paint) -> Iterator[str]:
    """List models, one a line."""
    lines = (
        f"{paint.strong(f'{one.index:>8}')}  {plain(one.title)}  {one.model.format}  "
        f"{brief(one.digest)}"
        for one in found
    )
    yield from or_nothing(lines, "no model: `counterfoil model add PATH NAME` records one")


def score(done: Scored, paint: Paint) -> Iterator[str]:
    """Show a score, and what each input added."""
    of = f" for {plain(done.outcome)}" if done.outcome else ""
    yield f"{paint.strong(f'{done.score:.6g}')}{of}  {paint.quiet(plain(done.model))}"
    if done.explained is not None:
        yield from _explained(done.explained, paint)


def evaluate(done: Recorded, paint: Paint) -> Iterator[str]:
    """Tell where the evaluation stands."""
    yield from recorded(done, paint)


def sign(said: SignedModel, paint: Paint) -> Iterator[str]:
    """Tell what was signed."""
    yield f"{paint.good('signed')} {paint.strong(plain(said.name))}"
    yield from facts(_signed(said), paint)


def verify_signature(said: SignedModel, paint: Paint) -> Iterator[str]:
    """Tell what the signature holds for."""
    yield f"{paint.good('holds')}: {paint.strong(plain(said.name))} is what the key signed"
    yield from facts(_signed(said), paint)


def _signed(said: SignedModel) -> list[tuple[str, object]]:
    return [("files", number(said.files)), ("digest", said.digest), ("key", brief(said.key))]


def _explained(said: Explained, paint: Paint) -> Iterator[str]:
    exact = "exact" if said.exact else "with sampling error"
    yield f"  {paint.quiet(f'{plain(said.method)}, {exact}, in {plain(said.unit)}')}"
    order = sorted(said.contributions.items(), key=lambda pair: -abs(pair[1]))
    rows = [(plain(name), f"{share:+.4f}") for name, share in order]
    yield from facts([("base", f"{said.base:+.4f}"), *rows, ("sum", f"{said.total:+.4f}")], paint)
