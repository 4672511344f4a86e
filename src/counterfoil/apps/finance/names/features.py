"""Put two names beside each other as numbers, each of which means something to a reader.

Every feature is 0 for two names that are the same, apart from `evidence` and `organisation`, and
each but the latter speaks in one direction only: that is what makes an explanation out of a model's
weights. `FEATURES` documents them. This module refuses features of a pair's order: a pair scores as
its mirror image does.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import log2
from typing import Final

from rapidfuzz.distance import OSA

from counterfoil.apps.finance.names.aligning import Aligned, Alignment, align
from counterfoil.apps.finance.names.forms import WEAK_FORM
from counterfoil.apps.finance.names.parsing import ABJAD, SYLLABIC, Name, Part
from counterfoil.apps.finance.names.romanise import consonants
from counterfoil.apps.finance.names.sounds import edits, sound_edits

__all__ = [
    "FEATURES",
    "NAMES",
    "Compared",
    "Feature",
    "Rough",
    "compare",
    "finish",
    "least_of",
    "rough",
]


@dataclass(frozen=True, slots=True)
class Feature:
    """What a feature is.

    sign: -1 speaks against a match, 1 for it, 0 either. means: its value. least: log-odds that a
    unit of it costs or is worth at the least, set by judgement: where training pairs hardly show a
    difference, it still counts.
    """

    sign: int
    means: str
    least: float = 0.1


FEATURES: Final[dict[str, Feature]] = {
    "edit_1": Feature(-1, "a letter differs"),
    "edit_2": Feature(-1, "a second letter differs"),
    "edit_3": Feature(-1, "a third letter differs"),
    "edits_more": Feature(-1, "more than three letters differ: log2 of 1 + how many more"),
    "edit_share": Feature(-1, "letters that differ, of the letters of the shorter name"),
    "sounds": Feature(-1, "sounds that differ, after spellings of one sound are folded; at most 6"),
    "sound_share": Feature(-1, "sounds that differ, of the letters of the shorter name"),
    "worst_word": Feature(-1, "letters that differ in the least alike pair of words, as a share"),
    "first_letter": Feature(-1, "a pair of words begins with other letters"),
    "written": Feature(-1, "the words as written are others, before anything is folded"),
    "whole": Feature(-1, "how unlike the names are when written without spaces, 0 to 1"),
    "contradiction": Feature(-1, "share of words that each name has and the other lacks"),
    "contradicted": Feature(-1, "both names have a word of weight that the other lacks"),
    "extra": Feature(-1, "share of one name that the other lacks"),
    "extra_most": Feature(-1, "that share is beyond a half: 0 at 0.5, 1 at 0.75"),
    "extra_organisation": Feature(-1, "that share, of an organisation's name"),
    "initials": Feature(-1, "share of a name of which the other has only initials", least=2.0),
    "acronym": Feature(
        -1, "three words or more of which the other has the first letters", least=1.5
    ),
    "initial_differs": Feature(-1, "both have an initial or word that the other's is not"),
    "sister_names": Feature(
        -1, "short or sister forms of one name, such as Bill and William", least=0.5
    ),
    "joined": Feature(-1, "words written as one on one side", least=0.1),
    "reordered": Feature(-1, "words stand in another order"),
    "reordered_person": Feature(-1, "a person's words do, and no comma says why"),
    "patronymic": Feature(-1, "names of fathers differ"),
    "form_differs": Feature(-1, "legal forms of different classes"),
    "form_missing": Feature(-1, "a legal form on one side only"),
    "number_differs": Feature(-1, "both have a number that the other lacks", least=3.0),
    "number_missing": Feature(-1, "a number on one side only"),
    "script": Feature(-1, "written in different scripts", least=0.2),
    "unvowelled": Feature(-1, "one script leaves vowels unwritten: consonants were compared"),
    "organisation": Feature(0, "the name of an organisation or ship, not of a person"),
    "evidence": Feature(
        1, "how much of the names agrees: log2 of 1 + the weight of those words", least=0.4
    ),
}
"""Name -> what it is, in the order of a model's weights."""

NAMES: Final = tuple(FEATURES)

_SYLLABLE: Final = 3  # letters that a character of a syllabic script counts as
_CONSONANT: Final = 1.5
_SOUNDS_MAX: Final = 6.0
_HEARD: Final = 0.25  # of a letter that differs and sounds alike is forgiven
_WEIGHTY: Final = 0.8  # from here on a word's place in the name matters


@dataclass(frozen=True, slots=True)
class Compared:
    """Two names beside each other. values: as `NAMES` lists them. alignment: of their words."""

    values: tuple[float, ...]
    alignment: Alignment


@dataclass(frozen=True, slots=True)
class Rough:
    """What is known of two names once their words are paired, before the rest is looked at.

    one, other: in the order that makes a pair its mirror image's equal. mine, its: the words that
    were compared. spare: weight that either has alone. total: of all its words. letters, sounds:
    that differ. shorter: letters of the shorter name.
    """

    one: Name
    other: Name
    mine: tuple[Part, ...]
    its: tuple[Part, ...]
    unvowelled: bool
    alignment: Alignment
    spare: tuple[float, float]
    total: tuple[float, float]
    letters: float
    sounds: float
    shorter: float


def compare(one: Name, other: Name) -> Compared:
    """Compare two names that were read as of the same kind; neither is empty of words."""
    return finish(rough(one, other))


def rough(one: Name, other: Name) -> Rough:
    """Pair the words of two names, and count what differs."""
    if (other.joined, other.shown) < (one.joined, one.shown):
        one, other = other, one
    mine, its, unit, unvowelled = _sides(one, other)
    found = align(mine, its)
    counted = [(pair.edits, pair.sounds) for pair in found.pairs if pair.edits]
    left, right = _left(found.only_one), _left(found.only_other)
    if left and right:
        counted.append((edits(left, right), sound_edits(left, right)))
    letters = sum(spelt - _HEARD * max(0, spelt - heard) for spelt, heard in counted)
    sounds = sum(heard for _, heard in counted)
    shorter = max(1, min(_letters(mine), _letters(its)))
    return Rough(
        one=one,
        other=other,
        mine=mine,
        its=its,
        unvowelled=unvowelled,
        alignment=found,
        spare=(_weight(found.only_one), _weight(found.only_other)),
        total=(
            one.weight if mine is one.parts else _weight(mine),
            other.weight if its is other.parts else _weight(its),
        ),
        letters=unit * letters,
        sounds=unit * sounds,
        shorter=unit * shorter,
    )


def least_of(found: Rough) -> dict[str, float]:
    """Tell some features early: what two names differ in at the least, and the most that agrees."""
    organisation = float(found.one.kind != "person")
    return {
        **_spelt_apart(found),
        **_missing(found),
        "organisation": organisation,
        "evidence": log2(1 + min(found.one.weight, found.other.weight)),
    }


def finish(found: Rough) -> Compared:
    """Look at the rest."""
    one, other, pairs = found.one, found.other, found.alignment.pairs
    joined = "".join(part.text for part in found.mine), "".join(part.text for part in found.its)
    forms, numbers = _forms(one, other), _numbers(one, other)
    moved = _moved(pairs)
    free = one.kind == "person" and not one.comma and not other.comma
    share = [1 - spare / total for spare, total in zip(found.spare, found.total, strict=True)]
    agreed = min(share[0] * one.weight, share[1] * other.weight)
    hows = [pair.how for pair in pairs]
    values = {
        **_spelt_apart(found),
        **_missing(found),
        "sounds": min(found.sounds, _SOUNDS_MAX),
        "sound_share": min(1.0, found.sounds / found.shorter),
        "worst_word": max(map(_unlike, pairs), default=0.0),
        "first_letter": float(any(pair.one[0] != pair.other[0] for pair in _spelt(pairs))),
        "written": float(one.written != other.written),
        "whole": 1 - OSA.normalized_similarity(*joined),
        "initials": _initials(pairs, found.total) if "initial" in hows else 0.0,
        "acronym": float("acronym" in hows),
        "initial_differs": float(_initial_differs(found.alignment)),
        "sister_names": float(hows.count("sister")),
        "joined": float(hows.count("joined")),
        "reordered": float(moved),
        "reordered_person": float(moved and free),
        "patronymic": float(_both(found.alignment, "patronymic")),
        "form_differs": forms[0],
        "form_missing": forms[1],
        "number_differs": numbers[0],
        "number_missing": numbers[1],
        "script": float(one.script != other.script),
        "unvowelled": float(found.unvowelled),
        "organisation": float(one.kind != "person"),
        "evidence": log2(1 + agreed),
    }
    return Compared(tuple(values[name] for name in NAMES), found.alignment)


def _spelt_apart(found: Rough) -> dict[str, float]:
    letters = found.letters
    return {
        "edit_1": min(letters, 1.0),
        "edit_2": _within(letters - 1),
        "edit_3": _within(letters - 2),
        "edits_more": log2(1 + max(letters - 3, 0.0)),
        "edit_share": min(1.0, letters / found.shorter),
    }


def _missing(found: Rough) -> dict[str, float]:
    spare, total = found.spare, found.total
    extra = abs(spare[0] - spare[1]) / max(total)
    return {
        "contradiction": min(spare) / min(total),
        "contradicted": float(min(spare) > 0.5),
        "extra": extra,
        "extra_most": _within((extra - 0.5) * 4),
        "extra_organisation": extra if found.one.kind != "person" else 0.0,
    }


def _sides(one: Name, other: Name) -> tuple[tuple[Part, ...], tuple[Part, ...], float, bool]:
    """Choose what is compared: words as written, in Latin letters, or their consonants."""
    if one.script in SYLLABIC and one.script == other.script and one.native and other.native:
        return one.native, other.native, _SYLLABLE, False
    if (one.script in ABJAD) != (other.script in ABJAD):
        mine, its = _consonants(one.parts), _consonants(other.parts)
        if mine and its:
            return mine, its, _CONSONANT, True
    return one.parts, other.parts, 1, False


def _consonants(parts: tuple[Part, ...]) -> tuple[Part, ...]:
    found = ((consonants(part.text), part) for part in parts)
    return tuple(
        Part(text, "name" if part.role == "initial" else part.role, part.weight, text[0])
        for text, part in found
        if text
    )


def _left(parts: tuple[Part, ...]) -> str:
    return "".join(part.text for part in parts if part.role != "title")


def _weight(parts: tuple[Part, ...]) -> float:
    return sum(part.weight for part in parts)


def _letters(parts: tuple[Part, ...]) -> int:
    return sum(len(part.text) for part in parts)


def _within(value: float) -> float:
    return max(0.0, min(1.0, value))


def _spelt(pairs: tuple[Aligned, ...]) -> list[Aligned]:
    return [pair for pair in pairs if pair.how in ("alike", "joined")]


def _unlike(pair: Aligned) -> float:
    if pair.how not in ("alike", "joined"):
        return 0.0
    return pair.edits / max(len(pair.one), len(pair.other))


def _initials(pairs: tuple[Aligned, ...], total: tuple[float, float]) -> float:
    """Tell how much of a name the other has as initials only, 0 to 1."""
    cut = [pair for pair in pairs if pair.how == "initial"]
    return _within(
        sum(
            pair.weights[0] / total[0]
            if pair.weights[0] > pair.weights[1]
            else pair.weights[1] / total[1]
            for pair in cut
            if pair.weights[0] != pair.weights[1]
        )
    )


def _moved(pairs: tuple[Aligned, ...]) -> bool:
    places = [pair.to for pair in pairs if min(pair.weights) > _WEIGHTY]
    return any(before > after for before, after in pairwise(places))


def _both(found: Alignment, role: str) -> bool:
    return all(
        any(part.role == role for part in side) for side in (found.only_one, found.only_other)
    )


def _initial_differs(found: Alignment) -> bool:
    sides = found.only_one, found.only_other
    return all(sides) and any(part.role == "initial" for side in sides for part in side)


def _forms(one: Name, other: Name) -> tuple[float, float]:
    mine, its = one.forms - {WEAK_FORM}, other.forms - {WEAK_FORM}
    if mine and its:
        return float(not mine & its), 0.0
    return 0.0, float(mine != its)


def _numbers(one: Name, other: Name) -> tuple[float, float]:
    mine, its = list(one.numbers), list(other.numbers)
    for number in one.numbers:
        if number in its:
            mine.remove(number)
            its.remove(number)
    return float(bool(mine and its)), float(bool(mine) != bool(its))
