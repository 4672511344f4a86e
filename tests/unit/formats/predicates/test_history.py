"""A log's end and its two stories are stated within bounds."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from counterfoil.formats.predicates import Equivocation, LogFrozen
from tests.predicate_samples import HEADER, SAMPLES

CASES: list[tuple[type[Any], dict[str, Any]]] = [
    (LogFrozen, {"size": -1}), (LogFrozen, {"root": "0f"}), (LogFrozen, {"origin": ""}),
    (LogFrozen, {"successor": ""}), (LogFrozen, {"checkpoint": ""}),
    (LogFrozen, {"why": "a" * 1001}),
    (LogFrozen, {"checkpoint": "a" * 16385}), (Equivocation, {"first": ""}),
    (Equivocation, {"second": "a" * 16385}), (Equivocation, {"vkey": ""}),
    (Equivocation, {"fork": {}}), (Equivocation, {"fork": {"index": 1}}),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "change"), CASES, ids=range(len(CASES)))
def test_refused(kind: type[Any], change: dict[str, Any]) -> None:
    """Texts, sizes and hashes out of range are refused; the sample itself is read."""
    whole = HEADER | SAMPLES[kind]
    msgspec.json.decode(msgspec.json.encode(whole), type=kind)
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(msgspec.json.encode(whole | change), type=kind)


def test_a_fork_has_at_most_63_hashes_a_side() -> None:
    """A path longer than any tree is high is refused."""
    hashes = ["0f" * 32] * 64
    fork = {
        "index": 0, "first_leaf": hashes[0], "first_path": hashes,
        "second_leaf": hashes[0], "second_path": [],
    }  # fmt: skip
    whole = HEADER | SAMPLES[Equivocation] | {"fork": fork}
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(msgspec.json.encode(whole), type=Equivocation)
