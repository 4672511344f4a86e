"""Kill a process that acts before and after each of its steps, and check each time what is left.

Runs as a program of its own (`python -m tests.faults.act_kill_rig PLANT EDGES FOLDER`), since it
forks: the process that forks has one thread and opens nothing. A step is a write to the book, an
entry of the log, an anchor, or a transaction that is sent, and each has two edges; a run is killed
at each of EDGES, such as `3,9`, or without them at one after the other until a run comes to its
end. After each kill the same is asked for again. Prints one JSON report.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import counterfoil
from counterfoil.act import Actor, verdicts
from tests.acting import copy_acting, decide, switch_at, turned, wanted

RUNS_MAX = 100
STEPS = {
    "book": ("plan", "note_recorded", "add_attempt", "note_phase", "note_done"),
    "ledger": ("record_verdict", "anchor", "record_statement"),
    "chain": ("send_raw",),
}


def act(folder: Path, run: int, kill_at: int) -> None:
    """Decide once for a switch and have it turned; die at edge `kill_at` of a step.

    The first run begins with two more: the faucet pays.
    """
    with counterfoil.open(folder) as ledger, Actor(ledger) as actor:
        left = [kill_at]

        def step() -> None:
            left[0] -= 1
            if left[0] < 0:
                os.kill(os.getpid(), signal.SIGKILL)

        found = ledger.search(f'kind=decision note="run {run}"', limit=1).hits
        decision = found[0].index if found else decide(ledger, note=f"run {run}")
        address = switch_at(actor)
        if kill_at < RUNS_MAX:
            for part in (actor.book, ledger, actor.chain):
                for name in next(names for key, names in STEPS.items() if _is(part, key)):
                    setattr(part, name, _stepping(getattr(part, name), step))
        actor.act(decision, wanted(address, run))


def look(folder: Path, out: Path) -> None:
    """Write down what happened in all: on the chain, in the log, and in the book."""
    with counterfoil.open(folder) as ledger, Actor(ledger) as actor:
        list(actor.follow())
        written = {a.hash.hex() for job in actor.book.jobs(limit=1000) for a in job.attempts}
        nonce = actor.chain.nonce(actor.account("actor").address)
        sent = [acted.transaction for acted in actor.ls(1000)]
        report = {
            "turned": turned(actor),
            "actions": ledger.search("kind=action", limit=1000).hits.__len__(),
            "verdicts": ledger.search("kind=verdict", limit=1000).hits.__len__(),
            "nonce": nonce,
            "unwritten": [one for one in sent if one is None or one[2:] not in written],
        }
    out.write_text(json.dumps(report), encoding="utf-8")


def wrong_with(found: dict[str, Any], runs: int) -> list[str]:
    """Say what is not as it must be after so many runs."""
    wrong = []
    if sorted(found["turned"]) != list(range(runs)):
        wrong.append(f"turned {found['turned']}")
    for name in ("actions", "verdicts", "nonce"):
        if found[name] != runs:
            wrong.append(f"{found[name]} {name} after {runs} runs")
    if found["unwritten"]:
        wrong.append("a transaction was sent unwritten")
    return wrong


def in_child(work: Callable[[], object]) -> bool:
    """Run something in a process of its own; tell whether it was killed."""
    pid = os.fork()
    if not pid:
        status = 1
        try:
            work()
            status = 0
        finally:
            os._exit(status)
    _, status = os.waitpid(pid, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, f"it ended with {status}"
    return os.WIFSIGNALED(status)


def kill_at_each_step(plant: str, edges: list[int], place: Path) -> dict[str, Any]:
    """Kill at edges; stop at the first run that leaves something wrong."""
    made = place / "made"
    in_child(lambda: made.write_text(str(copy_acting(place)), encoding="utf-8"))
    folder, out = place / "ledger", place / "report.json"
    if plant:  # planted bug: the verdict of a call is another one each time
        verdicts._derive = lambda *_: secrets.token_bytes(32)
    report: dict[str, Any] = {"kills": 0, "wrong": [], "finished": False}
    for run, edge in enumerate(edges or range(RUNS_MAX)):
        killed = in_child(lambda at=(run, edge): act(folder, *at))  # type: ignore[misc]  # bound now
        report["kills"] += killed
        if plant:
            for lost in folder.glob("act.db*"):
                lost.unlink()
        in_child(lambda run=run: act(folder, run, RUNS_MAX))  # type: ignore[misc]  # bound now
        report["finished"] = not killed
        if plant or not killed or edge in edges[-1:] or run % 8 == 7:
            in_child(lambda: look(folder, out))
            report["wrong"] = wrong_with(json.loads(out.read_bytes()), run + 1)
        if report["wrong"] or not killed:
            break
    return report


def _is(part: object, key: str) -> bool:
    return {"ActBook": "book", "Ledger": "ledger", "NodeChain": "chain"}[type(part).__name__] == key


def _stepping(honest: Callable[..., Any], step: Callable[[], None]) -> Callable[..., Any]:
    def stepped(*arguments: Any, **named: Any) -> Any:
        step()
        found = honest(*arguments, **named)
        step()
        return found

    return stepped


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="act-kills-", dir=sys.argv[3] or None) as home:
        made = kill_at_each_step(
            sys.argv[1], [*map(int, filter(None, sys.argv[2].split(",")))], Path(home)
        )
    print(json.dumps(made))  # noqa: T201  # the report is this program's output
