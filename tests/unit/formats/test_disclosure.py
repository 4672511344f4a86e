"""The file that shows one field."""

from __future__ import annotations

import json
from typing import Any

import pytest

from counterfoil.errors import InputError
from counterfoil.formats import disclosure
from counterfoil.formats.disclosure import Disclosure
from counterfoil.formats.receipt import EntryProof, Receipt

PROOF = EntryProof(1, b"entry", (b"h" * 32,))
MADE = Disclosure(
    field="sealed",
    group=0,
    name="customer.name",
    salt=b"s" * 16,
    text='"Ann"',
    path=(b"p" * 32,),
    receipt=Receipt("note", PROOF, (PROOF,)),
)


def test_it_comes_back() -> None:
    """What is written is read again, with its type first."""
    data = disclosure.format(MADE)
    assert data.startswith(b'{"type":"https://counterfoil.dev/disclosure/v1"')
    assert disclosure.parse(data) == MADE
    assert disclosure.parse(json.dumps(json.loads(data), indent=1).encode()) == MADE


@pytest.mark.parametrize(
    "change",
    [
        {"type": "https://counterfoil.dev/receipt/v1"},
        {"salt": "c3M="},
        {"salt": "c3Nzc3Nzc3Nzc3Nzc3Nzcx=="},
        {"path": ["short"]},
        {"group": -1},
        {"more": 1},
        {"receipt": {}},
        {"receipt": None},
    ],
)
def test_another_form_is_refused(change: dict[str, Any]) -> None:
    """Another type, length, spelling or field: malformed."""
    document = {**json.loads(disclosure.format(MADE)), **change}
    with pytest.raises(InputError) as caught:
        disclosure.parse(json.dumps(document).encode())
    assert caught.value.code == "disclosure.malformed"


def test_what_is_too_large_or_no_json_is_refused() -> None:
    """A file of more than 16 MiB is not read, and no JSON is no disclosure."""
    with pytest.raises(InputError) as caught:
        disclosure.parse(b" " * ((16 << 20) + 1))
    assert caught.value.code == "disclosure.malformed"
    with pytest.raises(InputError):
        disclosure.parse(b"{")
