"""The page that verifies a receipt, without a script; and the modules that a browser gets."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
import urllib3

from counterfoil.formats import policy as policies
from counterfoil.http.pages.static_files import static_files
from counterfoil.ledger import Ledger
from counterfoil.ops import receipts
from counterfoil.ports import STANDARD_STREAM, Document
from tests.nodes import served


@pytest.fixture
def url(ledger: Ledger) -> Iterator[str]:
    ledger.record({"said": "so"})
    ledger.publish()
    with served(ledger) as found:
        yield found


def receipt_of(ledger: Ledger, **form: bool) -> bytes:
    """Take away the receipt of the newest record."""
    index = str(ledger.search("kind=record", limit=1).hits[0].index)
    made = receipts.get(index, out=STANDARD_STREAM, ledger=ledger.layout.folder, **form)
    assert isinstance(made, Document)
    return b"".join(made.chunks)


def sent(url: str, **fields: bytes | str | tuple[str, bytes]) -> str:
    """Send the form as a browser without a script does, and give the page that answers."""
    answer = urllib3.request("POST", f"{url}/verify", fields=fields)
    assert answer.status == 200, answer.data
    return answer.data.decode()


@pytest.mark.parametrize("form", ["", "html", "tlog_proof"])
def test_a_receipt_is_verified_in_each_form(ledger: Ledger, url: str, form: str) -> None:
    """A file, or its text that was pasted with the line breaks of a form, is valid."""
    data = receipt_of(ledger, **({form: True} if form else {}))
    assert ">Valid<" in re.sub(r"<svg.*?</svg>\s*", "", sent(url, file=("receipt", data)))
    pasted = data.decode().rstrip("\n").replace("\n", "\r\n")
    assert "Valid" in sent(url, receipt=pasted)


def test_a_changed_receipt_is_invalid_and_says_where(ledger: Ledger, url: str) -> None:
    """One digit of the index, and the page names what does not hold."""
    data = receipt_of(ledger, tlog_proof=True)
    changed = re.sub(rb"index (\d+)", rb"index 0", data)
    page = sent(url, file=("receipt", changed))
    assert "Invalid" in page
    assert "proof." in page


def test_the_readers_policy_counts_where_there_is_one(ledger: Ledger, url: str) -> None:
    """Another log's policy does not trust the same receipt; without one, whose word it is."""
    data = receipt_of(ledger)
    assert "this ledger&#39;s own policy" in sent(url, file=("receipt", data))
    own = policies.format(ledger.policy).decode()
    assert "the policy that you brought" in sent(url, file=("receipt", data), policy=own)
    other = "log other.example+7f3c1de3+Ab0ZVVNXTd1UOo3BzD0VpXJeRaVoxGWMjgiNAIjSpHRQ\nquorum none\n"
    page = sent(url, file=("receipt", data), policy=other)
    assert "Valid" not in page
    assert "Invalid" in page


@pytest.mark.parametrize("junk", [b"", b"{}", b"\xff\xfe", b"<html>", b"\xd2\x84", b"x" * 100_000])
def test_whatever_is_sent_is_answered(url: str, junk: bytes) -> None:
    """What is no receipt is invalid, or nothing; never an error of the node."""
    page = sent(url, file=("receipt", junk), policy="nonsense")
    assert "Invalid" in page or "Nothing to check" in page
    sent(url, receipt="<script>alert(1)</script>")


def test_the_browser_gets_the_verifier_itself() -> None:
    """Each module that a module imports is served; what they import is all that there is."""
    files = static_files()
    for name, data in files.items():
        if name.endswith(".js"):
            folder = name.rpartition("/")[0]
            for found in re.findall(r"from ['\"]\./([\w/.]+)['\"]", data.decode()):
                assert f"{folder}/{found}".lstrip("/") in files, (name, found)
    assert "receipt/page.js" not in files


def test_own_scripts_stay_small() -> None:
    """What pages bring beside the verifier is small: they are whole without it."""
    own = {name: len(data) for name, data in static_files().items() if name.endswith(".js")}
    always = sum(
        own[name] for name in own if "/" not in name and name not in ("verify.js", "proof.js")
    )
    assert always < 12_000
    for name, data in static_files().items():
        assert b"http:" not in data.replace(b"http://www.w3.org/", b""), name


def test_a_file_is_served_for_ever_and_others_are_not(url: str) -> None:
    """A name under any stamp may be cached; a path that leads out of the folder is not found."""
    answer = urllib3.request("GET", f"{url}/static/any/counterfoil.css")
    assert answer.status == 200
    assert "immutable" in answer.headers["cache-control"]
    for path in ("none.css", "../rendering.py", "%2e%2e/app.py", "receipt/page.js"):
        assert urllib3.request("GET", f"{url}/static/any/{path}").status == 404
