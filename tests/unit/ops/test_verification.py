"""Verifying from bytes and policy alone."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from counterfoil.errors import InputError, NotFound, VerificationError
from counterfoil.formats import policy as policies
from counterfoil.formats import tlog_proof
from counterfoil.formats.tlog_proof import TlogProof
from counterfoil.ledger import open_ledger
from counterfoil.ops import ledgers, receipts, verification
from counterfoil.ops.batch import batch
from counterfoil.ops.verification import verify_bytes
from counterfoil.ports import STANDARD_STREAM, Channel


@pytest.fixture
def sold(shop: Path, tmp_path: Path, channel: Channel) -> Path:
    """Give a ledger with rows under a batch signature."""
    (tmp_path / "rows.csv").write_text("n\n0\n1\n2\n")
    batch(tmp_path / "rows.csv", ledger=shop, channel=channel)
    return shop


def receipt_of(ledger: Path, out: Path, index: int = 4, **more: bool) -> bytes:
    """Write a receipt and give its bytes."""
    receipts.get(str(index), out=out, ledger=ledger, **more)
    return out.read_bytes()


def test_a_receipt_proves_who_said_what_where(sold: Path, tmp_path: Path, channel: Channel) -> None:
    """Grade, place, signer and content come from the file and the policy alone."""
    receipt_of(sold, tmp_path / "r.json")
    policy = (sold / "policy.txt").rename(tmp_path / "policy.txt")
    sold.rename(tmp_path / "gone")
    proven = verification.verify(tmp_path / "r.json", policy=policy, channel=channel)
    assert (proven.grade, proven.form) == ("self-witnessed", "json")
    assert (proven.index, proven.record["content"]) == (4, {"n": "1"})
    assert proven.signer is not None
    assert proven.signer.organisation == "https://shop.example"
    assert (proven.content, proven.row) == (None, None)
    assert [witness.name for witness in proven.witnesses] == ["self"]


def test_a_page_proves_the_same_and_a_proof_less(
    sold: Path, tmp_path: Path, channel: Channel
) -> None:
    """The HTML page proves what its receipt does; a tlog-proof does not say who signed."""
    policy = sold / "policy.txt"
    page = Channel(io.BytesIO(receipt_of(sold, tmp_path / "r.html", html=True)), io.BytesIO())
    proven = verification.verify(STANDARD_STREAM, policy=policy, channel=page)
    assert (proven.form, proven.index) == ("html", 4)
    receipt_of(sold, tmp_path / "r.tlog-proof", tlog_proof=True)
    shown = verification.verify(tmp_path / "r.tlog-proof", policy=policy, channel=channel)
    assert (shown.form, shown.index, shown.signer) == ("tlog-proof", 4, None)
    assert shown.leaf == proven.leaf


def test_a_proof_of_another_tool_needs_the_entry(
    sold: Path, tmp_path: Path, channel: Channel
) -> None:
    """A tlog-proof without its entry is verified with --entry, and refused without."""
    whole = tlog_proof.parse(receipt_of(sold, tmp_path / "r.tlog-proof", tlog_proof=True))
    bare = tlog_proof.format(TlogProof(whole.index, whole.path, whole.checkpoint))
    (tmp_path / "bare").write_bytes(bare)
    (tmp_path / "entry").write_bytes(whole.extra or b"")
    policy = sold / "policy.txt"
    proven = verification.verify(
        tmp_path / "bare", policy=policy, entry=tmp_path / "entry", channel=channel
    )
    assert proven.index == 4
    with pytest.raises(VerificationError, match="without it") as found:
        verification.verify(tmp_path / "bare", policy=policy, channel=channel)
    assert found.value.code == "verify.malformed"


def test_a_row_of_a_block_is_shown_with_what_it_says(
    shop: Path, tmp_path: Path, channel: Channel
) -> None:
    """A row's receipt proves that row of that block."""
    with open_ledger(shop) as ledger:
        ledger.record_block([{"n": 0}, {"n": 1}])
    receipts.get("3", out=tmp_path / "row.json", ledger=shop, row=1)
    proven = verification.verify(tmp_path / "row.json", policy=shop / "policy.txt", channel=channel)
    assert (proven.row, proven.content, proven.record["kind"]) == (1, '{"n":1}', "block")


@pytest.mark.parametrize("form", ["json", "tlog-proof"])
def test_any_changed_byte_fails_the_verification(sold: Path, tmp_path: Path, form: str) -> None:
    """Whichever byte of a receipt is changed, also so that it cannot be read: it fails, as such."""
    policy = policies.parse((sold / "policy.txt").read_bytes())
    data = receipt_of(sold, tmp_path / "r", tlog_proof=form == "tlog-proof")
    assert verify_bytes(data, policy).index == 4
    for at in range(0, len(data) - 1, 7):
        changed = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
        with pytest.raises(VerificationError):
            verify_bytes(changed, policy)


@pytest.mark.parametrize("data", [b"", b"\0", b"<html>", b"{}", b"c2sp.org/tlog-proof@v1\n"])
def test_what_is_no_receipt_fails_the_verification(sold: Path, data: bytes) -> None:
    """A file that is no receipt is not a wrong use of the command: it proves nothing."""
    policy = policies.parse((sold / "policy.txt").read_bytes())
    with pytest.raises(VerificationError) as found:
        verify_bytes(data, policy)
    assert (found.value.code, found.value.exit_status) == ("verify.malformed", 1)
    assert found.value.hint


def test_a_file_that_holds_no_receipt_fails_the_verification(
    sold: Path, tmp_path: Path, channel: Channel
) -> None:
    """Nothing, a folder, and more than any receipt: each is a failed verification, status 1."""
    (tmp_path / "empty").touch()
    (tmp_path / "folder").mkdir()
    with (tmp_path / "huge").open("wb") as file:
        file.truncate(20 << 20)
    for name in ("empty", "folder", "huge"):
        with pytest.raises(VerificationError) as found:
            verification.verify(tmp_path / name, policy=sold / "policy.txt", channel=channel)
        assert (found.value.code, found.value.exit_status) == ("verify.malformed", 1)


def test_another_ledgers_policy_does_not_trust_it(
    sold: Path, tmp_path: Path, channel: Channel
) -> None:
    """A wrong policy fails the verification; one that cannot be read is a wrong use."""
    other = ledgers.init(tmp_path / "other")
    receipt_of(sold, tmp_path / "r.json")
    with pytest.raises(VerificationError):
        verification.verify(tmp_path / "r.json", policy=Path(other.policy), channel=channel)
    (tmp_path / "bad.txt").write_text("trust everybody\n")
    with pytest.raises(InputError):
        verification.verify(tmp_path / "r.json", policy=tmp_path / "bad.txt", channel=channel)
    with pytest.raises(NotFound):
        verification.verify(tmp_path / "none", policy=sold / "policy.txt", channel=channel)
