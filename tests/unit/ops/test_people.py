"""Operations on people, and their words."""

from __future__ import annotations

import getpass
import io
import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from counterfoil.cli.paint import Paint
from counterfoil.cli.text import people as text
from counterfoil.cli.text import records as records_text
from counterfoil.errors import CounterfoilError, InputError
from counterfoil.ledger import open_ledger
from counterfoil.ops import people, records
from counterfoil.ops.batch import batch
from counterfoil.ops.documents import DocumentFile
from counterfoil.ports import STANDARD_STREAM, Channel, Document
from tests.personal import record_person

PLAIN = Paint(io.StringIO())


@pytest.fixture
def sold(shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a ledger whose entry 3 holds a person's sealed name and mail."""
    monkeypatch.setenv("COUNTERFOIL_STATE", str(tmp_path / "state"))
    with open_ledger(shop, accept_new_witness=True) as ledger:
        while ledger.size < 5:
            record_person(ledger, "c-17", "Ann")
    return shop


def test_open_export_and_erase(sold: Path, channel: Channel) -> None:
    """What is opened is shown, what was seen by whom is listed, and erased is erased."""
    asked: dict[str, Any] = {"actor": "dana", "purpose": "complaint", "ledger": sold}
    opened = people.open_sealed("4", name=("customer.name",), channel=channel, **asked)
    assert opened.fields == {"sealed": {"customer.name": "Ann"}}
    assert _lines(text.open_sealed(opened, PLAIN))[1] == '  customer.name: "Ann"'
    found = people.export("c-17", ledger=sold)
    assert getpass.getuser() in json.dumps(found.to_json())
    shown = "\n".join(_lines(text.export(found, PLAIN)))
    assert "seen by dana for complaint" in shown
    assert '  customer.name: "Ann"' in shown
    (listed,) = people.listing(ledger=sold)
    assert listed["person"] in _lines(text.listing([listed], PLAIN))[0]
    done = people.erase("c-17", ledger=sold)
    assert _lines(text.erase(done, PLAIN))[0].startswith("erased: ")
    again = people.erase(f"handle:{done.person}", ledger=sold)
    assert _lines(text.erase(again, PLAIN))[0].startswith("erased already")
    view = records.get("4", ledger=sold)
    assert "  customer.name: erased (contact)" in _lines(records_text.get(view, PLAIN))
    assert _lines(text.listing(people.listing(ledger=sold), PLAIN))[0].startswith("nobody")
    assert list(people.expire(ledger=sold)) == []
    assert _lines(text.expire([], PLAIN)) == ["nothing is over its ceiling"]
    assert len(_lines(text.expire([done], PLAIN))) == 2


def test_allow_hold_and_take_back(sold: Path, tmp_path: Path) -> None:
    """Consent, hold, lift, grant and revoke are recorded; the token opens until it is revoked."""
    said = people.consent(
        "c-17", purpose=("marketing",), until="2099-12-31", evidence="form 3", ledger=sold
    )
    held = people.hold("c-17", why="lawsuit", ledger=sold)
    with pytest.raises(CounterfoilError, match="lawsuit"):
        people.erase("c-17", ledger=sold)
    granted = people.grant("c-17", "auditor", purpose="audit", data_class=("contact",), ledger=sold)
    assert _lines(text.grant(granted, PLAIN))[1] == granted["token"]
    shown = "\n".join(_lines(text.listing(people.listing("c-17", ledger=sold), PLAIN)))
    assert "held     all data: lawsuit" in shown
    assert "allows   marketing" in shown
    assert "granted  contact to auditor for audit" in shown
    given = Channel(io.BytesIO(granted["token"].encode() + b"\n"), io.BytesIO())
    asked: dict[str, Any] = {"actor": "auditor", "purpose": "audit", "ledger": sold}
    opened = people.open_sealed("4", token=STANDARD_STREAM, channel=given, **asked)
    assert opened.index == 4
    revoked = people.revoke("c-17", "auditor", ledger=sold)
    lifted = people.lift("c-17", why="settled", ledger=sold)
    indices = [one.indices[0] for one in (said, held, revoked, lifted)]
    assert indices == sorted(indices)
    assert _lines(text.hold(held, PLAIN)) == [f"recorded as entry {held.indices[0]}"]
    with pytest.raises(InputError) as caught:
        people.hold("c-17", why="x", until="tomorrow", ledger=sold)
    assert caught.value.code == "person.until"


def test_one_field_goes_to_an_auditor(sold: Path, tmp_path: Path, channel: Channel) -> None:
    """The file verifies offline against a policy, and a changed value does not."""
    file = tmp_path / "field.json"
    asked: dict[str, Any] = {"actor": "auditor", "purpose": "audit", "ledger": sold}
    made = people.disclose("4", "customer.mail", out=file, channel=channel, **asked)
    assert made == DocumentFile(str(file), file.stat().st_size)
    assert isinstance(people.disclose("4", "customer.mail", channel=channel, **asked), Document)
    found = people.verify_field(file, policy=sold / "policy.txt", channel=channel)
    assert found.value == "Ann@mail.example"
    assert _lines(text.verify_field(found, PLAIN))[0] == (
        'intact: customer.mail = "Ann@mail.example"'
    )
    assert json.dumps(asdict(found))
    file.write_bytes(file.read_bytes().replace(b"Ann@", b"Eve@"))
    with pytest.raises(CounterfoilError) as caught:
        people.verify_field(file, policy=sold / "policy.txt", channel=channel)
    assert caught.value.code == "disclosure.value"


def _lines(lines: Iterable[str]) -> list[str]:
    return list(lines)


def test_a_file_of_rows_is_sealed_row_by_row(sold: Path, tmp_path: Path, channel: Channel) -> None:
    """A column names each row's person; a row without one is named, and nothing is recorded."""
    file = tmp_path / "rows.csv"
    file.write_text("id,name,n\nc-17,Ann,1\nc-18,Eve,2\n", encoding="utf-8")
    asked: dict[str, Any] = {"ledger": sold, "channel": channel, "personal": ("name=id:contact",)}
    done = batch(file, source="rows", **asked)
    assert batch(file, source="rows", **asked).new == 0
    assert records.get(str(done.first_index), ledger=sold).content == {"n": "1"}
    opened = people.open_sealed(
        str(done.first_index), actor="a", purpose="p", ledger=sold, channel=channel
    )
    assert opened.fields == {"sealed": {"id": "c-17", "name": "Ann"}}
    for wrong in ({"source": None}, {"block": True}, {"personal": ("name",)}):
        with pytest.raises(InputError) as caught:
            batch(file, **{"source": "rows", **asked, **wrong})
        assert caught.value.code == "batch.personal"
    file.write_text("id,name,n\nc-17,Ann,1\n,Eve,2\n", encoding="utf-8")
    with pytest.raises(InputError, match="row 1") as nobody:
        batch(file, source="others", **asked)
    assert nobody.value.code == "person.id"
