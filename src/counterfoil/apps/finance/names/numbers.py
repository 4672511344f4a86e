"""Find the numbers in the name of an organisation or ship: digits, words and Roman numbers.

`Fund III` and `Fund IV` look nearly alike and are two. This module refuses numbers within words
other than at their end.
"""

from __future__ import annotations

import re
from typing import Final

from counterfoil.apps.finance.names.words import NUMERALS, ROMAN

__all__ = ["fold_numbers"]

_DIGITS: Final = re.compile(r"(\d{1,15})(?:st|nd|rd|th|er|e)?")
_TAIL: Final = re.compile(r"([a-z]+)(\d{1,9})")
_CENTURY: Final = 100


def fold_numbers(words: list[str]) -> tuple[list[str], list[int]]:
    """Take numbers out of the words of a name; what is left, and the numbers in order.

    A Roman number is one where it is not the first word.

    >>> fold_numbers(["brigade", "forty", "four"]), fold_numbers(["fund", "iv"])
    ((['brigade'], [44]), (['fund'], [4]))
    """
    left: list[str] = []
    numbers: list[int] = []
    ten = False  # the last number was a word for tens: a word for units is added to it
    for at, word in enumerate(words):
        number, rest = _number(word, at)
        if number is None:
            left.append(word)
            ten = False
            continue
        if rest:
            left.append(rest)
        if ten and 0 < number < 10:
            numbers[-1] += number
            ten = False
            continue
        numbers.append(number)
        ten = word in NUMERALS and 20 <= number < _CENTURY and number % 10 == 0
    return left, numbers


def _number(word: str, at: int) -> tuple[int | None, str]:
    if found := _DIGITS.fullmatch(word):
        return int(found[1]), ""
    if word in NUMERALS:
        return NUMERALS[word], ""
    if at and word in ROMAN:
        return ROMAN[word], ""
    if found := _TAIL.fullmatch(word):
        return int(found[2]), found[1]
    return None, ""
