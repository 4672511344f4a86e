"""Change any stage of the finance story, and see which check catches it, in a shell alone.

What is caught, by which command and in which word is the table of docs/explain/tampering.md.
"""

from __future__ import annotations

import base64
import json
import re
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from counterfoil.act import Actor
from counterfoil.apps.finance.attempts import refusals, used_verdict
from counterfoil.apps.finance.story import MODEL, PAYMENTS, RECEIPT, demo
from counterfoil.errors import CounterfoilError
from counterfoil.formats.entry import VERDICT_TYPE_WORD
from counterfoil.ledger import open_ledger
from counterfoil.ledger.state import STATE_ENVIRONMENT
from counterfoil.ports import no_progress
from tests.journeys.command_line import forked as counterfoil

PAGE = Path(__file__).parents[2] / "docs" / "explain" / "tampering.md"


@dataclass(frozen=True)
class Story:
    """The story's folder, the state folder beside it, and what a reader outside of both keeps."""

    place: Path

    @property
    def folder(self) -> Path:
        return self.place / "story"

    @property
    def ledger(self) -> Path:
        return self.folder / "ledger"

    @property
    def kept(self) -> Path:
        return self.place / "kept"

    @property
    def held(self) -> int:
        """The case whose receipt the story took."""
        index: int = json.loads((self.kept / RECEIPT).read_bytes())["record"]["index"]
        return index

    def copied(self, to: Path, patch: pytest.MonkeyPatch) -> Story:
        """Copy all of it, and let this process and its children use the copy's state."""
        shutil.copytree(self.place, to)
        patch.setenv(STATE_ENVIRONMENT, str(to / "state"))
        return Story(to)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """Play the story once."""
    story = Story(tmp_path_factory.mktemp("finance"))
    story.folder.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(STATE_ENVIRONMENT, str(story.place / "state"))
        scenes = [scene.name for scene in demo(story.folder, no_progress)]
    assert scenes == ["train", "desk", "stream", "hold", "decide", "prove", "limits"]
    story.kept.mkdir()
    for name in ("policy.txt", "anchors.json"):
        shutil.copyfile(story.ledger / name, story.kept / name)
    shutil.copyfile(story.folder / RECEIPT, story.kept / RECEIPT)
    return story


def flip(path: Path, at: int | None = None) -> None:
    """Change one bit of a file: in its middle, unless told."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2 if at is None else at] ^= 1
    path.chmod(0o600)
    path.write_bytes(bytes(data))


def flip_entry(story: Story, entry: bytes, at: int) -> None:
    """Change one bit of an entry in the published files, in every one that holds it."""
    files = [path for path in (story.ledger / "tile/entries").rglob("*") if path.is_file()]
    holding = [path for path in files if entry in path.read_bytes()]
    assert holding
    for path in holding:
        flip(path, path.read_bytes().index(entry) + at)


def training_data(story: Story) -> None:
    """Call a payment of the training file a fraud that was none."""
    path = story.folder / PAYMENTS
    path.write_text(path.read_text().replace(",0\n", ",1\n", 1))


def model_in_service(story: Story) -> None:
    """Change the file that payments are scored with."""
    flip(story.folder / MODEL / "model.onnx")


def recorded_model(story: Story) -> None:
    """Change the recorded model's bytes beside the log."""
    with open_ledger(story.ledger, read_only=True) as ledger:
        digest = ledger.models.get("payment-fraud").digest
    assert digest is not None
    flip(story.ledger / "payload" / digest[:2] / digest)


def feature(story: Story) -> None:
    """Overwrite the sealed features of every decision."""
    with closing(sqlite3.connect(story.ledger / "vault.db")) as db:
        db.execute("UPDATE sealed SET bytes = zeroblob(length(bytes))")
        db.commit()


def decision(story: Story) -> None:
    """Change the decision in the published log."""
    with open_ledger(story.ledger, read_only=True) as ledger:
        entry = ledger.entry(story.held)
    flip_entry(story, entry, len(entry) // 2)


def verdict(story: Story) -> None:
    """Change a verdict in the published log."""
    flip_entry(story, VERDICT_TYPE_WORD, 32 * 11)


def rollback(story: Story) -> None:
    """Put the ledger's folder back to before the person decided: its database and its tiles."""
    with open_ledger(story.ledger) as ledger:
        ledger.record({"a later": "record"})
        ledger.publish()
    before = story.place.parent / "before"
    shutil.rmtree(story.folder)
    shutil.copytree(before, story.folder)


def anchor(story: Story) -> None:
    """Change the anchored root in the chain's own file."""
    note = json.loads((story.kept / RECEIPT).read_bytes())["checkpoint"]
    root = base64.b64decode(note.splitlines()[2])
    changed = bytes([root[0] ^ 1]) + root[1:]
    with closing(sqlite3.connect(story.ledger / "chain.db")) as db:
        rows = db.execute("SELECT key, value FROM node").fetchall()
        rows = [(value.replace(root, changed), key) for key, value in rows if root in value]
        assert rows
        db.executemany("UPDATE node SET value = ? WHERE key = ?", rows)
        db.commit()


def receipt(story: Story) -> None:
    """Change one letter of the receipt."""
    path = story.kept / RECEIPT
    path.write_bytes(path.read_bytes().replace(b"ey", b"eZ", 1))


Words = tuple[str | Path, ...]


def match(story: Story) -> Words:
    data = story.folder / PAYMENTS
    return "dataset", "match", "payment-fraud-training", data, "--ledger", story.ledger


def score(story: Story) -> Words:
    out, data = story.place / "scores.csv", story.folder / PAYMENTS
    return "finance", "score", data, "--model", story.folder / MODEL, "-o", out


def replay(story: Story) -> Words:
    return "replay", str(story.held), "--actor", "auditor", "--ledger", story.ledger


def audit(story: Story) -> Words:
    return "audit", "--ledger", story.ledger


def verify(story: Story) -> Words:
    return "verify", story.kept / RECEIPT, "--policy", story.kept / "policy.txt"


def verify_on_chain(story: Story) -> Words:
    chain = f"embedded:{story.ledger / 'chain.db'}"
    return *verify(story), "--anchors", story.kept / "anchors.json", "--rpc", chain


STAGES: dict[Callable[[Story], None], tuple[Callable[[Story], Words], str]] = {
    training_data: (match, '"same":false'),
    model_in_service: (score, "fraud.model-changed"),
    recorded_model: (replay, "replay.model-damaged"),
    feature: (replay, "sealed.damaged"),
    decision: (audit, "audit.bundle-changed"),
    verdict: (audit, "audit.bundle-changed"),
    rollback: (replay, "witness.rolled-back"),
    anchor: (verify_on_chain, "anchor.differs"),
    receipt: (verify, "proof.root-mismatch"),
}
"""What is changed, the command that catches it, and the word in which it says so."""


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.__name__)
def test_a_changed_stage_is_caught(
    told: Story, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stage: Callable[[Story], None]
) -> None:
    """Before the change the command is content; after it, it names what is wrong."""
    command, code = STAGES[stage]
    if stage is rollback:
        shutil.copytree(told.folder, tmp_path / "before")
    story = told.copied(tmp_path / "copy", monkeypatch)
    if stage is not rollback:  # which is about what the witness saw since
        before = counterfoil(*command(story), COUNTERFOIL_OUTPUT="json")
        assert before.status == 0, before.err
    stage(story)
    after = counterfoil(*command(story), COUNTERFOIL_OUTPUT="json")
    assert after.status in (1, 4), after  # it does not hold, or is refused
    assert code in after.out.decode() + after.err


@pytest.mark.parametrize("what", [what for what, _, _ in refusals()])
def test_the_gate_lets_nobody_around_it(
    told: Story, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """A verdict that was used is refused in every other use, each with its own error."""
    code, act = next((code, act) for name, code, act in refusals() if name == what)
    story = told.copied(tmp_path / "copy", monkeypatch)
    with open_ledger(story.ledger) as ledger, Actor(ledger) as actor:
        used = used_verdict(actor)
        with pytest.raises(CounterfoilError) as caught:
            act(used)
    assert caught.value.code == code


def test_the_table_says_what_is_tested() -> None:
    """The page lists each change with its command and code, and nothing else."""
    rows = re.findall(r"^\| .* \| .* \| `(.*)` \|$", PAGE.read_text(), re.MULTILINE)
    assert rows == [
        *(code for _, code in STAGES.values()),
        *(code for _, code, _ in refusals()),
    ]
