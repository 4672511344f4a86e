"""Put an issuer's forecasts together: which count, which do not and why, and what is missing.

From statements and their bounds in time alone, so that a ledger and a bundle are judged alike. A
forecast that is due and does not count is a miss, whatever the reason: whoever could make it vanish
by losing its proof would lose those that went wrong. This module refuses a series with a gap, or
with two forecasts in one place.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from counterfoil.apps.quant.book import Said
from counterfoil.apps.quant.bound import Bound
from counterfoil.apps.quant.forecasts import Forecast, digest_of, moment, parse_forecast
from counterfoil.apps.quant.records import SOURCE, Commitment, Cut, Reveal
from counterfoil.errors import InputError, VerificationError

__all__ = ["Entered", "State", "Track", "follow", "strategy_of"]

State = Literal["counted", "pending", "missed"]


@dataclass(frozen=True, slots=True)
class Entered:
    """One forecast. why: it does not count, or what it waits for; empty where it counts.

    forecast: what was committed; None where it was not revealed, or not as it was committed.
    """

    strategy: str
    number: int
    serial: int
    index: int
    leaf: str
    said: Commitment
    state: State
    why: str
    bound: Bound | None
    forecast: Forecast | None

    @property
    def targets(self) -> int:
        """Count what is forecast."""
        return self.said.targets


@dataclass(frozen=True, slots=True)
class Track:
    """All forecasts of an issuer in a log, in the order of their serials; each once.

    cut: how many there were where it was last counted; None where it never was.
    """

    entered: tuple[Entered, ...]
    cut: int | None

    def by_strategy(self) -> dict[str, tuple[Entered, ...]]:
        """Part them by strategy, in the order in which the strategies began."""
        found: dict[str, list[Entered]] = {}
        for one in self.entered:
            found.setdefault(one.strategy, []).append(one)
        return {name: tuple(those) for name, those in found.items()}


def follow(
    statements: Iterable[Said],
    bounds: Mapping[str, Bound | None],
    now_ms: int,
    *,
    whole: bool = False,
) -> Track:
    """Put an issuer's statements together. All are known to stand in one log, and by whom.

    bounds: leaf hash of a commitment -> by when it was there. now_ms: what is due is due by then.
    whole: a cut has to show that none is left out. Raises VerificationError with code quant.gap,
    quant.twice or quant.cut.
    """
    commitments: list[tuple[Said, Commitment]] = []
    reveals: dict[str, list[tuple[Said, Reveal]]] = {}
    cuts: list[tuple[Said, Cut]] = []
    for one in statements:
        if isinstance(one.said, Commitment):
            commitments.append((one, one.said))
        elif isinstance(one.said, Reveal):
            reveals.setdefault(one.said.commitment.leaf or "", []).append((one, one.said))
        else:
            cuts.append((one, one.said))
    commitments.sort(key=lambda pair: pair[1].serial)
    _check_places([said for _, said in commitments])
    _check_cuts(commitments, cuts, whole=whole)
    salts: dict[str, int] = {}
    entered = []
    for place, said in commitments:
        opened, why = _opened(said, reveals.get(place.leaf, ()), salts)
        entered.append(_entered(place, said, opened, why, bounds.get(place.leaf), now_ms))
    return Track(tuple(entered), max((cut.serial for _, cut in cuts), default=None))


def strategy_of(said: Commitment) -> str:
    """Name the strategy of a commitment."""
    return said.source.removeprefix(SOURCE)


def _check_places(said: Sequence[Commitment]) -> None:
    """Check that serials, and numbers in each strategy, begin at 0 and have no gap."""
    numbers: dict[str, int] = {}
    for expected, one in enumerate(said):
        _check_place("serial", one.serial, expected, "all forecasts")
        strategy = strategy_of(one)
        _check_place("number", one.number, numbers.get(strategy, 0), strategy)
        numbers[strategy] = one.number + 1


def _check_place(what: str, found: int, expected: int, where: str) -> None:
    if found < expected:
        raise VerificationError(
            "quant.twice",
            f"expected each {what} of {where[:64]!a} once, found {found} twice",
            hint="Two forecasts were committed in one place, so that one could be shown: keep "
            "both, they are proof of it.",
        )
    if found > expected:
        raise VerificationError(
            "quant.gap",
            f"expected the {what} {expected} of {where[:64]!a}, found {found}",
            hint="A forecast was left out: ask for it.",
        )


def _check_cuts(
    commitments: Sequence[tuple[Said, Commitment]],
    cuts: Sequence[tuple[Said, Cut]],
    *,
    whole: bool,
) -> None:
    """Check that as many forecasts stand before each cut as it says, and one stands at the end."""
    for at, cut in cuts:
        before = [said for place, said in commitments if place.index < at.index]
        found = dict(Counter(strategy_of(said) for said in before))
        if len(before) != cut.serial or found != cut.strategies:
            raise VerificationError(
                "quant.cut",
                f"expected {cut.serial} forecasts of {len(cut.strategies)} strategies before entry "
                f"{at.index}, found {len(before)} of {len(found)}",
                hint="Forecasts were left out: ask for them.",
            )
    last = max((at.index for at, _ in cuts), default=-1)
    late = [place.index for place, _ in commitments if place.index > last]
    if whole and (last < 0 or late):
        raise VerificationError(
            "quant.cut",
            "expected a count of all forecasts after the last one, found none",
            hint="`counterfoil quant bundle` records one.",
        )


def _opened(
    said: Commitment,
    reveals: Sequence[tuple[Said, Reveal]],
    salts: dict[str, int],
) -> tuple[Forecast | None, str]:
    """Open a commitment by the first reveal that fits; else say why it stays closed."""
    why = ""
    for _, reveal in sorted(reveals, key=lambda pair: pair[0].index):
        data = reveal.forecast.encode("utf-8", "surrogatepass")
        if digest_of(bytes.fromhex(reveal.salt), data) != said.digest:
            why = "another forecast was revealed than was committed"
            continue
        try:
            found = parse_forecast(data)
        except InputError as err:
            return None, f"what was committed is no forecast: {err.message}"
        other = _elsewhere(said, found)
        if other:
            return None, other
        first = salts.setdefault(reveal.salt, said.serial)
        if first != said.serial:
            return None, f"its salt is that of serial {first}: it was open to guesses"
        return found, ""
    return None, why


def _elsewhere(said: Commitment, found: Forecast) -> str:
    """Say what of an opened forecast does not fit the commitment; nothing where all does."""
    place = (found.issuer, found.strategy, found.number, found.serial)
    if place != (said.issuer, strategy_of(said), said.number, said.serial):
        return f"it was made for another place: {found.strategy[:64]} {found.number}"
    if (moment(found.entry), moment(found.exit)) != (said.starts_ms, said.ends_ms):
        return f"it is for {found.entry} to {found.exit}, and not for the time that was committed"
    if len(found.forecasts) != said.targets:
        return f"it forecasts {len(found.forecasts)} things, and not {said.targets}"
    return ""


def _entered(
    place: Said,
    said: Commitment,
    forecast: Forecast | None,
    why: str,
    bound: Bound | None,
    now_ms: int,
) -> Entered:
    state: State = "counted"
    if bound is None:
        state, why = "missed", "nobody but its issuer says when it was committed"
    elif bound.time_ms > said.starts_ms:
        state = "missed"
        why = f"proven from {_time(bound.time_ms)} only, and it began at {_time(said.starts_ms)}"
    elif forecast is None and (why or now_ms >= said.reveal_by_ms):
        state, why = "missed", why or "it was not revealed in time"
    elif forecast is None:
        state, why = "pending", "it is not revealed yet"
    elif now_ms < said.ends_ms:
        state, why = "pending", "its time is not over"
    return Entered(
        strategy_of(said), said.number, said.serial, place.index, place.leaf, said, state, why,
        bound, forecast,
    )  # fmt: skip


def _time(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
