"""Everything that a node answers asks who may: without a key, with a lesser one, out of scope."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import urllib3

import counterfoil
from counterfoil.access import AccessBook, AccessKeys, Limits, Rate
from counterfoil.http.endpoint import Endpoint, Lane, Mounted, Need
from counterfoil.ledger import Ledger
from counterfoil.ports import SystemClock
from counterfoil.ports.access import Role
from tests.ledgers import copy_ledger
from tests.nodes import offered_by, served

OPEN = re.compile(
    r"/static/.*|/docs(/.*)?|/healthz|/readyz|/openapi\.json|/signin(/.*)?|/signout"
    r"|/verify(/.*|\.json)?|/\.well-known/.*|/supply/label/.*|/(00|01|800[346])/.*"
)
"""What anybody may ask for."""
PATIENT = Limits(failures=Rate(1e6, 1_000_000), anonymous=Rate(1e6, 1_000_000))
"""As many tries as there are paths."""
LESSER: dict[Role, Role] = {
    "writer": "reader",
    "reader": "writer",
    "auditor": "reader",
    "operator": "auditor",
}


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    folder: Path = copy_ledger(tmp_path_factory.mktemp("who") / "shop")
    with counterfoil.open(folder) as opened:
        opened.record({"n": 1})
        yield opened


def asked(one: Endpoint | Mounted | Lane) -> list[tuple[str, str, Need]]:
    """Give requests for what is offered, with something in each place of a path."""
    if isinstance(one, Mounted):
        return [("GET", path, one.need) for path in one.below or (one.path,)]
    return [(one.method, re.sub(r"\{[^}]+\}", "1", one.path), one.need)]


def one_is_for_programs(one: Endpoint | Mounted | Lane) -> bool:
    return not (isinstance(one, Endpoint) and one.tells == "page")


def test_everything_asks_who_may(ledger: Ledger) -> None:
    """Each path refuses nobody, a role that it does not take, and a key of another scope."""
    offered = offered_by(ledger)
    with closing(AccessBook(ledger.layout.access_book, ledger.origin)) as book:
        keys = AccessKeys(book, SystemClock())
        elsewhere = keys.add("far", ["operator"], scopes=["nowhere"])[1]
    pool = urllib3.PoolManager(retries=False)

    with served(ledger, limits=PATIENT, fast=True) as url:

        def said(method: str, path: str, key: str | None) -> tuple[int, str]:
            headers = {} if key is None else {"authorization": f"Bearer {key}"}
            body = b"" if method == "GET" else b"{}"
            answer = pool.request(method, url + path, body=body, headers=headers, redirect=False)
            found = re.search(rb'"code": ?"([a-z.-]+)"', answer.data)
            return answer.status, "" if found is None else found.group(1).decode()

        open_paths, count = set(), 0
        for one in offered:
            for method, path, need in asked(one):
                if need.role is None:
                    open_paths.add(one.path)
                    continue
                count += 1
                told = f"{method} {path}"
                nobody = {401} if one_is_for_programs(one) else {401, 303}  # to sign in
                assert said(method, path, None)[0] in nobody, told
                assert said(method, path, "cfk_wrong_key")[0] in nobody, told
                status, code = said(method, path, LESSER[need.role])
                assert (status, code or "access.role") == (403, "access.role"), told
                if need.words:
                    status, code = said(method, path, elsewhere.text)
                    assert (status, code or "access.scope") == (403, "access.scope"), told
        assert count > 200
        themselves = {path for path in open_paths if path.startswith("/api/v1/")}
        for path in sorted(themselves):  # since several roles may
            assert said("GET", re.sub(r"\{[^}]+\}", "1", path), None)[0] == 401, path
    assert {path for path in open_paths - themselves if not OPEN.fullmatch(path)} == set()
