"""The demonstration as a process: told to the end, stopped, killed, and run again."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.request import HTTPCookieProcessor, build_opener

import pytest

from counterfoil.ledger import open_ledger
from counterfoil.ledger.audit import audit
from counterfoil.ops.demo.watch import DECISIONS, PAYMENTS
from tests.journeys.command_line import counterfoil, start

Process = subprocess.Popen[bytes]


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep the user's state beside the demonstration, for processes and for this one."""
    monkeypatch.setenv("COUNTERFOIL_STATE", str(tmp_path / "state"))
    return tmp_path / "state"


@pytest.fixture
def running() -> Iterator[list[Process]]:
    """End what a test started, whatever becomes of it."""
    started: list[Process] = []
    yield started
    for process in started:
        process.kill()
        process.communicate()


def begin(running: list[Process], state: Path, *words: str | Path) -> Process:
    """Start a demonstration."""
    running.append(start("demo", *words, COUNTERFOIL_STATE=str(state)))
    return running[-1]


def hear(process: Process, name: str) -> dict[str, Any]:
    """Read what it tells until the step of that name."""
    assert process.stdout is not None
    for line in process.stdout:
        step: dict[str, Any] = json.loads(line)
        if step["name"] == name:
            return step
    assert process.stderr is not None
    raise AssertionError(process.stderr.read().decode())


def wait_for(ready: Callable[[], bool]) -> None:
    """Wait until something is so, at most two minutes."""
    pause = threading.Event()
    for _ in range(12_000):
        if ready():
            return
        pause.wait(0.01)
    pytest.fail("expected it within two minutes")


def published(ledger: Path) -> int:
    """Tell how many entries a ledger has published; 0 for none."""
    try:
        return int((ledger / "checkpoint").read_text().splitlines()[1])
    except OSError:
        return 0


def whole(folder: Path) -> tuple[str, int]:
    """Check that a ledger is whole and each payment decided once; gives its log and its size."""
    assert not audit(folder / "ledger", full=True).damaged
    with open_ledger(folder / "ledger", read_only=True) as ledger:
        made = [v.content["inputs"] for v in ledger.views() if v.source == DECISIONS]
        decided = [inputs["payment_entry"] for inputs in made]
        paid = [v.index for v in ledger.views() if v.source == PAYMENTS]
        assert decided == paid
        return ledger.origin, ledger.size


def test_from_nothing_to_the_end_and_again(state: Path) -> None:
    """Without a terminal it tells its story, ends well, and goes on in its usual place."""
    first = counterfoil("demo", COUNTERFOIL_STATE=str(state)).lines()
    assert [first[0]["name"], first[-1]["name"]] == ["ledger", "end"]
    folder = Path(first[-1]["facts"]["folder"])
    assert folder == state / "demo"
    origin, size = whole(folder)
    ran = counterfoil("demo", "--text", COUNTERFOIL_STATE=str(state))
    assert ran.status == 0
    said = ran.out.decode()
    assert f"goes on: {size:,} entries" in said
    assert "Honest limits:" in said
    for line in re.findall(r"^  counterfoil ((?:verify|evidence|record) .*)$", said, re.MULTILINE):
        assert counterfoil(*line.split(), COUNTERFOIL_STATE=str(state)).status == 0, line
    again, more = whole(folder)
    assert again == origin
    assert more > size


def test_ctrl_c_while_it_serves(tmp_path: Path, state: Path, running: list[Process]) -> None:
    """It serves its pages, Ctrl-C ends it with status 0 and a word, and the ledger is whole."""
    folder = tmp_path / "tour"
    process = begin(running, state, folder, "--serve", "--listen", "127.0.0.1:0")
    link = hear(process, "serving")["facts"]["link"]
    with build_opener(HTTPCookieProcessor()).open(link, timeout=60) as page:
        assert b"Sign out" in page.read()
    busy = counterfoil("demo", folder, COUNTERFOIL_STATE=str(state))
    assert busy.status != 0
    assert "runs" in busy.err
    process.send_signal(signal.SIGINT)
    assert hear(process, "stopped")["facts"]["payments"] >= 0
    assert process.wait(60) == 0
    assert process.stderr is not None
    assert process.stderr.read() == b""
    whole(folder)


def test_ctrl_c_in_the_middle_of_the_tour(
    tmp_path: Path, state: Path, running: list[Process]
) -> None:
    """Ctrl-C before the end is an interruption, with the status of one, and nothing is lost."""
    folder = tmp_path / "tour"
    process = begin(running, state, folder)
    hear(process, "ledger")
    wait_for(lambda: published(folder / "ledger") > 1_000)
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 130
    assert process.stderr is not None
    assert b"Traceback" not in process.stderr.read()
    with open_ledger(folder / "ledger", read_only=True) as ledger:
        origin = ledger.origin
    process = begin(running, state, folder)
    assert hear(process, "ledger")["facts"]["new"] is False
    hear(process, "watch")  # what came and was not decided is decided by then
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 130
    assert whole(folder)[0] == origin


@pytest.mark.parametrize(
    "when",
    ["records", *(pytest.param(one, marks=pytest.mark.campaign) for one in ("cheats", "serves"))],
)
def test_killed_and_run_again(
    tmp_path: Path, state: Path, running: list[Process], when: str
) -> None:
    """Killed while it records, cheats or serves, the next run goes on with the same whole log."""
    folder = tmp_path / "tour"
    process = begin(running, state, folder, "--serve", "--listen", "127.0.0.1:0")
    if when == "records":
        hear(process, "ledger")
        wait_for(lambda: published(folder / "ledger") > 1_000)
    elif when == "cheats":
        hear(process, "cheat")
    else:
        hear(process, "serving")
        before = published(folder / "ledger")
        wait_for(lambda: published(folder / "ledger") > before)
    process.kill()
    process.wait(60)
    size = published(folder / "ledger")
    steps = counterfoil("demo", folder, COUNTERFOIL_STATE=str(state)).lines()
    assert steps[0]["facts"]["new"] is False
    assert steps[0]["facts"]["entries"] >= size
    assert steps[-1]["name"] == "end"
    assert steps[0]["facts"]["origin"] == whole(folder)[0]


def test_begun_anew(tmp_path: Path, state: Path, running: list[Process]) -> None:
    """With --fresh it is another log, in the same folder; what is not its own is left alone."""
    folder = tmp_path / "tour"
    origins = []
    for words in ((), ("--fresh", "--once")):
        process = begin(running, state, folder, *words)
        origins.append(hear(process, "ledger")["facts"]["origin"])
        process.kill()
        process.wait(60)
    assert origins[0] != origins[1]
    assert counterfoil("demo", tmp_path, "--fresh", COUNTERFOIL_STATE=str(state)).status == 2
    assert (folder / "ledger").is_dir()
