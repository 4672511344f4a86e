"""Lists of labelled accounts, and the detectors over real blocks."""

from __future__ import annotations

from pathlib import Path

import pytest

from counterfoil.errors import InputError, NotFound
from counterfoil.insight.opening import open_tables
from counterfoil.insight.threats import (
    approval_phishing,
    drains,
    fee_anomalies,
    known_bad,
    merge,
    poisoning,
    ponzi,
    read_known,
    wash_trades,
)
from counterfoil.ports import Finding
from tests.shared_data import data_path

ONE, TWO = "0x" + "1a" * 20, "0x" + "2b" * 20


def test_lists_are_read_in_any_of_their_shapes(tmp_path: Path) -> None:
    """A heading or none, any case, a label or none; the first list that names an account counts."""
    first, second, empty = (tmp_path / name for name in ("a.csv", "b.txt", "c.csv"))
    first.write_text(f"x,banned_address,wallet_tag\n1,{ONE.upper().replace('X', 'x')},Fake\n")
    second.write_text(f"{ONE}\n{TWO}\n\n")
    empty.write_text("")
    assert read_known([first, second, empty]) == {ONE: "Fake", TWO: "b"}


BAD = {
    "no column": b"who,what\na,b\n",
    "no address": b"address\n0x12\n",
    "short row": f"label,address\nx,{ONE}\ny\n".encode(),
    "no text": b"address\n\xff\n",
    "no csv": b'address\n"0x' + b"1" * 2_000_000 + b'"\n',
}


@pytest.mark.parametrize("what", BAD)
def test_a_list_that_cannot_be_meant_is_refused(what: str, tmp_path: Path) -> None:
    """A typing error labels nobody silently."""
    file = tmp_path / "list.csv"
    file.write_bytes(BAD[what])
    with pytest.raises(InputError) as raised:
        read_known([file])
    assert raised.value.code == "threats.known"


def test_a_missing_list_is_told(tmp_path: Path) -> None:
    """No list, no labels: said, not assumed."""
    with pytest.raises(NotFound):
        read_known([tmp_path / "none.csv"])


def test_public_lists_of_labels_are_read() -> None:
    """The three public lists: 8,233 rows, of accounts of which many are in two of them."""
    files = sorted(data_path("eth_malicious_labels").glob("*.csv"))
    assert len(files) == 3
    assert len(read_known(files)) == 4144


def test_real_blocks_are_searched_and_one_dear_transaction_is_told() -> None:
    """Two blocks of mainnet: a trading bot that paid 37 times the usual price, and nobody else."""
    with open_tables(data_path("eth_raw_blocks"), threads=1) as tables:
        said = [*fee_anomalies(tables)]
        for detector in (poisoning, approval_phishing, drains, ponzi, wash_trades):
            said += detector(tables)
        bot = said[0].account
        near = list(known_bad(tables, {bot: "bot"}))
    assert [(one.kind, one.account[:6]) for one in said] == [("fee-anomaly", "0xae2f")]
    assert near[0].account == bot
    assert len(near) == 2


def test_findings_of_one_account_are_merged() -> None:
    """The strongest words stay, with the transactions of all, the best first."""
    weak = Finding(ONE, "k", 0.5, "weak", ("0xa",))
    strong = Finding(ONE, "k", 0.9, "strong", ("0xb",))
    other = Finding(TWO, "k", 0.7, "other", ("0xc",))
    merged = merge([weak, other, strong])
    assert [(one.why, one.transactions) for one in merged] == [
        ("strong", ("0xb", "0xa")),
        ("other", ("0xc",)),
    ]
