"""What is forecast, as bytes that can be committed to: one form for one forecast.

A commitment is SHA-256 over a domain, a salt and these bytes. The salt hides: without its 256 bits
nobody can try guesses. The digest binds, and the content names issuer, strategy, number and serial,
so that a commitment cannot be opened in another place or by somebody who copied it. This module
refuses numbers that are not finite, and names no market.

Source: commitments by hashing, Goldreich, Foundations of Cryptography I, 4.4.1; canonical JSON,
RFC 8785.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Annotated, Any, Final, Literal

import msgspec

from counterfoil.errors import InputError
from counterfoil.formats import json_text
from counterfoil.formats.predicates.header import Count, HexDigest, Name, Uri
from counterfoil.provenance.statements.parts import DecimalText, Text

__all__ = [
    "SALT_BYTES",
    "Asked",
    "Forecast",
    "Made",
    "digest_of",
    "format_forecast",
    "moment",
    "parse_asked",
    "parse_forecast",
]

SALT_BYTES: Final = 32
"""Length of a commitment's salt, bytes (256 bits)."""

_DOMAIN: Final = b"counterfoil forecast commitment v1\x00"

Day = Annotated[str, msgspec.Meta(pattern=r"\A[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")]
"""A date, YYYY-MM-DD."""


class Made(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A forecast of one thing: its return from the entry's price to the exit's.

    target: name of its column of prices. expected: the return, 0.01 is one per cent. up:
    probability, 0 to 1, that it is above 0. low, high: the quantiles of 5 and 95 %. weight: of the
    book, -1 to 1; else each forecast has the same, with the sign of `expected`. inputs: what a
    recorded model was given.
    """

    target: Name
    expected: DecimalText
    up: DecimalText | None = None
    low: DecimalText | None = None
    high: DecimalText | None = None
    weight: DecimalText | None = None
    inputs: dict[Name, float | None] | None = None

    def __post_init__(self) -> None:
        if self.up is not None and not 0 <= float(self.up) <= 1:
            raise ValueError("expected `up` from 0 to 1")
        if self.weight is not None and not -1 <= float(self.weight) <= 1:
            raise ValueError("expected `weight` from -1 to 1")
        if (self.low is None) != (self.high is None):
            raise ValueError("expected `low` and `high`, or neither")
        if self.low is not None and float(self.low) > float(self.high or 0):
            raise ValueError("expected `low` to be at most `high`")


class Asked(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A forecast as its author writes it.

    entry, exit: dates; the return is that from the first price on or after the one to the first
    price on or after the other. why: reasons, for people; hidden until it is revealed, too.
    """

    entry: Day
    exit: Day
    forecasts: Annotated[tuple[Made, ...], msgspec.Meta(min_length=1, max_length=512)]
    why: Text = ""

    def __post_init__(self) -> None:
        if moment(self.entry) >= moment(self.exit):
            raise ValueError("expected the entry before the exit")
        names = [one.target for one in self.forecasts]
        if len(set(names)) != len(names):
            raise ValueError("expected each target once")


class Forecast(Asked, frozen=True, kw_only=True):
    """The content of a commitment: who commits to what, at which place.

    model: digest of the recorded model that made it, absent where somebody else did.
    """

    type: Literal["counterfoil-forecast/v1"] = msgspec.field(name="type")
    issuer: Uri
    strategy: Name
    number: Count
    serial: Count
    model: HexDigest | None = None


def moment(day: str) -> int:
    """Tell when a day begins in UTC: Unix ms. Raises ValueError for what is no date."""
    found = date.fromisoformat(day)
    return int(datetime(found.year, found.month, found.day, tzinfo=UTC).timestamp() * 1000)


def format_forecast(forecast: Forecast) -> bytes:
    """Write a forecast as canonical JSON (RFC 8785); `parse_forecast` gives it back."""
    return json_text.canonicalise(msgspec.to_builtins(forecast))


def parse_forecast(data: bytes) -> Forecast:
    """Read the content of a commitment.

    Raises InputError with code quant.forecast for what is not in the one form that is written.
    """
    try:
        found = msgspec.json.decode(data, type=Forecast)
        same = format_forecast(found) == data
    except (msgspec.MsgspecError, ValueError, RecursionError) as err:
        raise InputError("quant.forecast", f"expected a committed forecast, but: {err}") from err
    if not same:
        raise InputError(
            "quant.forecast",
            "expected a committed forecast in canonical JSON, found another spelling",
        )
    return found


def parse_asked(said: Mapping[str, Any]) -> Asked:
    """Read a forecast as its author wrote it. Raises InputError with code quant.forecast."""
    try:
        return msgspec.convert(dict(said), Asked)
    except (msgspec.ValidationError, ValueError, RecursionError) as err:
        raise InputError(
            "quant.forecast",
            f"expected a forecast, but: {err}",
            hint='For example {"entry": "2030-01-02", "exit": "2030-02-01", "forecasts": '
            '[{"target": "AAPL", "expected": "0.012", "up": "0.55"}]}.',
        ) from err


def digest_of(salt: bytes, forecast: bytes) -> str:
    """Commit to a forecast: 64 hexadecimal digits.

    salt: 32 bytes, fresh and secret. forecast: as `format_forecast` writes it. Raises InputError
    with code quant.salt.
    """
    if len(salt) != SALT_BYTES:
        raise InputError("quant.salt", f"expected a salt of 32 bytes, found {len(salt)}")
    return sha256(_DOMAIN + salt + forecast).hexdigest()
