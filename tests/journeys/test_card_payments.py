"""Card payments of a public data set, through the command line, checked by others.

The first 60,000, and in a campaign all 268,119. The tree is rebuilt by pymerkle, which shares no
line with ours, from the published files alone; statements are read by in-toto's own parser.
"""

from __future__ import annotations

import base64
import json
import os
import random
from collections.abc import Iterator
from pathlib import Path

import in_toto_attestation.v1.statement_pb2 as statement_pb2
import pyarrow.parquet as pq
import pymerkle
import pytest
from google.protobuf import json_format
from in_toto_attestation.v1.statement import Statement

from counterfoil.formats import policy as policies
from counterfoil.ledger import open_ledger
from counterfoil.ops.receipt_files import format_receipt
from counterfoil.ops.verification import verify_bytes
from tests.journeys.command_line import forked as counterfoil
from tests.shared_data import data_path

WHOLE = os.environ.get("COUNTERFOIL_CAMPAIGN") == "full"
PAYMENTS = 268_119 if WHOLE else 60_000
SAMPLE = 60


def published_entries(folder: Path, size: int) -> Iterator[bytes]:
    """Read the entry bundles as the C2SP specification says, without our code."""
    for number in range(-(-size // 256)):
        width = min(256, size - number * 256)
        name = f"{number:03d}" if number < 1000 else f"x{number // 1000:03d}/{number % 1000:03d}"
        path = folder / "tile" / "entries" / (name if width == 256 else f"{name}.p/{width}")
        data = path.read_bytes()
        at = 0
        while at < len(data):
            length = int.from_bytes(data[at : at + 2], "big")
            yield data[at + 2 : at + 2 + length]
            at += 2 + length


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the file of the payments that are recorded."""
    whole = data_path("card_fraud_handbook") / "transactions.parquet"
    if WHOLE:
        return whole
    cut = tmp_path_factory.mktemp("cut") / "transactions.parquet"
    pq.write_table(pq.read_table(whole).slice(0, PAYMENTS), cut)
    return cut


@pytest.fixture(scope="module")
def shop(file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Record all payments once."""
    folder = tmp_path_factory.mktemp("payments") / "shop"
    counterfoil("init", folder, "--organisation", "https://bank.example").json()
    done = counterfoil("record", "batch", file, "--ledger", folder).json()
    assert (done["rows"], done["new"]) == (PAYMENTS, PAYMENTS)
    return folder


def test_the_log_of_every_payment_is_whole(shop: Path) -> None:
    """The audit reads every byte of it and finds no damage."""
    report = counterfoil("audit", "--ledger", shop).json()
    assert report["damaged"] is False
    assert report["entries_checked"] == report["size"] > PAYMENTS


@pytest.mark.campaign
def test_every_payment_is_known_and_found(file: Path, shop: Path) -> None:
    """Run again nothing is new, every signature holds, and frauds are found by what they say."""
    again = counterfoil("record", "batch", file, "--no-check", "--ledger", shop).json()
    assert (again["rows"], again["new"]) == (PAYMENTS, 0)
    assert counterfoil("audit", "--full", "--ledger", shop).json()["damaged"] is False
    frauds = pq.read_table(file, columns=["TX_FRAUD"]).column(0).to_pylist().count(1)
    words = ["record", "search", "TX_FRAUD=1", "--limit", "1000", "--ledger", str(shop)]
    page, found = counterfoil(*words).json(), 0
    while True:
        assert {hit["content"]["TX_FRAUD"] for hit in page["hits"]} == {1}
        found += len(page["hits"])
        if page["next"] is None:
            break
        page = counterfoil(*words, "--after", str(page["next"])).json()
    assert found == frauds


def test_an_independent_tree_has_the_same_root_and_paths(file: Path, shop: Path) -> None:
    """Pymerkle, fed with the published files, comes to the signed root and to our receipts' paths.

    Statements are read by in-toto's parser, and say what the data set says.
    """
    note = (shop / "checkpoint").read_text().splitlines()
    size, root = int(note[1]), base64.b64decode(note[2])
    entries = list(published_entries(shop, size))
    assert len(entries) == size
    tree = pymerkle.InmemoryTree.init_from_entries(entries)
    assert tree.get_root(size) == root
    policy = policies.parse((shop / "policy.txt").read_bytes())
    rows = pq.read_table(file)
    chosen = random.Random(268_119).sample(range(size), SAMPLE)
    with open_ledger(shop, read_only=True) as ledger:
        for index in chosen:
            receipt = ledger.receipt(index)
            assert verify_bytes(format_receipt(receipt, "json", ledger), policy).index == index
            proof = tree.prove_inclusion(index + 1, size)
            pymerkle.verify_inclusion(proof.path[0], root, proof, index=index + 1, size=size)
            assert proof.path[1:] == list(receipt.record.path)
            envelope = json.loads(entries[index])
            if envelope["payloadType"] != "application/vnd.in-toto+json":
                continue
            found = read(base64.b64decode(envelope["payload"]))
            predicate = json_format.MessageToDict(found.predicate)
            if found.predicate_type == "https://counterfoil.dev/record/v1":
                row = rows.slice(int(predicate["number"]), 1).to_pylist()[0]
                assert predicate["content"]["TRANSACTION_ID"] == row["TRANSACTION_ID"]
                assert predicate["content"]["TX_AMOUNT"] == row["TX_AMOUNT"]


def read(payload: bytes) -> statement_pb2.Statement:
    """Read a statement with in-toto's code, and validate it."""
    message = statement_pb2.Statement()
    json_format.Parse(payload, message)
    Statement.copy_from_pb(message).validate()
    return message


@pytest.mark.parametrize("flag", [[], ["--html"], ["--tlog-proof"]], ids=["json", "html", "tlog"])
def test_a_receipt_of_any_payment_verifies_far_away(
    shop: Path, tmp_path: Path, flag: list[str]
) -> None:
    """The command line proves a payment in the middle of them all, in each form."""
    out = tmp_path / "receipt"
    counterfoil("receipt", "get", str(PAYMENTS // 2), "--out", out, *flag, "--ledger", shop).json()
    proven = counterfoil("verify", out, "--policy", shop / "policy.txt", cwd=tmp_path).json()
    assert proven["index"] == PAYMENTS // 2
    data = out.read_bytes()
    at = data.index(b"ey", max(0, data.find(b'id="receipt">')))  # inside the entry
    out.write_bytes(data[:at] + b"eZ" + data[at + 2 :])
    assert counterfoil("verify", out, "--policy", shop / "policy.txt").status == 1
