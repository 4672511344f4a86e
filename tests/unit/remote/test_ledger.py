"""A node's ledger has the interface of one on this machine, errors included."""

from __future__ import annotations

import asyncio
import json
import shutil
import stat
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any, cast

import pytest

import counterfoil
from counterfoil.access import AccessBook, AccessKeys
from counterfoil.errors import (
    Conflict,
    InputError,
    NotFound,
    Refused,
    Unauthenticated,
    Unavailable,
    VerificationError,
)
from counterfoil.formats import policy as policies
from counterfoil.integrations.logs import LedgerHandler
from counterfoil.ledger import Ledger
from counterfoil.ledger.people.personal import Personal, PersonIn
from counterfoil.ports import Said, SystemClock
from counterfoil.remote import RemoteLedger, connect
from counterfoil.remote.pins import Pins
from tests.deciding import APPLICANT, FEATURES, OUTCOMES, onnx_bytes
from tests.ledgers import copy_ledger
from tests.nodes import served

PAYMENT = {"amount_minor": 1250, "currency": "EUR"}
FOREIGN = "https://own.example/kind/v1"


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with counterfoil.open(copy_ledger(tmp_path / "shop")) as opened:
        yield opened


@pytest.fixture
def node(ledger: Ledger) -> Iterator[str]:
    with served(ledger, fast=True) as url:
        yield url


@pytest.fixture
def remote(node: str) -> Iterator[RemoteLedger]:
    with connect(node, "operator") as opened:
        yield opened


def test_recording(ledger: Ledger, remote: RemoteLedger) -> None:
    """What is recorded through a node stands in its ledger as if it were recorded there."""
    one = remote.record(PAYMENT)
    assert not one.spooled
    assert ledger.get(one.index).content == PAYMENT
    placed = remote.record(PAYMENT, source="orders", number=4)
    assert (placed.index, placed.number, placed.duplicate) == (one.index + 1, 4, False)
    assert remote.record(PAYMENT, source="orders", number=4).duplicate
    assert asyncio.run(remote.arecord(PAYMENT)).number == one.number + 1
    many = remote.record_many([{"n": n} for n in range(200)])
    assert (many.new, ledger.get(many.indices[-1]).content) == (200, {"n": 199})
    block = remote.record_block([{"n": 1}, {"n": 2}])
    assert json.loads(remote.verify(remote.receipt(block.index, 1)).content or b"") == {"n": 2}
    said = remote.record_statement(FOREIGN, {"a": 1})
    assert ledger.get(said.index).kind == FOREIGN
    both = remote.record_statements([Said(FOREIGN, {"a": 2}), Said(FOREIGN, {"a": 3})]).result()
    assert ledger.get(both.indices[1]).content["a"] == 3
    kept = remote.keep(b"bytes")
    assert remote.kept(kept) == ledger.kept(kept) == b"bytes"
    assert remote.ask_gate("alert", {})
    remote.publish()
    assert remote.published() == ledger.published()


def test_options(ledger: Ledger, remote: RemoteLedger) -> None:
    """Conditions, corrections and personal fields go the same way."""
    first = remote.record(PAYMENT, expect={"stock": (None, 5)}, at_ms=1000)
    assert remote.counter("stock") == 5
    with pytest.raises(Conflict) as caught:
        remote.record(PAYMENT, expect={"stock": (None, 5)})
    assert caught.value.code == "log.expect"
    fixed = remote.record({"amount_minor": 1}, corrects=first.index)
    assert fixed.number == first.number + 1  # the number of what was refused was given out again
    sealed = remote.record({"id": "a", "to": "Ada"}, personal={"to": Personal("ada", "contact")})
    assert ledger.get(sealed.index).content == {"id": "a"}
    rows = remote.record_many(
        [{"id": "a", "to": "Ada"}], personal={"to": PersonIn("id", "contact")}
    )
    assert remote.get(rows.indices[0]).personal[0].names == ("id", "to")


def test_reading(ledger: Ledger, remote: RemoteLedger) -> None:
    """Everything that is read is what the ledger says."""
    for n in range(3):
        remote.record({"n": n, "who": "a b"}, source="s", number=n)
    assert (remote.origin, remote.size) == (ledger.origin, ledger.size)
    assert remote.committed == ledger.committed
    assert remote.policy == ledger.policy
    assert remote.config.organisation == ledger.config.organisation
    last = ledger.size - 1
    assert remote.get(last) == ledger.get(last)
    assert list(remote.entries()) == list(ledger.entries())
    assert list(remote.views(2)) == list(ledger.views(2))
    page = remote.search('who="a b" n>=1', limit=1)
    assert page == ledger.search('who="a b" n>=1', limit=1)
    assert remote.find_leaf(ledger.get(last).leaf) == last
    assert list(remote.numbered("s")) == list(ledger.numbered("s"))
    assert remote.next_number("s") == 3
    assert remote.checkpoints() == ledger.checkpoints()
    assert repr(remote) == f"RemoteLedger({remote.url!r})"
    for wrong in (10**6, -1):
        with pytest.raises((NotFound, InputError)):
            remote.get(wrong)
    with pytest.raises(NotFound):
        remote.find_leaf("0" * 64)
    with pytest.raises(InputError):
        remote.find_leaf("x")


def test_only_there(remote: RemoteLedger) -> None:
    """What only the machine with the folder can do is refused, and says how to ask for it."""
    for name in ("layout", "keys", "people", "erasures"):
        with pytest.raises(Refused) as caught:
            getattr(remote, name)
        assert caught.value.code == "remote.only-there"
    with pytest.raises(Refused):
        remote.sources()


def test_operations(ledger: Ledger, remote: RemoteLedger) -> None:
    """Any operation of the node is called by its words, and its errors come back."""
    recorded = remote.call("record add", content='{"n": 1}')
    assert ledger.get(recorded["index"]).content == {"n": 1}
    remote.publish()
    found = remote.call("record search", terms=["n=1"])
    assert [hit["index"] for hit in found["hits"]] == [recorded["index"]]
    with pytest.raises(NotFound) as caught:
        remote.call("record get", entry="99999")
    assert caught.value.code == "entry.index"
    for words in ("no such words", "record/add", "", "../x"):
        with pytest.raises((InputError, NotFound)):
            remote.call(words)


def test_integrations_run_on_it(ledger: Ledger, remote: RemoteLedger) -> None:
    """A hook that takes a ledger takes a node's."""
    import logging

    logger = logging.getLogger("tests.remote")
    logger.setLevel(logging.WARNING)  # whatever another test's library set above it
    logger.propagate, logger.disabled = False, False
    handler = LedgerHandler(cast("Any", remote))
    logger.addHandler(handler)
    try:
        logger.warning("a remarkable event")
    finally:
        logger.removeHandler(handler)
        handler.close()
    assert ledger.search('"remarkable event"').hits


def test_decisions(ledger: Ledger, remote: RemoteLedger) -> None:
    """Decisions are made here with a model that the node keeps, and traced to it."""
    model = ledger.models.record(
        onnx_bytes(), "credit", version="1", features=FEATURES, outcomes=OUTCOMES, keep=True
    )
    with remote.decision("credit", APPLICANT, accountable="Ada", threshold=0.5) as made:
        assert made.outcome in OUTCOMES
    remote.flush()
    found = ledger.decisions.ls().hits[0]
    assert found.decision.model.digest == model.digest
    assert remote.decisions.get(found.index) == ledger.decisions.get(found.index)
    assert remote.trace(found.index).nodes.keys() == ledger.trace(found.index).nodes.keys()


def test_keys(ledger: Ledger, node: str) -> None:
    """A key that does not count, or may not, is told as what it is."""
    with connect(node) as nobody, pytest.raises(Unauthenticated):
        nobody.record(PAYMENT)
    with connect(node, "reader") as reader, pytest.raises(Refused) as caught:
        reader.record(PAYMENT)
    assert caught.value.code == "access.role"
    book = AccessBook(ledger.layout.folder / "access.db", ledger.origin)
    with closing(book):
        token = AccessKeys(book, SystemClock()).add("till", ["writer"], sources=["till"])[1].text
    for _ in range(2):  # the second client goes on where the first one stopped
        with connect(node, token, source="till") as till:
            mine = till.record(PAYMENT)
            assert mine.source == "till"
            assert till.receipt(mine.index).record.index == mine.index
            with pytest.raises(Refused):
                till.record(PAYMENT, source="other")
    assert [number for number, _ in ledger.numbered("till")] == [0, 1]


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("ftp://x", "remote.url"),
        ("http://a:b@127.0.0.1", "remote.url"),
        ("http://127.0.0.1/?a=1", "remote.url"),
        ("127.0.0.1:80", "remote.url"),
        ("http://ledger.example", "remote.plain-http"),
    ],
)
def test_addresses(url: str, code: str) -> None:
    """An address that is none is refused, and a key never leaves this machine in the clear."""
    with pytest.raises(InputError) as caught:
        connect(url, "key")
    assert caught.value.code == code


def test_a_key_from_the_environment(node: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The key may stand in the environment; one that cannot be a key is refused."""
    monkeypatch.setenv("COUNTERFOIL_KEY", "writer")
    with connect(node) as opened:
        assert opened.record(PAYMENT).index > 0
    with pytest.raises(InputError) as caught:
        connect(node, "a\r\nb: c")
    assert caught.value.code == "remote.key"


def test_verified(ledger: Ledger, node: str, tmp_path: Path) -> None:
    """With verify, receipts and checkpoints are held to the key that was shown at first."""
    state = tmp_path / "state"
    with connect(node, "operator", verify=True, state=state) as remote:
        for _ in range(3):
            remote.receipt(remote.record(PAYMENT).index)
        remote.publish()
        remote.published()
    with connect(node, "operator", verify=True, state=state) as again:
        again.receipt(0)
    pinned = next((state / "nodes").iterdir())
    said = json.loads(pinned.read_bytes())
    with counterfoil.open(tmp_path / "other", create=True) as stranger:
        other = policies.format(stranger.policy).decode()
    pinned.write_text(json.dumps({**said, "policy": other}))
    with connect(node, "operator", verify=True, state=state) as fooled:
        with pytest.raises(VerificationError) as caught:
            fooled.receipt(0)
        assert caught.value.code == "remote.log-key"
    with (
        connect(node, "operator", verify=True, state=state, policy=other) as own,
        pytest.raises(VerificationError),
    ):
        own.receipt(0)


def test_two_meet_a_node_at_once(ledger: Ledger, tmp_path: Path) -> None:
    """Of two that are shown different keys at the same time, one is believed, here and later."""
    with counterfoil.open(tmp_path / "other", create=True) as stranger:
        shown = [policies.format(one.policy).decode() for one in (ledger, stranger)]
    together = threading.Barrier(2)

    def meet(policy: str) -> str:
        def offered() -> str:
            together.wait(30)
            return policy

        try:
            Pins("https://node.example", offered, state=tmp_path)
        except VerificationError as err:
            return err.code
        return "met"

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(meet, shown)) == ["met", "remote.log-key"]
    (pinned,) = (tmp_path / "nodes").iterdir()
    assert stat.S_IMODE(pinned.stat().st_mode) == 0o600


def test_another_history(ledger: Ledger, node: str, tmp_path: Path) -> None:
    """A log that was put back to an older state and went on otherwise is found out."""
    state, early = tmp_path / "state", tmp_path / "early"
    ledger.publish()
    shutil.copytree(ledger.layout.folder, early, ignore=shutil.ignore_patterns("owner.*"))
    with connect(node, "operator", verify=True, state=state) as remote:
        remote.receipt(remote.record(PAYMENT).index)
    with counterfoil.open(early) as back:
        for n in range(3):
            back.record({"other": n})
        with served(back, fast=True) as url:
            moved = connect(url, "operator", verify=True, state=state, policy=ledger.policy)
            with moved, pytest.raises(VerificationError) as caught:
                moved.receipt(0)
    assert caught.value.code.startswith(("proof.", "seen.forked"))  # by which size was published


def test_events(ledger: Ledger, node: str) -> None:
    """New records are heard as they come, from a place on, and none twice."""
    with connect(node, "reader") as remote, ExitStack() as stack:
        first = ledger.record({"n": 1}).index
        heard = remote.events(after=first - 1, event="record")
        stack.callback(cast("Any", heard).close)
        assert next(heard).index == first
        timer = threading.Timer(0.2, ledger.record, [{"n": 2}])
        timer.start()
        found = next(heard)
        timer.join()
        assert (found.kind, found.index) == ("record", ledger.size - 1)


def test_no_node() -> None:
    """A node that is not there is Unavailable, after some tries, and closing is quick."""
    with (
        connect("http://127.0.0.1:9", "key", patience_s=0.3) as remote,
        pytest.raises(Unavailable) as caught,
    ):
        remote.record(PAYMENT)
    assert caught.value.code == "remote.away"
    with pytest.raises(Unavailable):
        remote.record(PAYMENT)
