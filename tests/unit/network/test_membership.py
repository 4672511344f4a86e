"""Who belongs follows from recorded charters alone, by one rule, in whatever order one reads."""

from __future__ import annotations

from itertools import permutations

from counterfoil.formats.predicates import Equivocation, LogFrozen, Organisation
from counterfoil.formats.vkey import format_vkey
from counterfoil.network.charter import Charter
from counterfoil.network.membership import LogEnd, Network
from tests.unit.network.houses import Logs, card_of, member_of, name_of, origin_of
from tests.world import SimLog, key_from

FOUR = Charter.founding(member_of(number) for number in range(4))
CARDS = [card_of(number) for number in range(5)]
JOINED = FOUR.with_member(member_of(4))
ROOT = "ab" * 32


def begun() -> Logs:
    """Give a network of four."""
    return Logs(Network(FOUR))


def test_a_change_takes_more_than_half_and_the_newcomer() -> None:
    """Three of four and the newcomer carry it, in whatever order their logs are read."""
    for order in permutations((0, 1, 2, 4)):
        logs = begun()
        changed = [logs.agree(origin_of(n), JOINED, *CARDS) for n in order]
        assert changed == [False, False, False, True], order
        assert logs.network.charter == JOINED
        assert logs.network.awaited == JOINED.digest


def test_half_is_not_enough_nor_a_majority_without_the_newcomer() -> None:
    """Two of four carry nothing, and three nothing for a newcomer that has not spoken."""
    logs = begun()
    for number in (0, 1, 4):
        logs.agree(origin_of(number), JOINED, *CARDS)
    assert logs.network.charter == FOUR
    assert logs.network.ready(JOINED)
    logs = begun()
    for number in range(4):
        logs.agree(origin_of(number), JOINED, *CARDS)
    assert logs.network.charter == FOUR
    assert not logs.network.ready(JOINED)
    assert logs.network.awaited == FOUR.digest, "a vote that only a newcomer lacks goes on"


def test_a_log_speaks_once() -> None:
    """A second charter of the same log changes nothing, also where it would be carried."""
    logs, leave = begun(), FOUR.without(name_of(3))
    logs.agree(origin_of(0), FOUR.without(name_of(2)), *CARDS)
    for number in (0, 1, 2):
        logs.agree(origin_of(number), leave, *CARDS)
    assert logs.network.charter == FOUR
    assert logs.network.voices()[leave] == (name_of(1), name_of(2))
    assert logs.agree(origin_of(3), leave, *CARDS)
    assert logs.network.charter == leave


def test_a_split_vote_is_over_and_named() -> None:
    """When all have spoken for different things, the next charter follows the failed vote."""
    logs = begun()
    for number in range(4):
        logs.agree(origin_of(number), FOUR.without(name_of(number % 2)), *CARDS)
    assert logs.network.charter == FOUR
    assert logs.network.awaited != FOUR.digest
    assert logs.network.voices() == {}
    again = FOUR.without(name_of(0), logs.network.awaited)
    carried = [logs.agree(origin_of(number), again, *CARDS) for number in range(3)]
    assert carried == [False, False, True]


def test_strangers_and_unproven_keys_have_no_voice() -> None:
    """A log of no member counts for nothing, nor does a voice before its parties."""
    logs, leave = begun(), FOUR.without(name_of(3))
    for number in (0, 1):
        logs.agree(origin_of(number), leave, *CARDS)
    logs.agree("stranger.example/1", leave, *CARDS)
    logs.agree(origin_of(2), leave)
    assert logs.network.charter == FOUR
    assert logs.network.voices()[leave] == (name_of(0), name_of(1))


def test_a_reader_may_begin_at_any_charter_that_it_trusts() -> None:
    """From a later charter on, with what was before it, the same rule goes on."""
    network = Network(FOUR, JOINED)
    assert (network.charter, network.awaited) == (JOINED, JOINED.digest)
    assert network.saw_birth(name_of(0), origin_of(0))
    assert not network.saw_birth(name_of(4), origin_of(0)), "it begins with what has a quorum"
    assert network.saw_birth(name_of(4), origin_of(4))
    assert not network.saw_birth(name_of(0), "stranger.example/1")
    policy = network.policy_for(origin_of(4))
    assert policy is not None
    assert policy.logs == member_of(4).logs
    assert network.policy_for("stranger.example/1") is None


def test_a_log_ends_by_its_own_word() -> None:
    """The entry that says so is its last; later ones are not taken up."""
    logs = begun()
    logs.say(origin_of(1), Organisation, organisation=name_of(1), name="One")
    end = {"origin": origin_of(1), "size": 1, "root": ROOT, "successor": "next.example/1"}
    assert logs.say(origin_of(1), LogFrozen, **end)
    assert logs.network.ended == {origin_of(1): LogEnd(2, "", "next.example/1")}
    assert logs.network.final_size(origin_of(1)) == 2
    assert logs.network.log_keys(origin_of(1)) is not None, "it is followed to its end"
    assert not logs.agree(origin_of(1), FOUR.without(name_of(2)), *CARDS)
    assert logs.network.voice(origin_of(1)) is None


def test_a_log_is_ended_by_more_than_half() -> None:
    """Members must state the same size and root; one member alone ends nobody's log."""
    logs = begun()
    end = {"origin": origin_of(3), "size": 9, "root": ROOT}
    assert not logs.say(origin_of(0), LogFrozen, **end)
    assert not logs.say(origin_of(1), LogFrozen, **{**end, "size": 8})
    assert not logs.say(origin_of(2), LogFrozen, **end)
    assert logs.network.final_size(origin_of(3)) is None
    assert logs.say(origin_of(3), LogFrozen, **end), "its own word counts at once"
    logs = begun()
    for number in (0, 1, 2):
        logs.say(origin_of(number), LogFrozen, **end)
    assert logs.network.ended[origin_of(3)] == LogEnd(9, ROOT)


def test_a_new_log_takes_the_place_of_one_that_ended() -> None:
    """The old one is followed to its end, the new one needs its own voice."""
    logs, moved = begun(), FOUR.with_member(member_of(3, log=1))
    cards = [*CARDS[:3], card_of(3, log=1)]
    end = {"origin": origin_of(3), "size": 9, "root": ROOT, "successor": origin_of(3, 1)}
    for number in (0, 1, 2):
        logs.say(origin_of(number), LogFrozen, **end)
        logs.agree(origin_of(number), moved, *cards)
    assert logs.network.charter == FOUR
    assert logs.agree(origin_of(3, 1), moved, *cards)
    assert logs.network.charter == moved
    assert logs.network.final_size(origin_of(3)) == 9
    assert logs.network.log_keys(origin_of(3)) == [FOUR.members[3].logs[0].key]


def test_evidence_convicts_without_a_vote() -> None:
    """Two histories end the witnessing of a member's log; forged evidence changes nothing."""
    key = key_from("unit 2", origin_of(2))
    one, two = SimLog(key, [b"a", b"b"]), SimLog(key, [b"a", b"c"])
    vkey = format_vkey(one.signer.public)
    said = {"origin": origin_of(2), "vkey": vkey, "first": one.note(2).decode()}
    logs = begun()
    assert not logs.say(origin_of(0), Equivocation, **said, second=one.note(2).decode())
    assert logs.network.log_keys(origin_of(2)) is not None
    assert logs.say(origin_of(0), Equivocation, **said, second=two.note(2).decode())
    assert logs.network.log_keys(origin_of(2)) is None
    assert not logs.say(origin_of(1), Equivocation, **said, second=two.note(2).decode())
    stranger = SimLog(key_from("x", origin_of(2)), [b"a"])
    said["vkey"] = format_vkey(stranger.signer.public)
    assert not logs.say(origin_of(1), Equivocation, **said, second=two.note(2).decode())
