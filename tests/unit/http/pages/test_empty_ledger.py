"""Pages of a ledger that holds nothing yet: each is there, and says what to do."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
import urllib3

import counterfoil
from counterfoil.http.pages import PAGES
from counterfoil.http.pages.page import Page
from tests.ledgers import copy_ledger
from tests.nodes import served

PLAIN = [one for one in PAGES if isinstance(one, Page) and not one.posted and "{" not in one.path]

HELP = {
    "/watch": "counterfoil watch backtest habits",
    "/contracts": "anchor_chains",
    "/apps/finance": "counterfoil finance train",
    "/apps/finance/cases": "Nothing waits",
    "/apps/finance/rules": "counterfoil rules default",
    "/apps/finance/screening": "folder <code>lists</code>",
    "/apps": "counterfoil app demo finance",
    "/apps/quant": "counterfoil quant commit",
    "/ops": "anchored nowhere",
    "/access": "Make the first below",
}
"""Page -> words of its empty state."""

MISSING = {
    "/watch/0": 404,
    "/watch/99999": 404,
    "/watch/x": 404,
    "/contracts/1": 404,
    "/apps/finance/cases/0": 400,
    "/apps/finance/cases/99999": 404,
    "/apps/finance/cases?state=odd": 400,
    "/apps/finance/cases?limit=0": 400,
    "/apps/finance?after=x": 400,
    "/apps/finance/rules/0": 404,
    "/api/nothing": 404,
    "/api/try": 400,
    "/api/try?call=post-api-v1-record-add": 400,
    "/api/try?call=get-records-entry-json": 400,
}
"""Address of what is not there, or makes no sense -> status."""


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve a ledger in which nothing but its own keys is recorded."""
    folder = copy_ledger(tmp_path_factory.mktemp("empty") / "ledger")
    with counterfoil.open(folder) as ledger, served(ledger) as found:
        yield found


def get(url: str, address: str, role: str = "operator") -> tuple[int, str]:
    """Ask for an address with the key of a role; gives status and body."""
    headers = {"authorization": f"Bearer {role}", "accept": "text/html"}
    answer = urllib3.request("GET", f"{url}{address}", headers=headers, redirect=False)
    return answer.status, answer.data.decode(errors="replace")


@pytest.mark.parametrize("page", PLAIN, ids=lambda page: page.path)
def test_it_is_there_and_helps(url: str, page: Page) -> None:
    """Nothing to show is no error: the page says so, and what to do."""
    status, body = get(url, page.path)
    assert status == 200
    assert HELP.get(page.path, "") in body
    base = "/index" if page.path == "/" else page.path
    assert json.loads(get(url, f"{base}.json")[1])
    if page.rows:
        assert get(url, f"{base}.csv")[0] == get(url, f"{base}.arrow")[0] == 200


@pytest.mark.parametrize("address", MISSING)
def test_what_is_not_there_is_told(url: str, address: str) -> None:
    """A page says what was expected, what came, and its code; never a traceback."""
    status, body = get(url, address)
    assert status == MISSING[address]
    assert "expected" in body.lower()
    assert "Traceback" not in body


@pytest.mark.parametrize(
    ("role", "address", "status"),
    [("reader", "/access", 403), ("writer", "/watch", 403), ("auditor", "/watch", 200)],
)
def test_a_page_is_for_its_role(url: str, role: str, address: str, status: int) -> None:
    """Keys are shown to operators only; who only records, reads nothing."""
    assert get(url, address, role)[0] == status
