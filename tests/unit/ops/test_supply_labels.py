"""Shoppers' pages from the command line: written, published, checked, with code and policy."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from counterfoil.apps.supply.events.capture import capture
from counterfoil.apps.supply.shopper import policy_digest
from counterfoil.apps.supply.shopper.publishing import (
    publish,
    published_page,
    published_policy,
)
from counterfoil.cli.paint import Paint
from counterfoil.cli.text.supply import labels as text
from counterfoil.errors import InputError, NotFound, Unavailable
from counterfoil.formats import policy as policies
from counterfoil.formats import receipt as receipts
from counterfoil.ledger import Layout, open_ledger
from counterfoil.ops.supply import labels
from counterfoil.ops.supply.labels import Labelled, PublishedPolicy
from counterfoil.ports import STANDARD_STREAM, Document
from tests.ledgers import copy_ledger
from tests.log_rig import raises_code
from tests.shopper_made import BRAND, CHEESE, chain, dairy
from tests.supply_made import item, seen

PLAIN = Paint(io.StringIO())


def policy_in(ledger: Path) -> bytes:
    """Give a ledger's own policy, without its comments."""
    return policies.format(policies.parse(Layout(ledger).policy.read_bytes()))


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    """Make a ledger with what the dairy saw."""
    folder = copy_ledger(tmp_path / "dairy")
    with open_ledger(folder) as opened:
        capture(opened, dairy())
    return folder


def test_a_page_is_written_with_its_code_and_checked(ledger: Path, tmp_path: Path) -> None:
    """The command writes page and code; the check passes by the code, and by the policy."""
    page, drawn = tmp_path / "page.html", tmp_path / "code.svg"
    made = labels.label_thing(
        CHEESE, out=page, brand=BRAND, qr=drawn, high_c="7", ledger=ledger
    )  # fmt: skip
    assert isinstance(made, Labelled)
    policy = Layout(ledger).policy
    assert (made.steps, made.left_out, made.bytes) == (3, 0, page.stat().st_size)
    assert made.code is not None
    assert made.code.endswith(f"#keys=sha256-{policy_digest(policy_in(ledger))}")
    assert drawn.read_bytes().startswith(b"<?xml")
    said = "\n".join(text.label_thing(made, PLAIN))
    assert made.code in said
    assert "label-check" in said
    by_code = labels.check_label(page, code=made.code)
    assert by_code.trust == "pinned"
    assert "verified by the keys that the code names" in "\n".join(text.check_label(by_code, PLAIN))
    assert labels.check_label(page, policy=policy).trust == "given"
    alone = "\n".join(text.check_label(labels.check_label(page), PLAIN))
    assert alone.startswith("intact by keys that came with the page")
    assert "witnessed by nobody" in alone


def test_a_page_goes_to_standard_output(ledger: Path) -> None:
    """Where no file is named the page itself is the answer; so is the policy."""
    made = labels.label_thing(CHEESE, out=STANDARD_STREAM, ledger=ledger)
    assert isinstance(made, Document)
    assert b"".join(made.chunks).startswith(b"<!doctype html>")
    policy = labels.label_policy(out=STANDARD_STREAM, ledger=ledger)
    assert isinstance(policy, Document)
    assert b"".join(policy.chunks) == policy_in(ledger)


def test_receipts_of_others_take_part(ledger: Path, tmp_path: Path) -> None:
    """A receipt file brings in an event of a log that is not at hand, under the brand's policy."""
    receipt, policy = tmp_path / "r.json", tmp_path / "policy.txt"
    sold = chain().receipts[-1]
    receipt.write_bytes(receipts.format(sold))
    both = chain().policy.replace(b"quorum witnesses", b"quorum none")
    log = next(
        line
        for line in Layout(ledger).policy.read_bytes().splitlines()
        if line.startswith(b"log ")
    )  # fmt: skip
    policy.write_bytes(log + b"\n" + both)
    out = tmp_path / "page.html"
    labels.label_thing(CHEESE, out=out, receipt=(receipt,), policy=policy, ledger=ledger)
    found = labels.check_label(out, policy=policy)
    assert {one.who for one in found.steps} == {"https://org.example", "https://shop.example"}
    receipt.write_bytes(b"c2sp.org/tlog-proof@v1\n")
    with pytest.raises(InputError):
        labels.label_thing(CHEESE, out=out, receipt=(receipt,), policy=policy, ledger=ledger)
    with raises_code("file.is-input", InputError):
        labels.label_thing(CHEESE, out=policy, policy=policy, ledger=ledger)
    with raises_code("label.brand", InputError):
        labels.label_thing(CHEESE, out=out, qr=tmp_path / "q.svg", ledger=ledger)


def test_the_policy_is_what_codes_pin(ledger: Path, tmp_path: Path) -> None:
    """The policy that is written has the digest that the code has."""
    made = labels.label_policy(out=tmp_path / "policy.txt", ledger=ledger)
    assert isinstance(made, PublishedPolicy)
    assert made.digest == policy_digest((tmp_path / "policy.txt").read_bytes())
    assert "/.well-known/counterfoil-policy.txt" in "\n".join(text.label_policy(made, PLAIN))


def test_what_is_published_is_found_by_its_path(ledger: Path) -> None:
    """A page is found by every spelling of its Digital Link, and nothing is found before."""
    path = "/01/04012345111118/21/1"
    with raises_code("label.unpublished", NotFound):
        published_page(ledger, path)
    with raises_code("label.unpublished", NotFound):
        published_policy(ledger)
    made = labels.publish_label(CHEESE, brand=BRAND, ledger=ledger)
    assert "to anybody" in "\n".join(text.publish_label(made, PLAIN))
    page = published_page(ledger, path)
    assert page == Path(made.file).read_bytes()
    assert published_page(ledger, "01/4012345111118/21/1") == page
    assert published_page(ledger, "/01/04012345111118/10/L7/21/1") == page
    assert published_policy(ledger) == policy_in(ledger)
    for other in ("", "01/04012345111118/21/2", "../../keys/log", "01/04012345111118/21/../1"):
        with raises_code("label.unpublished", NotFound):
            published_page(ledger, other)
    with open_ledger(ledger) as opened:
        capture(opened, [seen(30, 3, CHEESE), seen(30, 3, item(2))])
    assert published_page(ledger, path) == page, "it stays as it is"
    assert labels.publish_label(CHEESE, brand=BRAND, ledger=ledger).steps == made.steps + 1
    assert published_page(ledger, path) != page


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    """Where nothing can be written an error says so."""
    (tmp_path / "labels").write_bytes(b"")
    with raises_code("label.publish", Unavailable):
        publish(tmp_path, "https://id.gs1.org/01/04012345111118", b"page", b"policy")
