"""The commands of held payments, from a desk to a decided case, and their text."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import counterfoil
from counterfoil.chain import account_of
from counterfoil.cli.paint import Paint
from counterfoil.cli.text.finance import cases as case_text
from counterfoil.cli.text.finance import escrowed as escrow_text
from counterfoil.errors import InputError, NotFound
from counterfoil.ops.finance import cases, escrowed
from counterfoil.ports import Channel
from tests.acting import acting_folder
from tests.log_rig import raises_code
from tests.tokens import mint

MODEL = "ab" * 32
PAYER = account_of(bytes(31) + b"\x07")
PAYEE = account_of(bytes(31) + b"\x08")
PLAIN = Paint(io.StringIO())


def channel() -> Channel:
    return Channel(io.BytesIO(), io.BytesIO())


def test_from_a_desk_to_a_decided_case(tmp_path: Path) -> None:
    """Each command does what it says, and the next finds it: set up, agree, pay, hold, decide."""
    from counterfoil.act import Actor

    folder = acting_folder(tmp_path)
    with counterfoil.open(folder) as ledger:
        evidence = str(ledger.record({"evaluated": "well"}).index)
    limits: dict[str, Any] = {"evidence": evidence, "per_payment": "100000", "per_day": "100000"}
    done = escrowed.desk(MODEL, **limits, own_token="TEUR", ledger=folder, channel=channel())
    assert {one.name for one in done.contracts} >= {"decision_gate", "escrow", "token"}
    assert any("escrow" in line for line in escrow_text.desk(done, PLAIN))
    token = next(one.address for one in done.contracts if one.name == "token")
    with counterfoil.open(folder) as ledger, Actor(ledger) as actor:
        mint(actor, token, PAYER.address, 10_000)
    agreed = escrowed.agree(
        "p-1", payer=PAYER.address, payee=PAYEE.address, amount="2500", due=3_600, ledger=folder
    )
    assert "the payer signs:" in list(escrow_text.agree(agreed, PLAIN))
    with raises_code("case.signature", InputError):
        escrowed.bring("p-1", "0x1234", ledger=folder)
    with raises_code("held.unknown", NotFound):
        escrowed.settle("p-2", ledger=folder)
    signature = PAYER.sign_typed_data(agreed.document).hex()
    paid = escrowed.bring("p-1", signature, ledger=folder)
    assert list(escrow_text.bring(paid, PLAIN)) == ["open  p-1, 2500 left in the escrow"]
    fields = {
        "model": {"digest": MODEL},
        "outcome": "hold",
        "score": "0.93",
        "based_on": [{"digest": "cd" * 32, "role": "payment", "name": "p-1"}],
    }
    with counterfoil.open(folder) as ledger:
        case = str(ledger.record_statement("decision", fields).index)
    held = cases.hold(case, ledger=folder)
    assert next(case_text.hold(held, PLAIN)).startswith("acted")
    (row,) = case_text.listing(cases.listing(ledger=folder), PLAIN)
    assert "open" in row
    assert "0.930" in row
    told = "\n".join(case_text.get(cases.get(case, on_chain=True, ledger=folder), PLAIN))
    assert "held, 25.00 TEUR left" in told
    written = cases.page(case, out=tmp_path / "case.html", on_chain=True, ledger=folder)
    assert (tmp_path / "case.html").read_bytes().startswith(b"<!doctype html>")
    assert "case.html" in next(iter(case_text.page(written, PLAIN)))  # type: ignore[arg-type]
    decided = cases.decide(
        case, "return", why="the card was stolen", by="Ada Example", ledger=folder
    )
    assert decided.acted is not None
    assert next(case_text.decide(decided, PLAIN)).startswith(f"decided  case {case}: return")
    assert not list(cases.listing(state="open", ledger=folder))


def test_bad_amounts_and_limits_are_refused(tmp_path: Path) -> None:
    """An amount is a whole number above 0, and no limit is above that of a day."""
    folder = acting_folder(tmp_path)
    for given in ({"per_payment": "0"}, {"per_payment": "1.5"}, {"per_payment": "20"}):
        limits: dict[str, Any] = {"evidence": "0", "per_day": "10", **given}
        with raises_code("case.amount", InputError):
            escrowed.desk(MODEL, **limits, ledger=folder, channel=channel())
