"""Forecasts in a real ledger, with a witness of somebody else: honest ones, and every cheat."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from counterfoil.apps.quant import book
from counterfoil.apps.quant.book import Said, commit, cut, reveal, said_by
from counterfoil.apps.quant.bundle import make_bundle, track_of, verify_bundle
from counterfoil.apps.quant.forecasts import moment, parse_asked
from counterfoil.apps.quant.keeping import secret_of
from counterfoil.apps.quant.records import COMMITMENT, Commitment, Cut, source_of
from counterfoil.errors import (
    Conflict,
    CounterfoilError,
    FatalLogError,
    InputError,
    NotFound,
    VerificationError,
)
from counterfoil.formats import receipt as receipts
from counterfoil.formats.policy import Group, Policy
from counterfoil.ledger import Ledger, create_ledger, open_ledger
from counterfoil.ledger.backup import backup
from counterfoil.ledger.recover import recover
from counterfoil.ports import SystemClock
from counterfoil.testing.witnesses import MetWitness
from tests.ledgers import copy_ledger
from tests.log_rig import raises_code
from tests.tracks import LATER_MS, asked

EVE = moment("2030-01-01")


class Desk:
    """A ledger, a witness of somebody else, and the policy of a reader who believes the latter."""

    def __init__(self, folder: Path) -> None:
        self.place = copy_ledger(folder / "ledger")
        self.witness = MetWitness(self.place, folder / "witness")
        self.witness.clock.at_ms = EVE
        self.reader: Policy = self.witness.join()

    def commit(self, ledger: Ledger, strategy: str = "s", *expected: str) -> book.Committed:
        """Commit a forecast, and have the witness see it."""
        return commit(ledger, strategy, parse_asked(asked(*expected)), cosign=self.witness.cosign)

    def states(self, ledger: Ledger) -> list[tuple[str, str]]:
        """Judge all forecasts as the reader does, long after."""
        track = track_of(ledger, self.reader, LATER_MS)
        return [(one.state, one.why) for one in track.entered]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """Make them."""
    made = Desk(tmp_path)
    with closing(made.witness):
        yield made


def places(ledger: Ledger) -> list[Said]:
    """List the commitments."""
    return [one for one in said_by(ledger) if isinstance(one.said, Commitment)]


def said(place: Said) -> Commitment:
    """Take a statement as the commitment that it is."""
    assert isinstance(place.said, Commitment)
    return place.said


def test_commit_reveal_and_verify(desk: Desk) -> None:
    """What was committed in time and revealed counts, in the ledger and for a stranger."""
    with open_ledger(desk.place) as ledger:
        for strategy in ("s", "t", "s"):
            made = desk.commit(ledger, strategy)
            assert made.number == (1 if made.serial == 2 else 0)
        assert [said(one).serial for one in places(ledger)] == [0, 2, 1]  # strategy by strategy
        for one in places(ledger):
            reveal(ledger, one)
        assert desk.states(ledger) == [("counted", "")] * 3
        data = make_bundle(ledger, cosign=desk.witness.cosign)
    proven = verify_bundle(data, desk.reader, LATER_MS // 1000)
    assert [one.state for one in proven.track.entered] == ["counted"] * 3
    assert proven.track.cut == 3


def test_the_log_hides_what_is_forecast(desk: Desk) -> None:
    """Before it is revealed no entry holds the forecast, its target or its salt."""
    with open_ledger(desk.place) as ledger:
        desk.commit(ledger, "s", "0.0123457")
        (place,) = places(ledger)
        secret = secret_of(ledger, said(place).digest)
        text = b"".join(msgspec.json.encode(view.to_json()) for view in ledger.views())
        for hidden in (b"0.0123457", secret.salt.encode(), b'"target"'):
            assert hidden not in text
        path = ledger.layout.forecasts / f"{said(place).digest}.secret.json"
        assert path.stat().st_mode & 0o077 == 0
        reveal(ledger, place)
        text = b"".join(msgspec.json.encode(view.to_json()) for view in ledger.views())
        assert b"0.0123457" in text


def test_the_same_forecast_twice_looks_different(desk: Desk) -> None:
    """Salts are fresh: equal forecasts cannot be recognised."""
    with open_ledger(desk.place) as ledger:
        digests = {desk.commit(ledger).digest for _ in range(3)}
    assert len(digests) == 3


def test_back_dating(desk: Desk) -> None:
    """A statement's own date, the log's clock and a late witness do not make a forecast early."""
    with open_ledger(desk.place) as ledger:
        desk.witness.clock.at_ms = moment("2030-01-20")
        late = desk.commit(ledger)
        assert not late.counts
        alone = commit(ledger, "s", parse_asked(asked()))  # nobody else saw it
        assert alone.bound is None
        for one in places(ledger):
            reveal(ledger, one)
        states = desk.states(ledger)
    assert [state for state, _ in states] == ["missed", "missed"]
    assert "proven from 2030-01-20" in states[0][1]
    assert "nobody but its issuer" in states[1][1]


def test_an_earlier_receipt_of_another_forecast_is_no_time(desk: Desk) -> None:
    """A kept receipt counts for the entry that it proves, whatever its file is called."""
    with open_ledger(desk.place) as ledger:
        early = desk.commit(ledger)
        desk.witness.clock.at_ms = moment("2030-01-20")
        late = desk.commit(ledger)
        folder = ledger.layout.forecasts
        shutil.copy(folder / f"{early.digest}.receipt.json", folder / f"{late.digest}.receipt.json")
        for one in places(ledger):
            reveal(ledger, one)
        assert [state for state, _ in desk.states(ledger)] == ["counted", "missed"]


def test_a_proof_that_was_lost_is_a_miss(desk: Desk) -> None:
    """Losing the proof of a forecast that went wrong does not take it out of the record."""
    with open_ledger(desk.place) as ledger:
        made = desk.commit(ledger)
        reveal(ledger, *places(ledger))
        (ledger.layout.forecasts / f"{made.digest}.receipt.json").unlink()
        assert [state for state, _ in desk.states(ledger)] == ["missed"]


def test_two_forecasts_under_one_number(desk: Desk) -> None:
    """The log refuses a second, contradicting statement in a place that is taken, and a gap."""
    with open_ledger(desk.place) as ledger:
        desk.commit(ledger)
        fields = {
            "serial": 0, "digest": "0" * 64, "targets": 1, "starts_ms": moment("2030-01-02"),
            "ends_ms": moment("2030-02-01"), "reveal_by_ms": moment("2030-02-08"),
        }  # fmt: skip
        for number, expect in ((0, [1, 2]), (1, [None, 1])):
            more = {**fields, "serial": 1, "expect": {"forecasts": expect}}
            with pytest.raises(Conflict):
                ledger.record_statement(COMMITMENT.uri, more, source=source_of("s"), number=number)
        assert len(places(ledger)) == 1


def test_a_statement_without_its_place_is_found_out(desk: Desk) -> None:
    """Who goes around the command and skips a serial has a track record that is refused."""
    with open_ledger(desk.place) as ledger:
        desk.commit(ledger)
        fields = {
            "serial": 5, "digest": "0" * 64, "targets": 1, "starts_ms": moment("2030-01-02"),
            "ends_ms": moment("2030-02-01"), "reveal_by_ms": moment("2030-02-08"),
        }  # fmt: skip
        ledger.record_statement(COMMITMENT.uri, fields, source=source_of("s"), number=1)
        with raises_code("quant.gap", VerificationError):
            desk.states(ledger)


def test_a_lost_secret_is_a_miss(desk: Desk) -> None:
    """Without its salt nobody can reveal it: not its issuer, and nobody by guessing."""
    with open_ledger(desk.place) as ledger:
        made = desk.commit(ledger)
        path = ledger.layout.forecasts / f"{made.digest}.secret.json"
        good = path.read_bytes()
        path.unlink()
        with raises_code("quant.secret", NotFound):
            reveal(ledger, *places(ledger))
        path.write_bytes(b"{}")
        with raises_code("quant.secret-damaged", InputError):
            reveal(ledger, *places(ledger))
        path.write_bytes(good.replace(b"0.01", b"0.02"))
        with raises_code("quant.not-ours", InputError):
            reveal(ledger, *places(ledger))
        assert desk.states(ledger)[0][0] == "missed"
        path.write_bytes(good)
        reveal(ledger, *places(ledger))
        assert desk.states(ledger)[0][0] == "counted"


def test_revealing_again_is_nothing_new(desk: Desk) -> None:
    """A reveal that was cut short is done again, and stands once."""
    with open_ledger(desk.place) as ledger:
        desk.commit(ledger)
        first, again = (reveal(ledger, *places(ledger)) for _ in range(2))
        assert first.index == again.index
        with raises_code("quant.not-ours", InputError):
            cut(ledger)
            reveal(ledger, next(one for one in said_by(ledger) if isinstance(one.said, Cut)))


def test_rolling_the_log_back(desk: Desk, tmp_path: Path) -> None:
    """A folder put back forgets a forecast; the witness does not, and cosigns no second history."""
    with open_ledger(desk.place) as ledger:
        desk.commit(ledger, "s", "0.01")
    shutil.copytree(desk.place, tmp_path / "before")
    with open_ledger(desk.place) as ledger:
        desk.commit(ledger, "s", "-0.01")  # it goes wrong ...
    shutil.rmtree(desk.place)
    (tmp_path / "before").rename(desk.place)
    with open_ledger(desk.place) as ledger:  # no own witness watches this ledger
        assert len(places(ledger)) == 1
        with pytest.raises(CounterfoilError):
            desk.commit(ledger, "s", "0.02")
        with suppress(FatalLogError):
            commit(ledger, "s", parse_asked(asked("0.03")))
        for one in places(ledger):
            reveal(ledger, one)
        states = [state for state, _ in desk.states(ledger)]
    assert states[0] == "counted"
    assert set(states[1:]) == {"missed"}


def test_many_strategies_and_one_to_show(desk: Desk) -> None:
    """A bundle from which strategies were taken out is refused, and a report tells all."""
    with open_ledger(desk.place) as ledger:
        for strategy in ("lucky", "unlucky", "lucky", "hopeless"):
            desk.commit(ledger, strategy)
        for one in places(ledger):
            reveal(ledger, one)
        data = make_bundle(ledger, cosign=desk.witness.cosign)
    plain = msgspec.json.decode(data)
    with raises_code("quant.gap", VerificationError):
        verify_bundle(_without(plain, "unlucky", "hopeless"), desk.reader, LATER_MS // 1000)
    with raises_code("quant.cut", VerificationError):
        verify_bundle(_without(plain, "hopeless"), desk.reader, LATER_MS // 1000)
    whole = verify_bundle(data, desk.reader, LATER_MS // 1000)
    assert list(whole.track.by_strategy()) == ["lucky", "unlucky", "hopeless"]


def test_a_bundle_of_two_histories(desk: Desk, tmp_path: Path) -> None:
    """Receipts of another log, altered ones, and what is no bundle are refused."""
    with open_ledger(desk.place) as ledger:
        desk.commit(ledger)
        reveal(ledger, *places(ledger))
        data = make_bundle(ledger, cosign=desk.witness.cosign)
    plain = msgspec.json.decode(data)
    twice = {**plain, "statements": [*plain["statements"], plain["statements"][0]]}
    with raises_code("quant.two-logs", VerificationError):
        verify_bundle(msgspec.json.encode(twice), desk.reader, LATER_MS // 1000)
    stray = {**plain, "times": plain["statements"][-1:]}
    with raises_code("quant.two-logs", VerificationError):
        verify_bundle(msgspec.json.encode(stray), desk.reader, LATER_MS // 1000)
    for bad in (b"", b"[]", b'{"type":"x"}', data[:-9], data.replace(b'"index":', b'"index":1', 1)):
        with pytest.raises(VerificationError):
            verify_bundle(bad, desk.reader, LATER_MS // 1000)
    (tmp_path / "other").mkdir()
    other = Desk(tmp_path / "other")
    with closing(other.witness), pytest.raises(VerificationError):
        verify_bundle(data, other.reader, LATER_MS // 1000)


def test_what_cannot_be_committed(desk: Desk) -> None:
    """Names that cannot be read, and forecasts that no entry holds, are refused before all else."""
    with open_ledger(desk.place) as ledger:
        for name in ("", " s", "s" * 65, "a\nb"):
            with raises_code("quant.strategy", InputError):
                commit(ledger, name, parse_asked(asked()))
        large = asked()
        large["why"] = "x" * 8000
        large["forecasts"] = [{"target": f"{at:0200}", "expected": "0"} for at in range(100)]
        with raises_code("quant.size", InputError):
            commit(ledger, "s", parse_asked(large))
        with raises_code("quant.nothing", InputError):
            make_bundle(ledger)
        assert not (ledger.layout.forecasts).exists()


def _without(plain: dict[str, list[dict[str, dict[str, str]]]], *strategies: str) -> bytes:
    """Leave out all that is said of some strategies."""
    from base64 import b64decode

    names = [f"s/{strategy}".encode() for strategy in strategies]

    def kept(receipt: dict[str, dict[str, str]]) -> bool:
        envelope = msgspec.json.decode(b64decode(receipt["record"]["entry"]))
        said = msgspec.json.decode(b64decode(envelope["payload"]))
        source = said["predicate"]["source"].encode()
        return not any(source.endswith(name) for name in names)

    found = {n: [one for one in plain[n] if kept(one)] for n in ("statements", "times")}
    return msgspec.json.encode({**plain, **found})


def test_a_backup_can_still_reveal(desk: Desk, tmp_path: Path) -> None:
    """A backup with keys holds what opens forecasts; one without has their times alone."""
    with open_ledger(desk.place) as ledger:
        made = desk.commit(ledger)
        known = {"checkpoint": ledger.published()}
    for name, with_keys in (("whole", True), ("plain", False)):
        backup(desk.place, tmp_path / name, with_keys=with_keys)
        kept = {path.name.partition(".")[2] for path in (tmp_path / name / "forecasts").iterdir()}
        assert kept == {"receipt.json", *(["secret.json"] if with_keys else [])}
    recover(tmp_path / "back", source=tmp_path / "whole", last_known=known)
    with open_ledger(tmp_path / "back", accept_new_witness=True) as ledger:
        assert secret_of(ledger, made.digest).forecast
        reveal(ledger, *places(ledger))
        assert desk.states(ledger) == [("counted", "")]


class Bundled:
    """A track record, and whose policy it is verified under."""

    def __init__(self, data: bytes, reader: Policy) -> None:
        self.data, self.reader = data, reader


@pytest.fixture(scope="module")
def bundled(tmp_path_factory: pytest.TempPathFactory) -> Bundled:
    """Make a track record of two strategies, once."""
    made = Desk(tmp_path_factory.mktemp("bundle"))
    with closing(made.witness), open_ledger(made.place) as ledger:
        for strategy in ("s", "t"):
            made.commit(ledger, strategy)
        for one in places(ledger):
            reveal(ledger, one)
        return Bundled(make_bundle(ledger, cosign=made.witness.cosign), made.reader)


@settings(max_examples=100)
@given(st.integers(0, 10**9), st.integers(0, 7))
def test_a_changed_bit_is_refused_or_changes_nothing(bundled: Bundled, at: int, bit: int) -> None:
    """Whatever bit of a bundle is changed, nobody is told anything else than was recorded."""
    data, reader = bundled.data, bundled.reader
    changed = bytearray(data)
    changed[at % len(data)] ^= 1 << bit
    honest = verify_bundle(data, reader, LATER_MS // 1000)
    try:
        found = verify_bundle(bytes(changed), reader, LATER_MS // 1000)
    except VerificationError:
        return
    assert found.issuer == honest.issuer
    for one, other in zip(found.track.entered, honest.track.entered, strict=True):
        assert (one.serial, one.leaf, one.said) == (other.serial, other.leaf, other.said)
        assert one.forecast == other.forecast
        assert one.state in (other.state, "missed")


def test_statements_of_two_logs_or_two_issuers(tmp_path: Path) -> None:
    """A record put together from two logs that the reader believes alike is refused."""
    bundles, policies, places_of = [], [], []
    for name, issuer in (("a", "urn:x:one"), ("b", "urn:x:one"), ("c", "urn:x:two")):
        place = tmp_path / name
        create_ledger(place, SystemClock(), organisation=issuer, witness=False)
        with closing(MetWitness(place, tmp_path / f"{name}-witness", name)) as witness:
            witness.clock.at_ms = EVE
            policies.append(witness.join())
            with open_ledger(place) as ledger:
                commit(ledger, "s", parse_asked(asked()), cosign=witness.cosign)
                bundles.append(msgspec.json.decode(make_bundle(ledger, cosign=witness.cosign)))
                places_of.append(place)
    logs = tuple(log for policy in policies for log in policy.logs)
    witnesses = tuple(one for policy in policies for one in policy.witnesses)
    group = Group("any", 1, tuple(one.name for one in witnesses))
    both = Policy(logs, witnesses, (group,), "any")
    now_s = LATER_MS // 1000
    for one in bundles:
        assert verify_bundle(msgspec.json.encode(one), both, now_s).track.cut == 1
    for other, code in ((bundles[1], "quant.two-logs"), (bundles[2], "quant.issuer")):
        mixed = {**bundles[0], "statements": [*bundles[0]["statements"], *other["statements"]]}
        with raises_code(code, VerificationError):
            verify_bundle(msgspec.json.encode(mixed), both, now_s)
    with open_ledger(places_of[0]) as ledger:
        stray = msgspec.json.decode(receipts.format(ledger.receipt(0)))
    other_kind = {**bundles[0], "statements": [*bundles[0]["statements"], stray]}
    with pytest.raises(VerificationError):
        verify_bundle(msgspec.json.encode(other_kind), policies[0], now_s)
