"""Average precision is what the field means by it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.errors import InputError
from counterfoil.learn import average_precision


def test_known_rankings() -> None:
    """Perfect is 1, the worst is what is left, and equal scores are one step."""
    assert average_precision([3, 2, 1], [True, True, False]) == 1
    assert average_precision([1, 2, 3, 4], [True, False, False, False]) == 0.25
    assert average_precision([5, 5, 5, 5], [True, False, False, True]) == 0.5
    assert average_precision([0.9, 0.8, 0.7, 0.6], [True, False, True, False]) == (1 + 2 / 3) / 2


@given(st.lists(st.tuples(st.integers(0, 9), st.booleans()), min_size=1, max_size=40))
def test_the_order_of_equals_does_not_matter(pairs: list[tuple[int, bool]]) -> None:
    """However the events are listed the figure is the same, between chance's least and 1."""
    if not any(label for _, label in pairs):
        pairs.append((5, True))
    scores, labels = [score for score, _ in pairs], [label for _, label in pairs]
    found = average_precision(scores, labels)
    backwards = average_precision(scores[::-1], labels[::-1])
    assert 0 < found <= 1
    assert found == pytest.approx(backwards)


@pytest.mark.parametrize(("scores", "labels"), [([], []), ([1.0], [False]), ([1.0, 2.0], [True])])
def test_nothing_to_find_is_refused(scores: list[float], labels: list[bool]) -> None:
    """Without a positive, or with a label too few, there is no such figure."""
    with pytest.raises(InputError) as caught:
        average_precision(scores, labels)
    assert caught.value.code == "learn.labels"
