"""A witness is run as a command, and a ledger's policy gets witnesses."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from counterfoil.errors import CounterfoilError, InputError, NotFound
from counterfoil.formats import policy as policies
from counterfoil.formats.vkey import KeyType, format_vkey, parse_vkey
from counterfoil.ledger import open_ledger
from counterfoil.ops import witnesses
from counterfoil.proofs.signing import public_of
from counterfoil.witness.client import RemoteWitness
from tests.c2sp import LOG
from tests.c2sp import witness as witness_key
from tests.journeys.command_line import PROGRAM
from tests.witnessing import SigningLog

VKEY = format_vkey(public_of(witness_key(1)))
NEW = ("--init", "--name", "w.example/1")


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    """Write a file that follows the tests' log."""
    path = tmp_path / "logs.txt"
    path.write_text(f"log {format_vkey(public_of(LOG))}\nquorum none\n", encoding="utf-8")
    return path


@contextmanager
def running(state: Path, logs: Path, *options: str) -> Iterator[dict[str, object]]:
    """Run the command on a free port, give what it says, and end it by a signal."""
    command: list[str | Path] = [PROGRAM, "witness", "run", "--json", "--state", state]
    command += ["--logs", logs, "--listen", "127.0.0.1:0", *options]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        line = child.stdout.readline()
        try:
            assert line, child.stderr.read()
            yield json.loads(line)
        finally:
            child.send_signal(signal.SIGTERM)
            said = child.stderr.read()
            assert (child.wait(60), said) == (0, "")


def ask(told: dict[str, object], old: int, new: int) -> None:
    """Ask the running witness for a cosignature."""
    vkeys = told["vkeys"]
    assert isinstance(vkeys, list)
    remote = RemoteWitness("w", parse_vkey(vkeys[0]), str(told["url"]), 30.0)
    remote.add_checkpoint(SigningLog().request(old, new))
    remote.close()


def test_run(tmp_path: Path, logs: Path) -> None:
    """A witness makes its key once, answers, ends at a signal, and goes on where it was."""
    state = tmp_path / "w"
    with running(state, logs, *NEW, "--post-quantum") as told:
        assert (told["name"], told["logs"]) == ("w.example/1", [SigningLog().origin])
        ask(told, 0, 3)
    with running(state, logs, "--init") as again:
        assert again["vkeys"] == told["vkeys"]
        ask(again, 3, 5)
    facts = witnesses.key(state=state).facts
    assert facts is not None
    assert facts["vkeys"] == told["vkeys"]
    assert [parse_vkey(vkey).type for vkey in facts["vkeys"]] == [
        KeyType.COSIGNATURE_ED25519,
        KeyType.COSIGNATURE_MLDSA44,
    ]
    assert all(path.stat().st_mode & 0o077 == 0 for path in state.glob("*.key"))


def refusal(state: Path, logs: Path, **options: object) -> CounterfoilError:
    """Run in vain, and give the error."""
    with pytest.raises(CounterfoilError) as caught:
        next(witnesses.run(state=state, logs=logs, listen="127.0.0.1:0", **options))  # type: ignore[arg-type]
    return caught.value


def test_a_witness_is_never_made_by_accident(tmp_path: Path, logs: Path) -> None:
    """Without its key or memory it does not start, and says what to do."""
    state = tmp_path / "w"
    err = refusal(state, logs)
    assert (type(err), err.code) == (NotFound, "witness.state")
    assert "--init" in err.hint
    assert not state.exists()
    err = refusal(state, logs, init=True, name="http://w.example/1")
    assert (err.code, err.hint) == ("witness.name", "Name it 'w.example/1'.")
    assert not state.exists()
    with running(state, logs, *NEW):
        pass
    (state / "witness.db").rename(tmp_path / "lost.db")
    for options in ({}, {"init": True}):
        assert refusal(state, logs, **options).code == "witness.memory-missing"
    (tmp_path / "lost.db").rename(state / "witness.db")
    assert refusal(state, logs, name="other.example").code == "witness.name"
    assert refusal(state, tmp_path / "none.txt").code == "witness.logs"
    with running(state, logs):
        pass


def test_a_first_run_that_was_cut_short(tmp_path: Path, logs: Path) -> None:
    """What a first run left when it was killed does not keep the next from beginning."""
    state = tmp_path / "w"
    with running(state, logs, *NEW, "--post-quantum"):
        pass
    (state / "witness.key").unlink()
    with running(state, logs, *NEW, "--post-quantum") as told:
        ask(told, 0, 3)
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert refusal(tmp_path / "file" / "w", logs, init=True).code == "witness.state-unwritable"


def test_add_and_list(shop: Path) -> None:
    """A further witness joins the policy, whose quorum stays more than half of the others."""
    before = policies.parse((shop / "policy.txt").read_bytes())
    done = witnesses.add("https://w.example/1", VKEY, name="w1", ledger=shop)
    assert (done.name, done.vkey, done.own, done.size) == ("w1", VKEY, False, None)
    after = policies.parse((shop / "policy.txt").read_bytes())
    assert after.logs == before.logs
    assert after.witnesses[:-1] == before.witnesses
    assert (after.groups[0].threshold, after.groups[0].members) == (1, ("w1",))
    listed = list(witnesses.listing(ledger=shop))
    assert listed[-1] == done
    assert [one.own for one in listed] == [True] * len(before.witnesses) + [False]
    witnesses.add("https://w.example/1", format_vkey(public_of(witness_key(2))), ledger=shop)
    assert [one.name for one in witnesses.listing(ledger=shop)][-1] == "w2.example"
    assert all(one.size == 3 and one.at_ms for one in listed if one.own)


@pytest.mark.parametrize(
    ("url", "vkey", "code"),
    [
        ("ftp://w.example", VKEY, "witness.url"),
        ("https://w.example", "nonsense", "key.malformed"),
        ("https://w.example", format_vkey(public_of(LOG)), "policy.key-type"),
    ],
)
def test_adding_in_vain(shop: Path, url: str, vkey: str, code: str) -> None:
    """A wrong address or key changes nothing."""
    before = (shop / "policy.txt").read_bytes()
    with pytest.raises(InputError) as caught:
        witnesses.add(url, vkey, ledger=shop)
    assert caught.value.code == code
    assert (shop / "policy.txt").read_bytes() == before


def test_a_ledger_and_its_witness(shop: Path, tmp_path: Path) -> None:
    """A ledger shows its checkpoints to the witness that was added, and the list says so."""
    logs = shop / "policy.txt"
    with running(tmp_path / "w", logs, *NEW) as told:
        vkeys = told["vkeys"]
        assert isinstance(vkeys, list)
        witnesses.add(str(told["url"]), vkeys[0], name="w1", ledger=shop)
        with open_ledger(shop) as ledger:
            index = ledger.record({"n": 1}).index
            ledger.publish()
        listed = {one.name: one for one in witnesses.listing(ledger=shop)}
        assert listed["w1"].size == index + 1
