"""A track record is put together from all that was said, and nothing can be left out of it."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.apps.quant.book import Said
from counterfoil.apps.quant.bound import Bound
from counterfoil.apps.quant.forecasts import format_forecast, moment
from counterfoil.apps.quant.records import Commitment, Reveal
from counterfoil.apps.quant.track import follow
from counterfoil.errors import VerificationError
from tests.log_rig import raises_code
from tests.tracks import LATER_MS, Told, bounds_of, content, cut, followed, told


def three() -> list[Told]:
    """Make forecasts of two strategies."""
    return [
        told(content(0, "s", 0)),
        told(content(1, "t", 0, entry="2030-02-04", exit="2030-03-01")),
        told(content(2, "s", 1, entry="2030-03-04", exit="2030-04-01")),
    ]


def said_of(those: list[Told]) -> list[Said]:
    """List what they say."""
    return [statement for one in those for statement in (one.commitment, one.reveal)]


def with_reveal(one: Told, **change: object) -> Told:
    """Change what a reveal says."""
    assert isinstance(one.reveal.said, Reveal)
    said = msgspec.structs.replace(one.reveal.said, **change)
    return replace(one, reveal=replace(one.reveal, said=said))


def test_honest_forecasts_count() -> None:
    """All that is bound in time and revealed counts, strategy by strategy, in order."""
    track = followed(*three())
    assert [one.state for one in track.entered] == ["counted"] * 3
    assert {name: len(those) for name, those in track.by_strategy().items()} == {"s": 2, "t": 1}
    assert track.entered[0].forecast == content(0, "s", 0)


@pytest.mark.parametrize("gone", [0, 1, 2])
def test_a_forecast_that_is_left_out_is_missed(gone: int) -> None:
    """Any forecast but the last leaves a gap; that one is missed by the count."""
    those = three()
    del those[gone]
    code = "quant.cut" if gone == 2 else "quant.gap"
    with raises_code(code, VerificationError):
        follow([*said_of(those), cut(3, {"s": 2, "t": 1})], bounds_of(*those), LATER_MS, whole=True)


def test_a_whole_strategy_that_is_left_out_is_missed() -> None:
    """Showing only the winner leaves gaps among all forecasts, however many there were."""
    those = [one for one in three() if one.forecast.strategy == "s"]
    with raises_code("quant.gap", VerificationError):
        followed(*those)


def test_the_end_cannot_be_cut_off() -> None:
    """Without a count after the last forecast, a record is not known to be whole."""
    those = three()
    bounds = bounds_of(*those)
    for counts in ([], [cut(3, {"s": 2, "t": 1}, index=12)], [cut(2, {"s": 1, "t": 1}, index=25)]):
        with raises_code("quant.cut", VerificationError):
            follow([*said_of(those), *counts], bounds, LATER_MS, whole=True)
    whole = follow([*said_of(those), cut(3, {"s": 2, "t": 1})], bounds, LATER_MS, whole=True)
    assert whole.cut == 3


def test_two_forecasts_in_one_place_are_refused() -> None:
    """Who commits to up and to down under one number is caught when both are seen."""
    first = told(content(0, expected=("0.01",)))
    other = told(content(0, expected=("-0.01",)), index=17)
    with raises_code("quant.twice", VerificationError):
        followed(first, other)
    same_number = told(content(1, "s", 0), index=17)
    with raises_code("quant.twice", VerificationError):
        followed(first, same_number)


def test_another_value_does_not_open_it() -> None:
    """Revealing what came true in place of what was committed is a miss, and says so."""
    one = told(content(expected=("-0.01",)))
    data = format_forecast(content(expected=("0.01",)))
    track = followed(with_reveal(one, forecast=data.decode()))
    assert track.entered[0].state == "missed"
    assert "another forecast" in track.entered[0].why
    salted = followed(with_reveal(one, salt="00" * 32))
    assert salted.entered[0].state == "missed"


def test_a_second_reveal_that_fits_counts() -> None:
    """A wrong reveal does not spoil a right one: nobody can void another's forecast."""
    one = told(content())
    assert isinstance(one.reveal.said, Reveal)
    noise = msgspec.structs.replace(one.reveal.said, salt="00" * 32)
    said = [one.commitment, Said(12, "0" * 64, noise), one.reveal]
    track = follow(said, bounds_of(one), LATER_MS)
    assert track.entered[0].state == "counted"


def test_what_was_made_for_another_place_does_not_count() -> None:
    """A commitment copied from elsewhere opens to a forecast of that place, and is a miss."""
    for other in (
        content(0, issuer="urn:example:author"),
        content(0, "other", 0),
        content(0, "s", 4),
        content(7, "s", 0),
    ):
        copied = told(other)
        assert isinstance(copied.commitment.said, Commitment)
        said = msgspec.structs.replace(
            copied.commitment.said,
            issuer="urn:example:fund", source="forecasts/s", number=0, serial=0,
        )  # fmt: skip
        track = followed(replace(copied, commitment=replace(copied.commitment, said=said)))
        assert track.entered[0].state == "missed"
        assert "another place" in track.entered[0].why


def test_public_times_and_counts_are_those_of_the_forecast() -> None:
    """A commitment that told another time, or another count, than it hides is a miss."""
    one = told(content())
    assert isinstance(one.commitment.said, Commitment)
    for change in (
        {"starts_ms": moment("2030-01-20")},
        {"ends_ms": moment("2030-02-03")},
        {"targets": 2},
    ):
        said = msgspec.structs.replace(one.commitment.said, **change)
        track = followed(replace(one, commitment=replace(one.commitment, said=said)))
        assert track.entered[0].state == "missed"


def test_a_salt_is_used_once() -> None:
    """A salt that an earlier reveal has shown hides nothing: the second forecast does not count."""
    those = [told(content(at), salt=bytes(range(32))) for at in range(2)]
    track = followed(*those)
    assert [one.state for one in track.entered] == ["counted", "missed"]
    assert "salt" in track.entered[1].why


def test_a_late_commitment_is_a_miss_and_says_why() -> None:
    """What others saw only after it began may have been made with the outcome in hand."""
    one = told(content())
    for bound, words in (
        (Bound(moment("2030-01-02") + 1, ("w1",)), "it began at"),
        (None, "nobody but its issuer"),
    ):
        track = follow([one.commitment, one.reveal], {one.commitment.leaf: bound}, LATER_MS)
        assert track.entered[0].state == "missed"
        assert words in track.entered[0].why
    just = {one.commitment.leaf: Bound(moment("2030-01-02"), ("w1",))}
    assert follow([one.commitment, one.reveal], just, LATER_MS).entered[0].state == "counted"


def test_what_is_not_revealed_is_a_miss_when_it_is_due() -> None:
    """Until it is to be revealed it is pending; afterwards its silence counts against it."""
    one = told(content())
    due = moment("2030-02-01") + 7 * 86_400_000
    for now, state in ((due - 1, "pending"), (due, "missed")):
        track = follow([one.commitment], bounds_of(one), now)
        assert track.entered[0].state == state
    early = follow([one.commitment, one.reveal], bounds_of(one), moment("2030-01-15"))
    assert early.entered[0].state == "pending"


@given(st.lists(st.sampled_from("st"), min_size=1, max_size=7), st.data())
def test_whatever_is_left_out_shows(names: list[str], data: st.DataObject) -> None:
    """Any set of statements but the honest whole is refused, or counts for less, never for more."""
    numbers: dict[str, int] = {}
    those = []
    for serial, name in enumerate(names):
        those.append(told(content(serial, name, numbers.get(name, 0))))
        numbers[name] = numbers.get(name, 0) + 1
    whole = [*said_of(those), cut(len(those), numbers)]
    kept = [one for one in whole if data.draw(st.booleans())]
    bounds = {leaf: bound for leaf, bound in bounds_of(*those).items() if data.draw(st.booleans())}
    commitments = [one for one in kept if isinstance(one.said, Commitment)]
    try:
        track = follow(kept, bounds, LATER_MS, whole=True)
    except VerificationError:
        assert len(commitments) < len(those) or kept[-1] is not whole[-1]
        return
    assert len(track.entered) == len(those)
    for one, honest in zip(track.entered, those, strict=True):
        counts = honest.reveal in kept and honest.commitment.leaf in bounds
        assert one.state == ("counted" if counts else "missed")
