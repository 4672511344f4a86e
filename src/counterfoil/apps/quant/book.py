"""Commit forecasts to a ledger, prove when that was, and reveal them.

Which number comes next is read from the log, and the log itself refuses a second statement under
one number and a serial that leaves a gap. This module refuses to reveal what was not committed
and to take a salt twice.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from counterfoil.apps.quant.bound import Bound, bound_of
from counterfoil.apps.quant.forecasts import (
    SALT_BYTES,
    Asked,
    Forecast,
    Made,
    digest_of,
    format_forecast,
    moment,
    parse_forecast,
)
from counterfoil.apps.quant.keeping import Secret, keep_proof, keep_secret, proof_of, secret_of
from counterfoil.apps.quant.records import (
    COMMITMENT,
    COUNTER,
    CUT,
    CUTS,
    REVEAL,
    REVEALS,
    SOURCE,
    Commitment,
    Cut,
    Reveal,
    source_of,
)
from counterfoil.errors import CounterfoilError, InputError, NotFound
from counterfoil.formats import entry as entries
from counterfoil.formats.entry import StatementEntry
from counterfoil.formats.receipt import Receipt
from counterfoil.formats.statement import Subject
from counterfoil.ledger import Ledger, Recorded
from counterfoil.ledger.predicate_types import parse_registered
from counterfoil.proofs.merkle import leaf_hash
from counterfoil.provenance.statements.parts import Reference, decimal_text

__all__ = [
    "Committed",
    "Cosign",
    "Revealed",
    "Said",
    "commit",
    "cut",
    "prove",
    "reveal",
    "said_by",
    "strategies",
]

CONTENT_MAX: Final = 24_000
"""Largest content of a forecast, bytes: its reveal has to fit into one entry."""

_GRACE_MS: Final = 7 * 86_400_000

Cosign = Callable[[Receipt], Receipt]
"""Adds cosignatures to a receipt's checkpoint that the ledger's owner went and got."""


@dataclass(frozen=True, slots=True)
class Committed:
    """A forecast that is committed.

    bound: by when, as others say; None where none has said it. late: by the clock of who committed
    it, it had begun already, so that it can never count.
    """

    strategy: str
    number: int
    serial: int
    index: int
    leaf: str
    digest: str
    starts_ms: int
    bound: Bound | None
    late: bool = False

    def to_json(self) -> dict[str, Any]:
        """Turn it into what the command line and the API print."""
        return {**msgspec.to_builtins(self), "counts": self.counts}

    @property
    def counts(self) -> bool:
        """Tell whether it is proven to be older than its outcome."""
        return self.bound is not None and self.bound.time_ms <= self.starts_ms


@dataclass(frozen=True, slots=True)
class Revealed:
    """A forecast that is revealed. decisions: indices of those of its model."""

    strategy: str
    number: int
    index: int
    decisions: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Said:
    """A statement of the app in the log."""

    index: int
    leaf: str
    said: Commitment | Reveal | Cut


def said_by(ledger: Ledger) -> Iterator[Said]:
    """List the app's statements by the ledger's own organisation, series by series."""
    for strategy in strategies(ledger):
        for source in (source_of(strategy), f"{REVEALS}{strategy}"):
            yield from _series(ledger, source)
    yield from _series(ledger, CUTS)


def strategies(ledger: Ledger) -> dict[str, int]:
    """Count the forecasts of each strategy of the ledger's organisation."""
    ours = ledger.config.organisation
    return {
        source.removeprefix(SOURCE): count
        for issuer, source, count in ledger.sources()
        if issuer == ours and source.startswith(SOURCE)
    }


def commit(
    ledger: Ledger,
    strategy: str,
    asked: Asked,
    *,
    model: str | None = None,
    reveal_by_ms: int | None = None,
    cosign: Cosign | None = None,
) -> Committed:
    """Commit a forecast, and wait until it is durable and shown to the ledger's witnesses.

    strategy: 1 to 64 printable characters. model: digest of the recorded model that made it.
    reveal_by_ms: else a week after its end. cosign: gets further cosignatures. The salt is made
    here. Raises InputError with code quant.strategy, quant.size or quant.model, Conflict with code
    log.expect where somebody else committed meanwhile, Unavailable with code quant.write, and as
    `Ledger.record_statement`.
    """
    _check_strategy(strategy)
    if model is not None:
        _check_model(ledger, model, asked)
    number, serial = strategies(ledger).get(strategy, 0), _serial(ledger)
    content = Forecast(
        type="counterfoil-forecast/v1",
        issuer=ledger.config.organisation,
        strategy=strategy,
        number=number,
        serial=serial,
        model=model,
        entry=asked.entry,
        exit=asked.exit,
        forecasts=asked.forecasts,
        why=asked.why,
    )
    data = format_forecast(content)
    if len(data) > CONTENT_MAX:
        raise InputError(
            "quant.size",
            f"expected a forecast of at most {CONTENT_MAX} bytes, found {len(data)}",
            hint="Commit it in parts, each a strategy's next number, or name fewer inputs.",
        )
    salt = secrets.token_bytes(SALT_BYTES)
    digest = digest_of(salt, data)
    keep_secret(ledger, digest, Secret(salt.hex(), data.decode()))
    starts, ends = moment(asked.entry), moment(asked.exit)
    fields: dict[str, Any] = {
        "serial": serial,
        "digest": digest,
        "targets": len(asked.forecasts),
        "starts_ms": starts,
        "ends_ms": ends,
        "reveal_by_ms": ends + _GRACE_MS if reveal_by_ms is None else reveal_by_ms,
        "expect": {COUNTER: [serial or None, serial + 1]},
    }
    done = ledger.record_statement(
        COMMITMENT.uri,
        fields,
        subjects=[Subject(digest={"sha256": digest}, name="forecast")],
        source=source_of(strategy),
        number=number,
    )
    bound = prove(ledger, done.index, digest, cosign=cosign)
    return Committed(strategy, number, serial, done.index, done.leaf, digest, starts, bound)


def prove(ledger: Ledger, index: int, digest: str, *, cosign: Cosign | None = None) -> Bound | None:
    """Take and keep the receipt of a commitment, if others vouch for it; tell by when it was there.

    One that was kept before counts. An anchored one is kept beside it when it comes.
    """
    kept = proof_of(ledger, digest)
    bound = None if kept is None else _bound(ledger, kept)
    if bound is not None and proof_of(ledger, digest, "anchored") is not None:
        return bound
    try:
        fresh = ledger.receipt(index)
    except NotFound:  # not published yet, where this process only reads
        return bound
    fresh = fresh if cosign is None else cosign(fresh)
    if fresh.anchors:
        keep_proof(ledger, digest, fresh, "anchored")
    if bound is None:
        bound = _bound(ledger, fresh)
        if bound is not None:
            keep_proof(ledger, digest, fresh)
    return bound


def reveal(ledger: Ledger, commitment: Said) -> Revealed:
    """Reveal a committed forecast, with a decision for each thing that its model forecast.

    Doing it again does nothing new. Raises NotFound with code quant.secret, InputError with code
    quant.not-ours where what was kept does not open it, and as `Ledger.record_statement`.
    """
    said = commitment.said
    if not isinstance(said, Commitment):
        raise InputError("quant.not-ours", f"expected a commitment at entry {commitment.index}")
    strategy = said.source.removeprefix(SOURCE)
    secret = secret_of(ledger, said.digest)
    if digest_of(bytes.fromhex(secret.salt), secret.forecast.encode()) != said.digest:
        raise InputError(
            "quant.not-ours",
            f"expected what opens the commitment {said.digest[:16]}, found something else",
            hint="Bring the file back from a backup.",
        )
    content = parse_forecast(secret.forecast.encode())
    made = [one for one in content.forecasts if one.inputs is not None]
    fields = {
        "commitment": msgspec.to_builtins(Reference(leaf=commitment.leaf)),
        "salt": secret.salt,
        "forecast": secret.forecast,
        "decisions": len(made) if content.model is not None else 0,
    }
    done = ledger.record_statement(
        REVEAL.uri,
        fields,
        subjects=[Subject(digest={"sha256": said.digest}, name="forecast")],
        source=f"{REVEALS}{strategy}",
        number=said.number,
    )
    decisions: tuple[int, ...] = ()
    if content.model is not None and not done.duplicate:
        decisions = tuple(_decide(ledger, content, content.model, made, commitment, done))
    return Revealed(strategy, said.number, done.index, decisions)


def cut(ledger: Ledger) -> Recorded:
    """Record how many forecasts there are, so that a bundle up to here is whole.

    Raises as `Ledger.record_statement`; Conflict with code log.expect where one comes meanwhile.
    """
    serial = _serial(ledger)
    fields = {
        "serial": serial,
        "strategies": strategies(ledger),
        "expect": {COUNTER: [serial or None, serial or None]},
    }
    return ledger.record_statement(CUT.uri, fields, source=CUTS)


def _series(ledger: Ledger, source: str) -> Iterator[Said]:
    for _, index in ledger.numbered(source):
        data = ledger.entry(index)
        parsed = entries.parse(data)
        said = parse_registered(parsed.statement) if isinstance(parsed, StatementEntry) else None
        if isinstance(said, (Commitment, Reveal, Cut)):
            yield Said(index, leaf_hash(data).hex(), said)


def _decide(
    ledger: Ledger,
    content: Forecast,
    model: str,
    made: list[Made],
    commitment: Said,
    revealed: Recorded,
) -> Iterator[int]:
    """Record what the model decided, in the open now; it was bound when it was committed."""
    handles = []
    scorer = ledger.models.load(model)
    for one in made:
        with ledger.decision(
            scorer, one.inputs or {}, purpose=f"forecast {one.target}", explain="always"
        ) as decision:
            decision.outcome = "long" if float(one.expected) > 0 else "short"
            decision.based_on(commitment.index, revealed.index)
            decision.note = f"forecast {content.number} of {content.strategy}: {one.target}"
        handles.append(decision.recorded)
    for handle in handles:
        if handle is not None:
            yield handle.result()


def _check_model(ledger: Ledger, model: str, asked: Asked) -> None:
    """Check that a recorded model forecasts what is said to be its forecast."""
    scorer = ledger.models.load(model)
    for one in asked.forecasts:
        if one.inputs is None or decimal_text(scorer.score(one.inputs)) != one.expected:
            raise InputError(
                "quant.model",
                f"expected the forecast of {one.target[:64]!a} by the model {model[:16]}, found "
                "another",
                hint="Leave the model out where somebody else forecast, or changed what it said.",
            )


def _bound(ledger: Ledger, receipt: Receipt) -> Bound | None:
    try:
        return bound_of(ledger.policy, receipt.checkpoint.encode())
    except CounterfoilError:
        return None


def _serial(ledger: Ledger) -> int:
    found = ledger.counter(COUNTER)
    return found if isinstance(found, int) else 0


def _check_strategy(strategy: str) -> None:
    if not (0 < len(strategy) <= 64 and strategy.isprintable() and strategy == strategy.strip()):
        raise InputError(
            "quant.strategy",
            f"expected a strategy's name of 1 to 64 printable characters, found {strategy[:80]!a}",
            hint="For example momentum.",
        )
