"""Simulate weeks of an organisation's log, and attacks on it, for those who write watchers.

Five producers with rhythms of their own: clerks in office hours, a shop around the clock, a nightly
job, a model that decides, and a gateway that is cut off now and then and uploads late. What is odd
and honest is in it, too: overtime, a Saturday, a sale, a new machine. The entries are those of a
log, byte for byte, but for their signatures, which are none: watchers do not verify. It is a
made-up world: what finds an attack here is not thereby shown to find one elsewhere.

Everything follows from the seed. This module refuses to write a ledger.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from math import pi, sin
from random import Random
from typing import Any, Final

import msgspec

from counterfoil.formats import envelope as envelopes
from counterfoil.formats import statement as statements
from counterfoil.formats.envelope import STATEMENT_PAYLOAD_TYPE, Envelope, Signature
from counterfoil.formats.predicates.registry import URI_BASE
from counterfoil.formats.statement import Statement, sha256_subject

__all__ = ["Sent", "SimulatedLog", "key_named", "quiet"]

_MINUTE_MS: Final = 60_000
_HOUR_MS: Final = 60 * _MINUTE_MS
_DAY_MS: Final = 24 * _HOUR_MS
_ISSUER: Final = "https://org.example"
_NO_SIGNATURE: Final = bytes(64)


@dataclass(frozen=True, slots=True)
class Sent:
    """A statement on its way to a log.

    at_ms: when it comes; claimed_ms: when its signer says it was, both Unix ms. key: name of the
    signer's key. kind, said: of the statement; of a record its content. source: its series.
    """

    at_ms: int
    claimed_ms: int
    key: str
    kind: str
    said: Mapping[str, Any]
    source: str


def key_named(name: str) -> str:
    """Give the id of the key with a name, 64 hexadecimal digits."""
    return sha256(f"simulated key {name}".encode()).hexdigest()


@dataclass(slots=True)
class SimulatedLog:
    """A log in memory with a checkpoint a minute; a `LogAccess` of watchers."""

    origin: str = "log.example/simulated"
    data: list[bytes] = field(default_factory=list)
    times: list[tuple[int, int]] = field(default_factory=list)
    numbers: dict[str, int] = field(default_factory=dict)

    def append(self, sent: Sequence[Sent]) -> None:
        """Take statements in, in the order in which they come."""
        for one in sorted(sent, key=lambda one: one.at_ms):
            minute = -(-one.at_ms // _MINUTE_MS) * _MINUTE_MS
            if self.times and self.times[-1][1] < minute:
                self.times.append((len(self.data), minute - _MINUTE_MS))
            number = self.numbers.get(one.source, 0)
            self.numbers[one.source] = number + 1
            self.data.append(_entry(one, number))
            if self.times and self.times[-1][1] == minute:
                self.times.pop()
            self.times.append((len(self.data), minute))

    def refresh(self) -> int:
        """Tell how many entries there are."""
        return len(self.data)

    def entries(self, first: int, end: int) -> Iterator[bytes]:
        """Read the bytes of entries [first, end)."""
        return iter(self.data[first:end])

    def moments(self) -> Sequence[tuple[int, int]]:
        """List (size, Unix ms) of each minute's checkpoint."""
        return self.times

    def mark(self) -> str:
        """Have none."""
        return ""

    def resume(self, mark: str) -> None:
        """Hold to nothing: nobody puts it back."""

    def close(self) -> None:
        """Hold nothing open."""


def quiet(seed: int, *, start_ms: int, days: int, scale: float = 1.0) -> list[Sent]:
    """Simulate days on which nothing bad happens, in order; about 1,500 statements a working day.

    start_ms: midnight UTC of the first day. scale: of how much is sent, above 0.
    """
    rng = Random(f"traffic {seed}")  # noqa: S311  # a simulation
    sent: list[Sent] = []
    machines = ["m-1", "m-2"]
    for day in range(days):
        at = start_ms + day * _DAY_MS
        for clerk in ("clerk-1", "clerk-2"):
            sent += _clerk(rng, clerk, at, scale)
        sent += _shop(rng, at, scale)
        sent += _job(rng, at, day, scale)
        sent += _model(rng, at, machines, scale)
        sent += _gateway(rng, at, scale)
        if day % 7 == 2:
            sent += _training(rng, at, day // 7)
    return sorted(sent, key=lambda one: one.at_ms)


def _clerk(rng: Random, name: str, day_ms: int, scale: float) -> Iterator[Sent]:
    weekend = (day_ms // _DAY_MS + 3) % 7 >= 5
    first, last = 8.0 + rng.gauss(0, 0.2), 17.0 + rng.gauss(0, 0.3)
    if weekend:
        if rng.random() > 0.02:
            return
        last = 11.0
    elif rng.random() < 0.04:
        last = 19.5
    for at in _poisson(rng, day_ms, first, last, 12 * scale):
        content = {
            "amount_minor": int(rng.lognormvariate(9, 1)),
            "customer": f"c-{rng.randrange(500)}",
            "memo": "x" * rng.randrange(5, 40),
        }
        yield Sent(at, at - rng.randrange(20, 900), name, "record", content, f"api:{name}")


def _shop(rng: Random, day_ms: int, scale: float) -> Iterator[Sent]:
    sale = rng.random() < 0.08
    sale_at = rng.uniform(10, 20)
    for hour in range(24):
        rate = 25 * (1 + 0.7 * sin((hour - 9) / 24 * 2 * pi)) * scale
        if sale and sale_at <= hour < sale_at + 2:
            rate *= 2.5
        for at in _poisson(rng, day_ms, hour, hour + 1, rate):
            items = [{"sku": rng.randrange(900), "count": 1} for _ in range(rng.randrange(1, 5))]
            content = {"order": rng.randrange(10**6), "items": items, "country": "DE"}
            yield Sent(at, at - rng.randrange(5, 200), "shop", "record", content, "api:shop")


def _job(rng: Random, day_ms: int, day: int, scale: float) -> Iterator[Sent]:
    at = day_ms + int((2.2 + rng.gauss(0, 0.05)) * _HOUR_MS)
    source = f"sha256:{sha256(b'file %d' % day).hexdigest()}"
    for row in range(max(2, int(rng.gauss(60, 6) * scale))):
        content = {"account": row, "balance_minor": rng.randrange(10**6)}
        yield Sent(at + row * 40, at, "job", "record", content, source)


def _model(rng: Random, day_ms: int, machines: list[str], scale: float) -> Iterator[Sent]:
    if rng.random() < 0.03:
        machines[rng.randrange(2)] = f"m-{rng.randrange(3, 1000)}"
    for hour in range(24):
        rate = 15 * (1 + 0.6 * sin((hour - 9) / 24 * 2 * pi)) * scale
        for at in _poisson(rng, day_ms, hour, hour + 1, rate):
            said = decision(rng.betavariate(2, 5), rng.choice(machines))
            yield Sent(at, at - rng.randrange(2, 60), "model", "decision", said, "api:model")


def decision(score: float, machine: str) -> dict[str, Any]:
    """Make a decision of the model `credit 3`."""
    return {
        "model": {"digest": sha256(b"credit").hexdigest(), "name": "credit:3"},
        "outcome": "hold" if score > 0.6 else "pay",
        "score": str(round(score, 4)),
        "runtime": {"library": "onnxruntime", "version": "1.23", "machine": machine},
    }


def _gateway(rng: Random, day_ms: int, scale: float) -> Iterator[Sent]:
    step = max(1, int(5 / scale)) * _MINUTE_MS
    cut = day_ms + rng.randrange(_DAY_MS) if rng.random() < 0.5 else -1
    until = cut + int(rng.uniform(20, 90)) * _MINUTE_MS
    held = 0
    for at in range(day_ms, day_ms + _DAY_MS, step):
        content = {"sensor": 4, "milli_celsius": 20_000 + rng.randrange(900)}
        comes = at + rng.randrange(4000)
        if cut <= at < until:
            comes, held = until + held * 300, held + 1
        yield Sent(comes, at, "gateway", "record", content, "mqtt:gateway")


def _training(rng: Random, day_ms: int, week: int) -> Iterator[Sent]:
    at, rows = day_ms + int(rng.uniform(9, 11) * _HOUR_MS), 20_000 + 700 * week
    yield Sent(at, at - 50, "model", "dataset", training_data(week, rows), "api:model")
    noise = 0.02 + rng.gauss(0, 0.0008)
    said = poisoning_check(week, noise, rows)
    yield Sent(at + 90_000, at + 89_000, "model", "check", said, "api:model")


def training_data(week: int, rows: int, changed: Sequence[str] = ()) -> dict[str, Any]:
    """Make the training set of a week. changed: columns that are not that week's own."""
    columns = []
    for name in ("income", "age", "town", "label"):
        text = f"{name} {week}{' changed' if name in changed else ''}"
        columns.append({"name": name, "type": "text", "digest": sha256(text.encode()).hexdigest()})
    digest = sha256(msgspec.json.encode(columns)).hexdigest()
    print_ = {"format": "table/v1", "digest": digest, "root": digest, "rows": rows}
    return {"name": "loans", "fingerprint": {**print_, "columns": columns}}


def poisoning_check(
    week: int, noise: float, rows: int, changed: Sequence[str] = ()
) -> dict[str, Any]:
    """Make a check for poisoning of a week's training set that measured a share of noise."""
    digest = training_data(week, rows, changed)["fingerprint"]["digest"]
    measured = {"name": "label-noise/1", "value": str(round(noise, 6)), "rows": rows // 5}
    item = {"name": "label-noise/1", "passed": noise < 0.1, "measured": measured}
    about = {"digest": digest, "name": "loans"}
    return {"check": "poisoning", "about": about, "passed": noise < 0.1, "items": [item]}


def _poisson(rng: Random, day_ms: int, first: float, last: float, per_hour: float) -> Iterator[int]:
    """Draw the times of a Poisson stream between two hours of a day, Unix ms."""
    at = first
    while per_hour > 0 and (at := at + rng.expovariate(per_hour)) < last:
        yield day_ms + int(at * _HOUR_MS)


def _entry(sent: Sent, number: int) -> bytes:
    header = {
        "issuer": _ISSUER,
        "source": sent.source,
        "number": number,
        "at_ms": sent.claimed_ms,
    }
    said = {"content": sent.said} if sent.kind == "record" else sent.said
    text = msgspec.json.encode({**header, **said})
    subject = (sha256_subject("content", text),)
    statement = Statement(subject, f"{URI_BASE}{sent.kind}/v1", msgspec.Raw(text))
    signatures = (Signature(key_named(sent.key), _NO_SIGNATURE),)
    return envelopes.format(
        Envelope(statements.format(statement), STATEMENT_PAYLOAD_TYPE, signatures)
    )
