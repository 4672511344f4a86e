"""Say in words what two names have in common and in what they differ.

A reviewer reads this and not log-odds. Every sentence names the words it is about, as they were
read: in small Latin letters. This module refuses to weigh: the features do that.
"""

from __future__ import annotations

from typing import Final

from counterfoil.apps.finance.names.aligning import Aligned
from counterfoil.apps.finance.names.features import NAMES, Compared
from counterfoil.apps.finance.names.forms import WEAK_FORM
from counterfoil.apps.finance.names.parsing import Name, Part
from counterfoil.apps.finance.names.text import NAME_MAX, clean

__all__ = ["say_empty", "words_of"]

_SHOWN: Final = 60


def words_of(one: Name, other: Name, compared: Compared) -> tuple[str, ...]:
    """Say what differs, the words that decide most first, and at last what is the same."""
    values = dict(zip(NAMES, compared.values, strict=True))
    found = compared.alignment
    said = [_missing(found.only_one, found.only_other)]
    said += [_pair(pair) for pair in sorted(found.pairs, key=lambda pair: -pair.edits)]
    if values["number_differs"] or values["number_missing"]:
        said.append(f"numbers differ: {_numbers(one)} and {_numbers(other)}")
    if values["form_differs"]:
        said.append(f"legal forms differ: {_forms(one)} and {_forms(other)}")
    if values["form_missing"]:
        said.append("only one has a legal form")
    if values["reordered"]:
        said.append("words stand in another order")
    if values["patronymic"]:
        said.append("fathers' names differ")
    if values["unvowelled"]:
        said.append("one script leaves vowels unwritten: consonants were compared")
    elif values["script"]:
        said.append(f"written in different scripts: {one.script} and {other.script}")
    if one.cut or other.cut:
        said.append(f"a name is longer than {NAME_MAX} characters or 24 words: its end is not read")
    same = [pair.one for pair in found.pairs if pair.how == "same"]
    if same:
        whole = len(same) == len(found.pairs) and not (found.only_one or found.only_other)
        said.append(f"{'all words are' if whole else 'the same are'}: {_listed(same)}")
    return tuple(one for one in said if one)


def say_empty(one: str, other: str) -> str:
    """Say which name has nothing to compare."""
    empty = [text for text in (one, other) if not any(map(str.isalnum, clean(text)))]
    return "both names are empty" if len(empty) > 1 else "a name is empty or has no letters"


def _pair(pair: Aligned) -> str:
    both = f"“{pair.one[:_SHOWN]}” and “{pair.other[:_SHOWN]}”"
    if pair.how == "sister":
        return f"{both} are forms of one name"
    if pair.how in ("initial", "acronym"):
        return f"{both}: one is the other's first letters"
    if pair.how == "same":
        return ""
    joined = ", and are joined on one side" if pair.how == "joined" else ""
    if not pair.edits:
        return f"{both} are the same but for spaces"
    letters = "1 letter" if pair.edits == 1 else f"{pair.edits} letters"
    heard = ", but sound alike" if not pair.sounds else ""
    return f"{both} differ in {letters}{heard}{joined}"


def _missing(one: tuple[Part, ...], other: tuple[Part, ...]) -> str:
    mine, its = [part.text for part in one], [part.text for part in other]
    if mine and its:
        return f"{_listed(mine)} stands against {_listed(its)}"
    return f"{_listed(mine or its)} is in one name only" if mine or its else ""


def _listed(words: list[str]) -> str:
    text = " ".join(words)
    return f"“{text if len(text) <= _SHOWN else text[: _SHOWN - 1] + '…'}”"


def _numbers(name: Name) -> str:
    return " and ".join(map(str, name.numbers)) or "none"


def _forms(name: Name) -> str:
    return " and ".join(sorted(name.forms - {WEAK_FORM})) or "none"
