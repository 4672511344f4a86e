"""Several models of one stream as one detector: their ranks are averaged, and news is told.

Each model's number becomes a rarity among its own earlier ones (`tail`), in powers of ten; the
mean of these is ranked once more, since a mean of ranks is none. What goes on is not said again
(`news`). The score is the rarity on a fixed scale:

    score = decades / 8

so that 0.5 says: one value in 10,000 is as odd, and 0.375: one in 1000. No label was used, and
nothing is fitted to a series but by the series itself.

This module refuses values that are not finite: whoever reads a file says what becomes of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import isfinite
from typing import Final

import msgspec

from counterfoil.errors import InputError
from counterfoil.learn.anomaly.member import Member
from counterfoil.learn.anomaly.news import News
from counterfoil.learn.anomaly.tail import DECADES_MAX, Tail, TailState

__all__ = ["Ensemble"]

_MODEL: Final = "stream-ensemble/1"
_FAR: Final = 1e150  # further away is as far: squares stay finite


class _Voice(msgspec.Struct):
    model: msgspec.Raw
    tail: TailState


class _State(msgspec.Struct):
    model: str
    seen: int
    news: News
    voices: dict[str, _Voice]


class Ensemble:
    """A detector made of members, by name. repeat: tell what goes on as loudly as what is new."""

    def __init__(
        self, members: Mapping[str, Callable[[], Member]], *, repeat: bool = False
    ) -> None:
        self._members = {name: make() for name, make in members.items()}
        self._tails = {name: Tail() for name in members}
        self._news = News()
        self._repeat = repeat
        self._seen = 0

    @property
    def seen(self) -> int:
        """How many values it learned from."""
        return self._seen

    def score(self, value: float, at: float | None = None) -> float:
        """Say how abnormal a value is, 0 to 1, by those before it; then learn it.

        Raises InputError with code learn.value for one that is not finite.
        """
        if not isfinite(value):
            raise InputError(
                "learn.value",
                f"expected a finite number, found {value}",
                hint="Leave out what was not measured.",
            )
        self._seen += 1
        value = max(-_FAR, min(_FAR, value))
        rare = [
            found
            for name, member in self._members.items()
            if (found := self._rarity(name, member, value, at)) is not None
        ]
        loud = sum(rare) / len(rare) if rare else 0.0
        if not self._repeat:
            loud = self._news.of(loud)
        return loud / DECADES_MAX

    def _rarity(self, name: str, member: Member, value: float, at: float | None) -> float | None:
        odd = member.odd(value, at)
        if odd is None:
            return None
        tail = self._tails[name]
        decades = tail.decades(odd)
        tail.add(odd)
        return decades

    def to_bytes(self) -> bytes:
        """Write the detector as JSON; `restore` goes on from there."""
        voices = {
            name: _Voice(member.state(), self._tails[name].state())
            for name, member in self._members.items()
        }
        return msgspec.json.encode(_State(_MODEL, self._seen, self._news, voices))

    def restore(self, data: bytes) -> None:
        """Go on where `to_bytes` was, with the same members.

        Raises InputError with code learn.model; the detector is unchanged then.
        """
        try:
            state = msgspec.json.decode(data, type=_State)
            if state.model != _MODEL or state.voices.keys() != self._members.keys():
                raise ValueError(f"it is of the kind {state.model[:80]!a} with {[*state.voices]}")
            for name, voice in state.voices.items():
                self._members[name].restore(voice.model)
        except (msgspec.MsgspecError, UnicodeDecodeError, ValueError) as err:
            raise InputError(
                "learn.model",
                f"expected a saved {_MODEL} with {[*self._members]}, but: {err}",
                hint="Bring it back from a copy, or learn anew from the stream.",
            ) from err
        self._tails = {name: Tail(voice.tail) for name, voice in state.voices.items()}
        self._news, self._seen = state.news, state.seen
