"""Forms of anybody: small, read without going through them mark by mark, and counted."""

from __future__ import annotations

import asyncio
import re

import pytest
from starlette.datastructures import FormData
from starlette.requests import Request

from counterfoil.errors import InputError
from counterfoil.http.bodies import form_of_body
from tests.guarded import Answer, Browser, GuardedNode

KIND = "application/x-www-form-urlencoded"
TOKEN = re.compile(rb'name="csrf" value="([0-9a-f]{64})"')


def send(node: GuardedNode, path: str, body: bytes) -> Answer:
    return Browser(node.url).send("POST", path, body, {"content-type": KIND})


def read(body: bytes, kind: str = KIND, fields: int = 8) -> FormData:
    scope = {"type": "http", "method": "POST", "headers": [(b"content-type", kind.encode())]}
    return asyncio.run(form_of_body(Request(scope), body, max_fields=fields))


def test_a_form_to_sign_in_with_is_small(node: GuardedNode) -> None:
    """Nobody has the node read megabytes before it knows who they are."""
    answer = send(node, "/signin", b"key=" + b"x" * (300 << 10))
    assert answer.status == 413
    assert send(node, "/signin", b"key=x").status == 401


@pytest.mark.parametrize("path", ["/signin", "/verify"])
def test_marks_without_fields_are_no_form(node: GuardedNode, path: str) -> None:
    """A form of nothing but separators is refused as a form, before a parser walks through it."""
    assert send(node, path, b"&" * 100_000).status == 400


def test_a_form_has_a_most_of_fields() -> None:
    """As many fields as are asked for are read; one more, and a broken form, are bad input."""
    assert len(read(b"a=1&b=2")) == 2
    assert len(read(b"&".join(b"a=1" for _ in range(8))).multi_items()) == 8
    kinds = (KIND, "multipart/form-data", "multipart/form-data; boundary=x")
    for body, kind in zip((b"a&" * 9, b"--x\r\n", b"--x\r\nno head"), kinds, strict=True):
        with pytest.raises(InputError):
            read(body, kind)


def test_what_a_form_does_is_held_to_its_key(node: GuardedNode) -> None:
    """Who may write one series only does nothing by a page's form that is recorded in another."""
    browser = node.browser()
    browser.sign_in(node.key("reader", "writer", sources=["camera-7"]))
    found = TOKEN.search(browser.get("/").body)
    assert found is not None
    fields = {"csrf": found[1].decode(), "why": "seen"}
    answer = browser.post("/watch/0/acknowledge", fields)
    assert answer.status == 403
    assert b"access.source" in answer.body
