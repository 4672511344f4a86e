"""`counterfoil up` as an operator meets it: started, asked, told to end, killed, started again."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import counterfoil
from counterfoil.formats import policy as policies
from counterfoil.formats.policy import NONE, Log, Policy
from counterfoil.ledger.state import state_folder
from counterfoil.ops.network_process import wait_until

LIMIT_S = 90
UP = (sys.executable, "-c", "import sys; from counterfoil.cli import main; sys.exit(main())", "up")


@contextmanager
def node(ledger: Path, *words: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    """Start a node as a process; gives it, and what it said once it served."""
    environment = {**os.environ, "COUNTERFOIL_OUTPUT": "json"}
    command = [*UP, "--ledger", str(ledger), "--listen", "127.0.0.1:0", "--watch", "none", *words]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        while (told := json.loads(process.stdout.readline()))["event"] != "serving":
            pass
        yield process, told
    finally:
        process.kill()
        process.communicate(timeout=LIMIT_S)


def refused(ledger: Path, *words: str) -> str:
    """Start a node that must not start; gives what it said of it."""
    listen = () if "--listen" in words else ("--listen", "127.0.0.1:0")
    command = [*UP, "--ledger", str(ledger), *listen, *words]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, check=False)
    assert ran.returncode > 1, ran.stderr
    assert ran.stdout == ""
    return ran.stderr


def ask(url: str, key: str = "", body: Mapping[str, Any] | None = None) -> tuple[int, bytes]:
    """Ask a node for something; status and bytes."""
    headers = {"authorization": f"Bearer {key}"} if key else {}
    data = None if body is None else json.dumps(body).encode()
    if data is not None:
        headers["content-type"] = "application/json"
    request = urllib.request.Request(url, data, headers)  # noqa: S310  # our own node
    try:
        with urllib.request.urlopen(request, timeout=LIMIT_S) as answer:  # noqa: S310
            return answer.status, answer.read()
    except urllib.error.HTTPError as err:
        return err.code, err.read()


def test_one_command_serves_a_new_ledger(tmp_path: Path) -> None:
    """It makes the ledger, shows one key once, answers only to it, and ends cleanly."""
    ledger = tmp_path / "shop"
    with node(ledger, "--create") as (process, told):
        url, key = told["url"], told["operator_key"]
        assert ask(f"{url}/healthz") == (200, b'{"status":"alive"}')
        assert ask(f"{url}/readyz")[0] == 200
        assert ask(f"{url}/index.json")[0] == 401
        assert ask(f"{url}/checkpoint")[0] == 401
        assert ask(f"{url}/metrics")[0] == 401
        assert json.loads(ask(f"{url}/index.json", key)[1])["size"] == told["size"]
        status, metrics = ask(f"{url}/metrics", key)
        assert status == 200
        assert b"counterfoil_entries{" in metrics
        assert metrics.endswith(b"# EOF\n")
        with counterfoil.open(ledger) as beside:  # another process records through the node
            index = beside.record({"payment": 1}).index
        assert json.loads(ask(f"{url}/index.json", key)[1])["size"] == index + 1
        process.send_signal(signal.SIGTERM)
        rest = process.communicate(timeout=LIMIT_S)[0].splitlines()
        assert process.returncode == 0
        assert json.loads(rest[-1])["event"] == "stopped"
        assert json.loads(rest[-1])["size"] == index + 1
    with node(ledger) as (process, told):
        assert told["operator_key"] is None
        assert ask(f"{told['url']}/index.json", key)[0] == 200
        process.kill()
        process.wait(LIMIT_S)
    with node(ledger) as (_, told):  # killed, and started again
        assert told["size"] >= index + 1
        assert ask(f"{told['url']}/readyz")[0] == 200


def test_a_second_node_of_a_ledger_is_refused(tmp_path: Path) -> None:
    """Two nodes would do all work twice: the second is told who owns the ledger, and ends."""
    ledger = tmp_path / "shop"
    with node(ledger, "--create") as (process, told):
        second = refused(ledger)
        assert "[node.owned]" in second
        assert f"process {process.pid} on" in second
        assert ask(f"{told['url']}/readyz")[0] == 200
    with counterfoil.open(ledger):
        assert "[node.owned]" in refused(ledger)


def test_who_is_refused_leaves_nothing_behind(tmp_path: Path) -> None:
    """A watcher that nobody knows, an address in use, a wrong URL: no ledger is made for them."""
    ledger = tmp_path / "shop"
    assert "[watch.unknown]" in refused(ledger, "--create", "--watch", "bogus")
    assert "[up.url]" in refused(ledger, "--create", "--url", "ledger.example.org")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        assert "[serve.in-use]" in refused(ledger, "--create", "--listen", address)
    assert not ledger.exists()


def test_only_what_is_public_is_shown_without_a_key(tmp_path: Path) -> None:
    """With `--public hashes` anybody reads checkpoints and hash tiles, and nothing else."""
    ledger = tmp_path / "shop"
    with counterfoil.open(ledger, create=True) as made:
        made.record({"secret": "of the house"})
        made.publish()
    with node(ledger, "--public", "hashes") as (_, told):
        url, size = told["url"], told["size"]
        assert ask(f"{url}/checkpoint")[0] == 200
        assert ask(f"{url}/tile/0/000.p/{size}")[0] == 200
        assert ask(f"{url}/tile/entries/000.p/{size}")[0] in (401, 404)
        assert ask(f"{url}/index.json")[0] == 401


def test_a_member_of_a_network_witnesses_and_mirrors_its_peers(tmp_path: Path) -> None:
    """With a peer's policy in `peers/`, the node answers it as a witness and copies its log."""
    with counterfoil.open(tmp_path / "farm", create=True) as farm:
        farm.record({"lot": 7})
        farm.publish()
        policy = farm.policy
    counterfoil.open(tmp_path / "shop", create=True).close()
    with node(tmp_path / "farm", "--public", "all") as (_, peer):
        logs = tuple(Log(log.key, peer["url"]) for log in policy.logs)
        (tmp_path / "shop" / "peers").mkdir()
        (tmp_path / "shop" / "peers" / "farm.txt").write_bytes(
            policies.format(Policy(logs, (), (), NONE))
        )
        with node(tmp_path / "shop") as (process, told):
            assert ask(f"{told['url']}/witness/add-checkpoint", body={})[0] == 400
            mirrored = state_folder() / "mirrors" / "farm" / "checkpoint"
            wait_until("the peer's log to be mirrored", mirrored.exists)
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=LIMIT_S)
            assert process.returncode == 0


def test_a_search_need_not_wait_for_the_index(tmp_path: Path) -> None:
    """The node indexes by itself what is recorded while nobody searches."""
    with counterfoil.open(tmp_path / "shop", create=True) as ledger:
        ledger.record_many([{"payment": number} for number in range(300)])
    with node(tmp_path / "shop") as (process, told):
        wait_until("the index", (tmp_path / "shop" / "index.db").exists)
        process.send_signal(signal.SIGTERM)
        rest = process.communicate(timeout=LIMIT_S)[0].splitlines()
        assert process.returncode == 0
    events = [json.loads(line) for line in rest]
    (ended,) = [
        one for one in events if one.get("state") == "stopped" and one["service"] == "search index"
    ]
    assert ended["detail"] == f"{told['size']} entries"
