"""A ledger and other organisations' witnesses, over real HTTP: who answers counts, no one harms."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

import counterfoil
from counterfoil.errors import FatalLogError, VerificationError
from counterfoil.formats import note as notes
from counterfoil.formats import receipt as receipts
from counterfoil.formats.vkey import KeyType, VerifierKey
from counterfoil.ledger import Layout, Ledger
from counterfoil.ledger.policy_file import read_policy, replace_policy
from counterfoil.ops.serving import serving
from counterfoil.ports import SystemClock
from counterfoil.proofs.signing import NoteSigner, signing_key
from counterfoil.proofs.verify import verify_receipt
from counterfoil.witness import Witness, WitnessMemory
from counterfoil.witness.app import WitnessApp
from counterfoil.witness.quorum import with_witness
from tests.ledgers import parts_of, set_setting
from tests.log_rig import raises_code
from tests.polling import until


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give this test's user a memory of its own."""
    monkeypatch.setenv("COUNTERFOIL_STATE", str(tmp_path / "state"))
    return tmp_path / "state"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """Make a ledger that publishes without a pause."""
    folder = tmp_path / "shop"
    counterfoil.open(folder, create=True).close()
    set_setting(folder, "publish_interval_s", "0.01")
    return folder


class Others:
    """Witnesses of other organisations, each a server of its own that can be stopped."""

    def __init__(self, folder: Path, ledger: Path, names: tuple[str, ...]) -> None:
        logs = [log.key for log in read_policy(Layout(ledger)).logs]
        self.apps: dict[str, WitnessApp] = {}
        self.keys: dict[str, VerifierKey] = {}
        self.urls: dict[str, str] = {}
        self.witnesses: dict[str, Witness] = {}
        for number, name in enumerate(names):
            seed = bytes([number + 1]) * 32
            signer = NoteSigner(signing_key(f"{name}.example", KeyType.COSIGNATURE_ED25519, seed))
            memory = WitnessMemory(folder / f"{name}.db", create=True)

            def keys(origin: str) -> list[VerifierKey] | None:
                return logs if origin == logs[0].name else None

            self.witnesses[name] = Witness(memory, [signer], keys, SystemClock())
            self.apps[name] = WitnessApp(self.witnesses[name])
            self.keys[name] = signer.public

    @contextmanager
    def up(self, *names: str) -> Iterator[None]:
        """Let some of them serve."""
        with ExitStack() as stack:
            for name in names:
                listen = self.urls.get(name, "http://127.0.0.1:0").removeprefix("http://")
                self.urls[name] = stack.enter_context(serving(self.apps[name], listen))
            yield

    def join(self, ledger: Path) -> None:
        """Put all of them into the ledger's policy."""
        policy = read_policy(Layout(ledger))
        for name, key in self.keys.items():
            policy = with_witness(policy, name, key, self.urls[name])
        replace_policy(Layout(ledger), policy)


def grade_of(ledger: Ledger, index: int) -> str:
    """Make a receipt and verify it as its reader does."""
    text = receipts.format(ledger.receipt(index))
    return verify_receipt(text, ledger.layout.policy.read_bytes()).grade


def test_more_than_half(shop: Path, tmp_path: Path) -> None:
    """Two of three other witnesses suffice; the operator's own is not counted among them."""
    others = Others(tmp_path, shop, ("alpha", "beta", "gamma"))
    with others.up("alpha", "beta", "gamma"):
        others.join(shop)
        with counterfoil.open(shop) as ledger:
            assert grade_of(ledger, ledger.record({"n": 1}).index) == "witnessed 3 of 3"
    with others.up("alpha", "beta"), counterfoil.open(shop) as ledger:
        index = ledger.record({"n": 2}).index
        assert grade_of(ledger, index) == "witnessed 2 of 3"
        assert set(parts_of(ledger).witnesses.failures) == {"gamma"}


def test_without_a_quorum_records_go_on(shop: Path, tmp_path: Path) -> None:
    """Cut off from its witnesses a ledger records; receipts meet the quorum once they are back."""
    others = Others(tmp_path, shop, ("alpha", "beta", "gamma"))
    with others.up("alpha", "beta", "gamma"):
        others.join(shop)
        with counterfoil.open(shop) as ledger:
            vouched = ledger.record({"n": 1}).index
            ledger.publish()
    with counterfoil.open(shop) as ledger:
        alone = ledger.record({"n": 2}).index
        with raises_code("trust.quorum", VerificationError):
            grade_of(ledger, alone)
        # What stood in the last vouched-for checkpoint is proven under that one.
        assert grade_of(ledger, vouched) == "witnessed 3 of 3"
        with others.up("alpha", "beta", "gamma"):
            assert until(lambda: _meets(ledger, alone), 90)


def _meets(ledger: Ledger, index: int) -> bool:
    try:
        return grade_of(ledger, index).startswith("witnessed")
    except VerificationError:
        return False


def test_two_histories_shown_to_two_witnesses(
    shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever rolls back the own witness too is stopped by another's, which has the proof."""
    others = Others(tmp_path, shop, ("alpha",))
    with others.up("alpha"):
        others.join(shop)
        shutil.copytree(shop, tmp_path / "twin")
        shutil.copytree(tmp_path / "state", tmp_path / "twin-state")
        with counterfoil.open(shop) as ledger:
            ledger.record({"said": "here"})
            ledger.publish()
        monkeypatch.setenv("COUNTERFOIL_STATE", str(tmp_path / "twin-state"))
        twin = counterfoil.open(tmp_path / "twin")
        twin.record({"said": "there"})
        with raises_code("witness.forked", FatalLogError) as caught:
            twin.publish()
        assert "alpha" in caught.value.message
        with pytest.raises(FatalLogError):
            twin.close()
        monkeypatch.setenv("COUNTERFOIL_STATE", str(tmp_path / "state"))
        with counterfoil.open(shop, read_only=True) as ledger:
            cosigned = others.witnesses["alpha"].latest(ledger.origin)
            assert cosigned is not None
            assert notes.parse(cosigned).text == notes.parse(ledger.published()).text


def test_a_witness_that_lies_stops_nobody(shop: Path, tmp_path: Path) -> None:
    """A witness that says it saw more, with nothing to show, is left alone."""

    async def liar(scope: object, receive: object, send: object) -> None:
        assert callable(send)
        headers = [(b"content-type", b"text/x.tlog.size")]
        await send({"type": "http.response.start", "status": 409, "headers": headers})
        await send({"type": "http.response.body", "body": b"999999\n"})

    others = Others(tmp_path, shop, ("alpha", "beta", "gamma"))
    others.apps["gamma"] = liar  # type: ignore[assignment]  # it is no witness
    with others.up("alpha", "beta", "gamma"):
        others.join(shop)
        with counterfoil.open(shop) as ledger:
            for n in range(3):
                assert grade_of(ledger, ledger.record({"n": n}).index) == "witnessed 2 of 3"


def test_evidence_is_kept(shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other witness keeps both checkpoints, signed by the log, of one size and two roots."""
    others = Others(tmp_path, shop, ("alpha",))
    with others.up("alpha"):
        others.join(shop)
        shutil.copytree(shop, tmp_path / "twin")
        shutil.copytree(tmp_path / "state", tmp_path / "twin-state")
        with counterfoil.open(shop) as ledger:
            ledger.record({"said": "here"})
            origin = ledger.origin
        monkeypatch.setenv("COUNTERFOIL_STATE", str(tmp_path / "twin-state"))
        twin = counterfoil.open(tmp_path / "twin")
        twin.record({"said": "there"})
        with pytest.raises(FatalLogError):
            twin.close()
    kept = others.witnesses["alpha"]._memory.evidence(origin)
    assert [one.kind for one in kept] == ["fork"]
