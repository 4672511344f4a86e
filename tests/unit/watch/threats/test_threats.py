"""Each simulated attack is seen by its watcher, and quiet days are quiet."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from counterfoil.ports.watchers import Noticed
from counterfoil.testing.attacks import ATTACKS
from counterfoil.testing.traffic import Sent, SimulatedLog, decision, training_data
from counterfoil.watch import LogFeed, choose
from counterfoil.watch.threats.new_place import place_of
from tests.simulated import DAYS, START_MS, attacked, past, said_of

HOUR = 3_600_000
NAMES = sorted({name for name, _ in ATTACKS.values()})


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_is_seen(attack: str) -> None:
    """The watcher that is for it raises an alert while the attack goes on, and names an entry."""
    name = ATTACKS[attack][0]
    log, began = attacked(attack)
    told = said_of(name, log, counted_from=began)
    assert told, f"{name} did not see: {attack}"
    assert told[0].said["kind"] == name
    assert told[0].place >= began
    shown = [one["index"] for one in told[0].said["evidence"]]
    assert shown
    assert max(shown) <= told[0].place


@pytest.mark.parametrize("name", NAMES)
def test_quiet_days_are_quiet(name: str) -> None:
    """Over the last two of three quiet weeks a watcher keeps to its alarm a week, or nearly."""
    log = past()
    week = next(
        i for i, (_, at) in enumerate(log.times) if at >= START_MS + (DAYS - 15) * 24 * HOUR
    )
    assert len(said_of(name, log, counted_from=log.times[week][0])) <= 4


@pytest.mark.parametrize("name", NAMES)
def test_a_state_that_was_saved_goes_on_alike(name: str) -> None:
    """Saved as JSON and read back at any place, a watcher says what it would have said."""
    log, _ = attacked(next(a for a, (n, _) in ATTACKS.items() if n == name))
    kind, feed = choose(name).kind, LogFeed(log)
    feed.poll()
    events = [step.event for step in feed.steps(None, 6000)]
    watcher = choose(name).make()
    whole, parts = watcher.start(), watcher.start()
    said: tuple[list[Noticed], list[Noticed]] = ([], [])
    for at, event in enumerate(events):
        whole, found = watcher.see(whole, event)
        said[0].extend(found)
        if at % 1500 == 700:
            parts = msgspec.json.decode(msgspec.json.encode(parts), type=kind.state)
        parts, found = watcher.see(parts, event)
        said[1].extend(found)
    assert said[0] == said[1]
    assert msgspec.json.encode(whole) == msgspec.json.encode(parts)


def entries_of(*sent: Sent) -> list[Any]:
    """Give statements as watchers see them."""
    log = SimulatedLog()
    log.append(sent)
    feed = LogFeed(log)
    feed.poll()
    return [step.event for step in feed.steps(None, 100_000)]


def saw(name: str, *sent: Sent, **settings: str) -> list[Noticed]:
    """Run a watcher over a few statements."""
    watcher = choose(name, settings).make()
    state = watcher.start()
    said: list[Noticed] = []
    for event in entries_of(*sent):
        state, found = watcher.see(state, event)
        said += found
    return said


def at(hours: float, **more: Any) -> Sent:
    """Make a statement that comes so many hours after the start."""
    ms = START_MS + int(hours * HOUR)
    given = {"key": "k", "kind": "record", "said": {"a": 1}, "source": "api:k", **more}
    return Sent(ms, given.pop("claimed", ms), **given)


def test_a_place_is_what_a_log_knows_of_it() -> None:
    """Digits and digests are no part of a place; a machine and a principal are."""
    same = [at(n, source=f"sha256:{n:064x}") for n in range(3)]
    assert {place_of(entry) for entry in entries_of(*same)} == {"series sha*:*"}
    two = [at(0, kind="decision", said=decision(0.5, name)) for name in ("m-1", "m-2")]
    assert len({place_of(entry) for entry in entries_of(*two)}) == 2


def test_a_key_that_often_comes_from_elsewhere_is_not_odd_for_it() -> None:
    """After a hundred new places in three weeks the next one is no news; for another key it is."""
    wanders = [
        at(5 * n, key="w", source=f"host {chr(97 + n % 26)}{n // 26 * 'x'}") for n in range(100)
    ]
    stays = [at(5 * n + 1, key="s", source="desk") for n in range(100)]
    said = saw("new-place", *wanders, *stays, at(600, key="w", source="host zz"))
    assert not any(one.evidence[0].index == 200 for one in said)
    said = saw("new-place", *wanders, *stays, at(600, key="s", source="elsewhere"))
    assert [one.group for one in said if one.evidence[0].index == 200]


def test_a_claimed_hour_does_not_hide_the_hour() -> None:
    """Who signs at night and claims noon is seen at night."""
    days = [at(24 * d + h) for d in range(4) for h in range(8, 18)]
    weeks = [*days, *(at(24 * d + h) for d in range(7, 26) if d % 7 < 5 for h in range(8, 18))]
    night = 24 * 28 + 3
    said = saw("odd-hours", *weeks, at(night, claimed=START_MS + (24 * 28 - 12) * HOUR))
    assert len(said) == 1


def test_a_future_date_is_seen_too() -> None:
    """An entry that claims to be of tomorrow is as odd as one of last week."""
    hours = [at(n) for n in range(200)]
    (said,) = saw("back-dated", *hours, at(201, claimed=START_MS + 240 * HOUR))
    assert "ahead" in said.title
    assert saw("back-dated", *hours, at(201, claimed=START_MS + 201 * HOUR - 60_000)) == []


def _versions(*columns: tuple[int, str | None, tuple[str, ...]]) -> list[Sent]:
    made = []
    for at_hour, (week, version, changed) in enumerate(columns):
        said = training_data(week, 500, changed)
        if version is not None:
            said["version"] = version
        made.append(at(at_hour, kind="dataset", said=said))
    return made


@pytest.mark.parametrize(
    ("columns", "alarms"),
    [
        ([(0, None, ()), (0, None, ("label",))], 1),
        ([(0, None, ()), (0, None, ("label", "age"))], 0),
        ([(0, None, ()), (1, None, ())], 0),
        ([(0, "1", ()), (1, "1", ())], 1),
        ([(0, "1", ()), (1, "2", ())], 0),
        ([(0, "1", ()), (0, "1", ())], 0),
    ],
)
def test_versions_of_data_are_compared(
    columns: list[tuple[int, str | None, tuple[str, ...]]], alarms: int
) -> None:
    """One column alone that changed, and a version with another digest, are told; else nothing."""
    assert len(saw("poisoning", *_versions(*columns))) == alarms


def test_a_salt_is_no_other_content() -> None:
    """The same version recorded twice under two salts has two digests, and is not replaced."""
    sent = _versions((0, "1", ()), (1, "1", ()))
    for one in sent:
        one.said["fingerprint"]["salted"] = True
    assert saw("poisoning", *sent) == []


def check_of(passed: bool, noise: float, name: str = "label-noise/1") -> dict[str, Any]:
    measured = {"name": name, "value": str(noise), "rows": 4000}
    item = {"name": name, "passed": passed, "measured": measured}
    about = {"digest": "ab" * 32, "name": "loans"}
    return {"check": "poisoning", "about": about, "passed": passed, "items": [item]}


@pytest.mark.parametrize(
    ("second", "alarms"),
    [
        (check_of(passed=True, noise=0.021), 0),
        (check_of(passed=True, noise=0.05), 1),
        (check_of(passed=False, noise=0.2), 1),
        ({**check_of(passed=True, noise=0.5), "check": "quality"}, 0),
        ({"check": "poisoning", "items": [{"measured": {"value": "x", "rows": 1}}, 3]}, 0),
    ],
)
def test_checks_are_compared(second: dict[str, Any], alarms: int) -> None:
    """A check that fails and a share that rose by more than chance are told, once a check."""
    first = at(0, kind="check", said=check_of(passed=True, noise=0.02))
    assert len(saw("poisoning", first, at(1, kind="check", said=second))) == alarms


@pytest.mark.parametrize(
    "said",
    [
        {"model": "credit", "score": "0.5"},
        {"model": {"name": "credit"}, "score": "much"},
        {"model": {"name": "credit"}, "score": "0.5", "by": "person"},
        {"model": {}, "score": "0.5"},
        {"model": {"name": "credit"}},
    ],
)
def test_what_is_no_score_of_a_model_is_left_out(said: dict[str, Any]) -> None:
    """Decisions of people, and those without a score, move nothing."""
    watcher = choose("model-drift").make()
    state = watcher.start()
    for event in entries_of(at(0, kind="decision", said=said)):
        state, found = watcher.see(state, event)
        assert not found
    assert state.models == {}


@pytest.mark.parametrize("name", NAMES)
def test_any_bytes_are_survived(name: str) -> None:
    """Entries that nobody can read, and predicates of odd shapes, stop no watcher."""
    odd: list[dict[str, Any]] = [
        {},
        {"fingerprint": 3, "name": None, "version": []},
        {"fingerprint": {"columns": [1, {"name": 2}], "rows": "x"}},
        {"about": [], "check": "poisoning", "passed": False, "items": [None, {}, {"name": 1}]},
        {"runtime": [], "model": 7, "score": 1e400},
    ]
    kinds = ("record", "dataset", "check", "decision", "alert")
    sent = [
        at(n, kind=kind, said=said)
        for n, (kind, said) in enumerate((k, o) for k in kinds for o in odd)
    ]
    log = SimulatedLog()
    log.append(sent)
    log.data.insert(3, b"\xd2")
    feed = LogFeed(log)
    feed.poll()
    watcher = choose(name).make()
    state = watcher.start()
    for step in feed.steps(None, 1000):
        state, _ = watcher.see(state, step.event)
