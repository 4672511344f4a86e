"""`counterfoil.verify`: from what is at hand, and from files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import counterfoil
from counterfoil.errors import InputError, NotFound, VerificationError
from counterfoil.formats import policy as policies
from counterfoil.formats import receipt as parsed_receipts
from counterfoil.ops import receipts
from tests.statements import refused


@pytest.fixture
def files(shop: Path, tmp_path: Path) -> tuple[Path, Path]:
    """Give the files of a receipt and of a policy."""
    receipts.get("0", out=tmp_path / "r.json", ledger=shop)
    receipts.get("0", out=tmp_path / "r.html", ledger=shop, html=True)
    receipts.get("0", out=tmp_path / "r.proof", ledger=shop, tlog_proof=True)
    return tmp_path / "r.json", shop / "policy.txt"


def test_a_receipt_is_taken_in_each_form(files: tuple[Path, Path]) -> None:
    """Parsed, as bytes, as text, as a page and as a path: each proves the same."""
    receipt, policy = files
    data, trust = receipt.read_bytes(), policy.read_bytes()
    forms: list[Any] = [receipt, receipt.with_suffix(".html"), data, data.decode()]
    for form in [*forms, parsed_receipts.parse(data)]:
        for trusted in (policy, trust, trust.decode(), policies.parse(trust)):
            assert counterfoil.verify(form, trusted).index == 0


def test_the_name_of_a_file_is_not_taken_for_what_is_in_it(files: tuple[Path, Path]) -> None:
    """A text that looks like a path is told so, and how to say that it is one."""
    receipt, policy = files
    with pytest.raises(InputError, match="looks like the name of a file") as found:
        counterfoil.verify(str(receipt), policy)
    assert found.value.hint == f"Give pathlib.Path({str(receipt)!a})."
    with refused("verify.argument"):
        counterfoil.verify(receipt, "policy.txt")
    other: Any = 7
    with refused("verify.argument"):
        counterfoil.verify(other, policy)


def test_what_cannot_be_read_is_told_as_everywhere(files: tuple[Path, Path]) -> None:
    """A missing file, another file of ours, and bytes that were changed."""
    receipt, policy = files
    with pytest.raises(NotFound, match="found none"):
        counterfoil.verify(receipt.with_name("gone"), policy)
    with pytest.raises(InputError, match="expected a receipt, found a tlog-proof"):
        counterfoil.verify(receipt.with_suffix(".proof"), policy)
    with pytest.raises(VerificationError):
        counterfoil.verify(receipt.read_bytes().replace(b'"index":0', b'"index":1'), policy)
