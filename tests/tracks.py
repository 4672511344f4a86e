"""Forecasts, commitments and reveals for tests of track records, made by hand.

Statements are those that the log would hold, with leaves that are their place's; nothing here
needs a ledger.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from counterfoil.apps.quant.book import Said
from counterfoil.apps.quant.bound import Bound
from counterfoil.apps.quant.forecasts import Forecast, Made, digest_of, format_forecast, moment
from counterfoil.apps.quant.records import Commitment, Cut, Reveal, source_of
from counterfoil.apps.quant.track import Track, follow
from counterfoil.provenance.statements.parts import Reference

__all__ = ["ISSUER", "LATER_MS", "Told", "asked", "bounds_of", "content", "followed", "told"]

ISSUER = "urn:example:fund"

LATER_MS = moment("2040-01-01")
"""A time when all that these forecasts are about is over."""

DAY_MS = 86_400_000


def asked(*expected: str, entry: str = "2030-01-02", exit: str = "2030-02-01") -> dict[str, Any]:
    """Write a forecast as its author does, for targets A, B, C ..."""
    names = "ABCDEFGHIJ"
    made = [{"target": names[at], "expected": one} for at, one in enumerate(expected or ("0.01",))]
    return {"entry": entry, "exit": exit, "forecasts": made}


def content(
    serial: int = 0,
    strategy: str = "s",
    number: int | None = None,
    *,
    expected: tuple[str, ...] = ("0.01",),
    entry: str = "2030-01-02",
    exit: str = "2030-02-01",
    issuer: str = ISSUER,
) -> Forecast:
    """Make the content of a commitment."""
    names = "ABCDEFGHIJ"
    return Forecast(
        type="counterfoil-forecast/v1",
        issuer=issuer,
        strategy=strategy,
        number=serial if number is None else number,
        serial=serial,
        entry=entry,
        exit=exit,
        forecasts=tuple(Made(names[at], one) for at, one in enumerate(expected)),
    )


@dataclass
class Told:
    """A forecast as the log has it; change what a cheat would change."""

    forecast: Forecast
    salt: bytes
    commitment: Said
    reveal: Said


def told(forecast: Forecast, *, salt: bytes | None = None, index: int | None = None) -> Told:
    """Commit a forecast and reveal it, as an honest issuer would."""
    salt = sha256(format_forecast(forecast)).digest() if salt is None else salt
    data = format_forecast(forecast)
    at = 10 + 10 * forecast.serial if index is None else index
    said = Commitment(
        issuer=forecast.issuer,
        source=source_of(forecast.strategy),
        number=forecast.number,
        serial=forecast.serial,
        digest=digest_of(salt, data),
        targets=len(forecast.forecasts),
        starts_ms=moment(forecast.entry),
        ends_ms=moment(forecast.exit),
        reveal_by_ms=moment(forecast.exit) + 7 * DAY_MS,
    )
    place = Said(at, leaf(at), said)
    shown = Reveal(
        issuer=forecast.issuer,
        source=f"reveals/{forecast.strategy}",
        number=forecast.number,
        commitment=Reference(leaf=place.leaf),
        salt=salt.hex(),
        forecast=data.decode(),
    )
    return Told(forecast, salt, place, Said(at + 5, leaf(at + 5), shown))


def cut(serial: int, strategies: dict[str, int], index: int = 10_000) -> Said:
    """Count forecasts at an entry."""
    said = Cut(
        issuer=ISSUER, source="forecast-cuts", number=0, serial=serial, strategies=strategies
    )
    return Said(index, leaf(index), said)


def leaf(index: int) -> str:
    """Give a leaf hash to an entry."""
    return sha256(b"%d" % index).hexdigest()


def bounds_of(*those: Told, early_ms: int = DAY_MS) -> dict[str, Bound | None]:
    """Let a witness have seen commitments some time before they begin."""
    return {
        one.commitment.leaf: Bound(moment(one.forecast.entry) - early_ms, ("w1",)) for one in those
    }


def followed(*those: Told, now_ms: int = LATER_MS) -> Track:
    """Follow honest forecasts."""
    said = [statement for one in those for statement in (one.commitment, one.reveal)]
    return follow(said, bounds_of(*those), now_ms)
