"""What must hold at the end of a simulated year, seen from outside, by who knows everything."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from counterfoil.errors import CounterfoilError
from counterfoil.formats import evidence as evidences
from counterfoil.formats.checkpoint import Checkpoint
from counterfoil.proofs import equivocation
from counterfoil.proofs.verify import verify_receipt
from tests.organisation import Organisation
from tests.stories import Story, tree_of

__all__ = ["Stolen", "check_promises"]

State = tuple[Checkpoint, list[bytes]]
Stolen = tuple[Story, int, bytes, bytes]
"""A thief's entry: where it stands, its index, its bytes, and the revocation's."""


def check_promises(everybody: Sequence[Organisation], liars: int, stolen: Sequence[Stolen]) -> None:
    """Check every promise of the network; raises AssertionError with what broke."""
    honest = [one for one in everybody if not one.lying]
    networks = [one.network for one in honest if one.network is not None]
    assert 2 * liars < min(len(network.charter.members) for network in networks)
    _check_one_history(everybody)
    _check_forks_found(honest)
    _check_nothing_lost(honest)
    _check_receipts(honest, stolen)
    _check_thieves(stolen)


def _check_one_history(everybody: Iterable[Organisation]) -> None:
    """No two histories of one log both had the quorum of honest readers."""
    for origin, states in _by_origin(state for one in everybody for state in one.accepted):
        for (small, leaves), (large, more) in pairwise(states):
            same = more[: small.size] == leaves
            assert same, f"two histories of {origin}: {small.size} and {large.size}"


def _check_forks_found(honest: Sequence[Organisation]) -> None:
    """What honest parties were shown and excludes each other convicts the log's key."""
    for origin, states in _by_origin(state for one in honest for state in one.shown):
        if all(more[: len(leaves)] == leaves for (_, leaves), (_, more) in pairwise(states)):
            continue
        for one in honest:
            if one.network is None or not one.keys_of(origin):
                continue
            assert origin in one.evidence, f"{one.name} does not know that {origin} forked"
            proven = equivocation.verify(evidences.parse(one.evidence[origin]))
            assert proven.first.origin == origin


def _check_nothing_lost(honest: Sequence[Organisation]) -> None:
    """What was acknowledged, witnessed and mirrored is still there, at its place."""
    for origin, tree, leaves in (state for one in honest for state in one.accepted):
        held = [
            story.log.leaves(tree.size)
            for one in honest
            for story in (one.story, *one.old)
            if story.log.origin == origin
        ]
        held += [one.copies[origin].leaves(tree.size) for one in honest if origin in one.copies]
        assert leaves in held, f"{tree.size} entries of {origin} are lost"


def _check_receipts(honest: Iterable[Organisation], stolen: Sequence[Stolen]) -> None:
    """Every receipt that was ever given verifies under the policy of its time."""
    void = {(s.log.origin, at) for s, index, *_ in stolen for at in (index, index + 1)}
    for one in honest:
        for given in one.given:
            story = next(s for s in (one.story, *one.old) if s.log.origin == given.origin)
            policy = story.policy_at(given.size)
            assert policy == given.policy, f"another policy for size {given.size}"
            try:
                verify_receipt(given.receipt, policy)
            except CounterfoilError as err:
                place = (given.origin, given.receipt.record.index)
                assert err.code in ("key.ended", "key.void"), f"{place}: {err}"
                assert place in void, f"{place}: {err}"


def _check_thieves(stolen: Iterable[Stolen]) -> None:
    """What a stolen key signed from the stated index on is void in every later receipt."""
    for story, index, entry, revocation in stolen:
        held = story.log.entries
        if revocation not in held or held[index] != entry:
            continue  # they went with a rollback
        seen = 0 if story.vouched is None else tree_of(story.vouched).size
        policy = story.policy_at(seen)
        if not max(story.key_entries) < seen <= story.log.size or policy is None:
            continue  # nothing was published since
        receipt = story.log.receipt(index, story.vouched or b"", story.key_entries)
        code = ""
        try:
            verify_receipt(receipt, policy)
        except CounterfoilError as err:
            code = err.code
        assert code == "key.ended", f"entry {index} of {story.log.origin} is a thief's: {code}"


def _by_origin(
    states: Iterable[tuple[str, Checkpoint, list[bytes]]],
) -> list[tuple[str, list[State]]]:
    """Sort states by log, and those of a log by size."""
    found: dict[str, dict[tuple[int, bytes], State]] = {}
    for origin, tree, leaves in states:
        found.setdefault(origin, {})[tree.size, tree.root] = tree, leaves
    return [(origin, [of[key] for key in sorted(of)]) for origin, of in sorted(found.items())]
