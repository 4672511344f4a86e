"""Whoever hands a command another of our files hears which command takes it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from counterfoil.apps.quant.records import BUNDLE_TYPE
from counterfoil.errors import InputError
from counterfoil.formats.anchors import ANCHORS_TYPE
from counterfoil.formats.card import CARD_TYPE
from counterfoil.formats.disclosure import DISCLOSURE_TYPE
from counterfoil.formats.evidence import EVIDENCE_TYPE
from counterfoil.formats.proposal import PROPOSAL_TYPE
from counterfoil.ops import (
    dataset_records,
    monitors,
    packs,
    people,
    quant_records,
    receipts,
    verification,
)
from counterfoil.ops.kinds import kind_of
from counterfoil.ops.registry import OPERATIONS
from counterfoil.ports import Channel

READERS: dict[str, Callable[..., Any]] = {
    "a receipt": verification.verify,
    "a proof about a row": dataset_records.verify,
    "a disclosed field": people.verify_field,
    "evidence of two histories": monitors.verify,
    "an evidence pack": packs.check,
    "a track record": quant_records.verify,
}


@pytest.fixture
def ours(shop: Path, tmp_path: Path) -> Path:
    """Give a folder with a file of each kind, as much of it as tells its kind."""
    folder = tmp_path / "ours"
    folder.mkdir()
    receipts.get("0", out=folder / "a receipt", ledger=shop)
    receipts.get("0", out=folder / "a page", ledger=shop, html=True)
    receipts.get("0", out=folder / "a tlog-proof", ledger=shop, tlog_proof=True)
    packs.pack("0", out=folder / "an evidence pack", ledger=shop)
    packs.pack("0", out=folder / "a pack's page", ledger=shop, html=True)
    (folder / "a trust policy").write_bytes((shop / "policy.txt").read_bytes())
    (folder / "a checkpoint").write_bytes((shop / "checkpoint").read_bytes())
    (folder / "a proof about a row").write_text('{\n  "format": "counterfoil-row/v1"\n}')
    for words, kind in {
        "a disclosed field": DISCLOSURE_TYPE,
        "evidence of two histories": EVIDENCE_TYPE,
        "an organisation's card": CARD_TYPE,
        "a network's proposal": PROPOSAL_TYPE,
        "a list of anchors": ANCHORS_TYPE,
        "a track record": BUNDLE_TYPE,
    }.items():
        (folder / words).write_text(f'{{"type": "{kind}"}}')
    return folder


def test_each_kind_is_known_and_its_command_exists(ours: Path) -> None:
    """By its bytes alone, whatever its name; the command that is named is one of ours."""
    names = {operation.name for operation in OPERATIONS}
    pages = {"a page": "a receipt", "a pack's page": "an evidence pack"}
    for path in sorted(ours.iterdir()):
        kind = kind_of(path.read_bytes())
        assert kind is not None, path.name
        assert kind.words == pages.get(path.name, path.name)
        words = kind.command.split()
        assert " ".join(words[:1]) in names or " ".join(words[:2]) in names
    for data in (b"", b"{}", b"<!doctype html>", b'{"type":"x"}', b"n\n1\n", b"\xff\xfe"):
        assert kind_of(data) is None


@pytest.mark.parametrize("takes", READERS, ids=lambda words: words.replace(" ", "-"))
def test_another_kind_is_a_wrong_use_and_not_a_forgery(
    shop: Path, ours: Path, channel: Channel, takes: str
) -> None:
    """Each command that verifies files says what it got, with status 2 and the right command."""
    reader = READERS[takes]
    large = "a pack's page" if takes == "evidence of two histories" else ""  # told by its size
    more = {} if takes == "an evidence pack" else {"channel": channel}
    for path in ours.iterdir():
        kind = kind_of(path.read_bytes())
        assert kind is not None
        also = "a tlog-proof" if takes == "a receipt" else takes
        if kind.words in (takes, also) or path.name == large:
            continue
        with pytest.raises(InputError, match=f"^expected {takes}, found {kind.words} \\[") as found:
            reader(path, policy=shop / "policy.txt", **more)
        assert (found.value.code, found.value.exit_status) == ("file.kind", 2)
        assert found.value.hint == f"`counterfoil {kind.command}` takes it."
