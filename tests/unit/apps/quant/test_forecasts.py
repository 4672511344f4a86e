"""A commitment hides and binds: one form of bytes for one forecast, one digest for both."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.apps.quant.forecasts import (
    Forecast,
    Made,
    digest_of,
    format_forecast,
    moment,
    parse_asked,
    parse_forecast,
)
from counterfoil.apps.quant.records import Commitment
from counterfoil.errors import InputError
from tests.log_rig import raises_code
from tests.tracks import ISSUER, asked, content

NUMBERS = st.floats(-1, 1).map(lambda value: repr(round(value, 6)))
MADE = st.builds(
    Made,
    st.text("ABCDEF", min_size=1, max_size=3),
    NUMBERS,
    inputs=st.none() | st.dictionaries(st.text("xyz", min_size=1), st.floats(-9, 9), max_size=3),
)
FORECASTS = st.builds(
    Forecast,
    type=st.just("counterfoil-forecast/v1"),
    issuer=st.just(ISSUER),
    strategy=st.text("mno", min_size=1, max_size=4),
    number=st.integers(0, 99),
    serial=st.integers(0, 99),
    entry=st.just("2030-01-02"),
    exit=st.sampled_from(["2030-01-03", "2031-01-02"]),
    forecasts=st.lists(MADE, min_size=1, max_size=4, unique_by=lambda one: one.target).map(tuple),
    why=st.text(max_size=20),
)


@given(FORECASTS)
def test_a_forecast_has_one_form(forecast: Forecast) -> None:
    """What is written reads back the same, and is written the same again."""
    data = format_forecast(forecast)
    assert parse_forecast(data) == forecast
    assert format_forecast(parse_forecast(data)) == data


@given(st.binary(max_size=60))
def test_other_bytes_are_no_forecast(data: bytes) -> None:
    """Whatever is revealed, it is a forecast or an InputError."""
    with raises_code("quant.forecast", InputError):
        parse_forecast(data)


def test_another_spelling_is_refused() -> None:
    """White space, another order of keys or a field too many is not what is committed to."""
    data = format_forecast(content())
    plain = msgspec.json.decode(data)
    for other in (
        data + b" ",
        msgspec.json.encode(dict(reversed(plain.items()))),
        msgspec.json.encode({**plain, "also": 1}),
        data.replace(b'"0.01"', b'"0.010"').replace(b"0.010", b"1e-2 "),
    ):
        with raises_code("quant.forecast", InputError):
            parse_forecast(other)


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32))
def test_the_digest_needs_the_salt(one: bytes, other: bytes) -> None:
    """The same forecast under another salt is another commitment, and another forecast, too."""
    data, more = format_forecast(content()), format_forecast(content(expected=("0.02",)))
    assert (digest_of(one, data) == digest_of(other, data)) == (one == other)
    assert digest_of(one, data) != digest_of(one, more)


def test_the_content_names_its_place() -> None:
    """The same numbers for another issuer, strategy, number or serial are another commitment."""
    salt = bytes(32)
    places = [
        content(),
        content(issuer="urn:example:copier"),
        content(strategy="t"),
        content(number=1),
        content(1, number=0),
    ]
    assert len({digest_of(salt, format_forecast(one)) for one in places}) == 5


def test_a_short_salt_is_refused() -> None:
    """A salt that could be guessed is none."""
    for salt in (b"", bytes(16), bytes(33)):
        with raises_code("quant.salt", InputError):
            digest_of(salt, b"{}")


@pytest.mark.parametrize(
    "change",
    [
        {"entry": "2030-02-01"},
        {"entry": "2030-13-01"},
        {"exit": "soon"},
        {"forecasts": []},
        {"forecasts": [{"target": "A", "expected": "0.1"}] * 2},
        {"forecasts": [{"target": "A", "expected": 0.1}]},
        {"forecasts": [{"target": "A", "expected": "nan"}]},
        {"forecasts": [{"target": "A", "expected": "0.1", "up": "1.2"}]},
        {"forecasts": [{"target": "A", "expected": "0.1", "low": "0"}]},
        {"forecasts": [{"target": "A", "expected": "0.1", "low": "1", "high": "0"}]},
        {"forecasts": [{"target": "A", "expected": "0.1", "weight": "-2"}]},
        {"also": 1},
    ],
    ids=str,
)
def test_what_is_no_forecast_is_refused(change: dict[str, object]) -> None:
    """A forecast that could not be judged later is refused before it is committed."""
    assert parse_asked(asked()).exit == "2030-02-01"
    with raises_code("quant.forecast", InputError):
        parse_asked({**asked(), **change})


def test_a_commitment_cannot_wait_for_ever() -> None:
    """Its time begins, ends, and is to be revealed within a month after that."""
    good = {
        "issuer": ISSUER, "source": "forecasts/s", "number": 0, "serial": 0, "digest": "0" * 64,
        "targets": 1, "starts_ms": 10, "ends_ms": 20, "reveal_by_ms": 30,
    }  # fmt: skip
    assert msgspec.convert(good, Commitment).targets == 1
    for change in (
        {"starts_ms": 20},
        {"reveal_by_ms": 19},
        {"reveal_by_ms": 20 + 32 * 86_400_000},
        {"source": "elsewhere/s"},
        {"targets": 0},
    ):
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert({**good, **change}, Commitment)


def test_days_begin_in_utc() -> None:
    """A day's first moment is the same everywhere."""
    assert moment("1970-01-02") == 86_400_000
