"""Belonging to a network by the operations alone: cards and proposals are files that go around."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from counterfoil.cli.paint import Paint
from counterfoil.cli.text import network as text
from counterfoil.errors import InputError, NotFound, Refused, VerificationError
from counterfoil.formats import evidence as evidences
from counterfoil.formats.vkey import KeyType
from counterfoil.ledger import create_ledger, open_ledger
from counterfoil.ops import network
from counterfoil.ops.documents import DocumentFile
from counterfoil.ports import Document, SystemClock
from counterfoil.proofs import equivocation
from counterfoil.storage import KeyFiles
from tests.log_rig import raises_code
from tests.world import SimLog

PAINT = Paint(io.StringIO())


def made(parent: Path, name: str) -> tuple[Path, Path]:
    """Make a ledger, and write its organisation's card."""
    folder = parent / name
    organisation = f"https://{name}.example"
    create_ledger(folder, SystemClock(), name=name, organisation=organisation, witness=False)
    witness = parent / f"witness-{name}"
    KeyFiles(witness).create("witness", f"w.{name}.example", KeyType.COSIGNATURE_ED25519)
    path, url = parent / f"{name}.card.json", f"{organisation}/log"
    done = network.card(ledger=folder, witness=witness, log_url=url, out=path)
    assert done == DocumentFile(str(path), path.stat().st_size)
    assert next(text.card(done, PAINT)).endswith(" bytes)")
    return folder, path


def written(path: Path, document: Document | DocumentFile) -> Path:
    """Put what an operation hands over into a file."""
    assert isinstance(document, Document)
    path.write_bytes(b"".join(document.chunks))
    return path


@pytest.fixture
def founded(tmp_path: Path) -> tuple[Path, Path]:
    """Give the ledgers of the two founders of a network."""
    (bank, bank_card), (farm, farm_card) = made(tmp_path, "bank"), made(tmp_path, "farm")
    founding = written(tmp_path / "founding.json", network.found((bank_card, farm_card)))
    for ledger in (bank, farm):
        done = network.join(founding, ledger=ledger)
        assert done.members == ("https://bank.example", "https://farm.example")
        assert "2 members" in "\n".join(text.join(done, PAINT))
    return bank, farm


def test_founders_see_each_other(founded: tuple[Path, Path], tmp_path: Path) -> None:
    """Both see the same charter; it asks for both of them, and for the other's cosignature."""
    seen = [network.show(ledger=ledger, mirrors=tmp_path / "none") for ledger in founded]
    assert seen[0].charter == seen[1].charter
    assert (seen[0].needed, seen[0].quorum, seen[0].changes) == (2, 1, 0)
    assert [member.own for member in seen[0].members] == [True, False]
    shown = "\n".join(text.show(seen[0], PAINT))
    assert "https://farm.example" in shown
    assert "a change needs 2 of 2 members" in shown


def test_a_proposal_is_agreed_to_once(founded: tuple[Path, Path], tmp_path: Path) -> None:
    """The member's own log holds its voice; `update` changes nothing before there are enough."""
    bank, mirrors = founded[0], tmp_path / "none"
    leave = network.retire("https://farm.example", ledger=bank, mirrors=mirrors, why="closed")
    proposal = written(tmp_path / "leave.json", leave)
    done = network.agree(proposal, ledger=bank, mirrors=mirrors)
    assert "https://bank.example" in "\n".join(text.agree(done, PAINT))
    view = network.update(ledger=bank, mirrors=mirrors)
    assert view.members[0].agrees_to == done.charter
    assert "agrees to" in "\n".join(text.update(view, PAINT))
    with raises_code("network.voiced", Refused):
        network.agree(proposal, ledger=bank, mirrors=mirrors)


def test_an_invitation_needs_a_card_that_changes_something(
    founded: tuple[Path, Path], tmp_path: Path
) -> None:
    """A newcomer's card makes a proposal; a member's own card as it was makes none."""
    bank = founded[0]
    _, card = made(tmp_path, "mill")
    document = network.invite(card, ledger=bank, mirrors=tmp_path / "none")
    assert len(json.loads(written(tmp_path / "i.json", document).read_bytes())["parties"]) == 3
    with raises_code("network.no-change", Refused):
        network.invite(tmp_path / "bank.card.json", ledger=bank, mirrors=tmp_path / "none")
    lonely, _ = made(tmp_path, "lonely")
    with raises_code("network.none", NotFound):
        network.show(ledger=lonely)


def test_freezing_ends_a_log_for_good(founded: tuple[Path, Path], tmp_path: Path) -> None:
    """Another's last checkpoint is stated, one's own log ended, and then nothing is recorded."""
    bank, farm = founded
    with open_ledger(farm) as ledger:
        ledger.publish()
        (tmp_path / "farm.checkpoint").write_bytes(ledger.published())
    done = network.freeze(ledger=bank, checkpoint=tmp_path / "farm.checkpoint")
    assert f"entry {done.index}" in "\n".join(text.freeze(done, PAINT))
    with raises_code("network.own-checkpoint", Refused):
        network.freeze(ledger=farm, checkpoint=tmp_path / "farm.checkpoint")
    network.freeze(ledger=farm, successor="next.example/1", why="the key was stolen")
    with open_ledger(farm) as ledger, raises_code("log.frozen", Refused):
        ledger.record({"too": "late"})
    view = network.show(ledger=farm, mirrors=tmp_path / "none")
    assert [member.ended is not None for member in view.members] == [False, True]
    assert "ended with" in "\n".join(text.show(view, PAINT))


def test_evidence_is_recorded_when_it_holds(founded: tuple[Path, Path], tmp_path: Path) -> None:
    """A member records what convicts a log, and from then on its witness follows it no more."""
    bank, farm = founded
    key = KeyFiles(farm / "keys").load("log")
    one, two = SimLog(key, [b"a"]), SimLog(key, [b"b"])
    bundle = equivocation.make(one.signer.public, one.note(1), two.note(1))
    (tmp_path / "e.json").write_bytes(evidences.format(bundle))
    assert list((bank / "peers").glob("*.txt"))
    done = network.accuse(tmp_path / "e.json", ledger=bank, mirrors=tmp_path / "none")
    assert f"entry {done.index}" in "\n".join(text.accuse(done, PAINT))
    assert not list((bank / "peers").glob("*.txt"))
    view = network.show(ledger=bank, mirrors=tmp_path / "none")
    assert [member.convicted for member in view.members] == [False, True]
    assert "signed two histories" in "\n".join(text.show(view, PAINT))


def test_files_that_are_none_are_refused(tmp_path: Path) -> None:
    """A card is no proposal, nor the other way round; a card without its witness is not made."""
    folder, card = made(tmp_path, "mill")
    with raises_code("proposal.malformed", InputError):
        network.join(card, ledger=folder)
    with pytest.raises(InputError, match=r"card\.json: expected .*found a network's proposal"):
        network.found((written(tmp_path / "not-a-card.json", network.found((card,))),))
    with raises_code("network.no-witness", NotFound):
        network.card(ledger=folder, witness=tmp_path / "nothing")
    data = card.read_bytes().replace(b"https://mill.example", b"https://bank.example")
    (tmp_path / "other.json").write_bytes(data)
    with raises_code("claim.binding", VerificationError):
        network.found((tmp_path / "other.json",))
