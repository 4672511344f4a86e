"""Chains as tables, by the operations that every shell is made from."""

from __future__ import annotations

import io
import json
import re
from base64 import b64decode
from pathlib import Path

import pytest

import counterfoil
from counterfoil.cli.paint import Paint
from counterfoil.cli.text import chains as text
from counterfoil.errors import CounterfoilError, InputError, VerificationError
from counterfoil.formats import receipt as receipts
from counterfoil.insight.opening import open_tables
from counterfoil.insight.report import make_report, rows_of
from counterfoil.ops import chains
from tests.chains import embedded, numbered_account
from tests.ledgers import copy_ledger
from tests.shared_data import data_path


def shown(lines: object) -> str:
    """Join what people see."""
    return "\n".join(str(line) for line in lines)  # type: ignore[attr-defined]  # any of several


def test_simulate_and_report(tmp_path: Path) -> None:
    """Simulated tables are reported on, recorded, and told about to people and programs."""
    made = chains.simulate(out=tmp_path / "chain", transactions=500, seed=9)
    assert made.rows["transactions"] == 500
    assert "simulated blocks" in shown(text.simulate(made, Paint(io.StringIO())))
    folder = copy_ledger(tmp_path / "ledger")
    told: list[tuple[int, int | None, str]] = []
    done = chains.report(
        (tmp_path / "chain",),
        out=tmp_path / "report.html",
        ledger=folder,
        progress=lambda *one: told.append(one),
    )
    assert told[-1][0] == told[-1][1]
    said = json.loads(json.dumps(done.to_json()))
    assert said["bytes"] == (tmp_path / "report.html").stat().st_size
    by_name = {one["name"]: one for one in said["figures"]}
    overview = dict(
        zip(by_name["overview"]["columns"], by_name["overview"]["rows"][0], strict=True)
    )
    assert overview["transactions"] == 500
    assert by_name["overview"]["recorded"]["row"] == 0
    lines = shown(text.report(done, Paint(io.StringIO())))
    assert "the data is simulated" in lines
    assert "recorded" in lines


def saved(folder: Path, page: Path, name: str) -> Path:
    """Save a figure's receipt from a page, as a browser does."""
    found = re.search(
        rf'download="{name}.receipt.json" href="data:application/json;base64,([^"]*)"',
        page.read_text(),
    )
    assert found is not None
    path = folder / f"{name}.json"
    path.write_bytes(b64decode(found[1]))
    return path


def test_check_a_figure(tmp_path: Path) -> None:
    """A figure's receipt and the data make the figure again; other data does not."""
    chains.simulate(out=tmp_path / "chain", transactions=400, seed=1)
    chains.simulate(out=tmp_path / "other", transactions=400, seed=2)
    folder = copy_ledger(tmp_path / "ledger")
    page = tmp_path / "report.html"
    chains.report((tmp_path / "chain",), out=page, ledger=folder)
    policy = folder / "policy.txt"
    for name in ("concentration", "communities", "suspicious-accounts"):
        receipt = saved(tmp_path, page, name)
        done = chains.check((tmp_path / "chain",), receipt=receipt, policy=policy)
        assert done.figure == name
        assert "holds" in shown(text.check(done, Paint(io.StringIO())))
        with pytest.raises(VerificationError) as caught:
            chains.check((tmp_path / "other",), receipt=receipt, policy=policy)
        assert caught.value.code == "insight.other-data"


def test_a_figure_that_was_made_up(tmp_path: Path) -> None:
    """A recorded result that the data does not give is found out, and so is a made-up method."""
    chains.simulate(out=tmp_path / "chain", transactions=400, seed=1)
    folder = copy_ledger(tmp_path / "ledger")
    policy = folder / "policy.txt"
    with open_tables(tmp_path / "chain") as tables:
        rows = list(rows_of(make_report(tables), "x"))
    false = rows[0] | {"result_sha256": "0" * 64}
    unknown = rows[0] | {"method": "by feeling"}
    with counterfoil.open(folder) as ledger:
        index = ledger.record_block([false, unknown, {"figure": "nothing"}]).index
        ledger.publish()
        for row in range(3):
            data = receipts.format(ledger.receipt(index, row))
            (tmp_path / f"{row}.json").write_bytes(data)
        plain = ledger.record({"a": 1}).index
        ledger.publish()
        (tmp_path / "3.json").write_bytes(receipts.format(ledger.receipt(plain)))
    expected = ["insight.other-result", *["insight.figure"] * 3]
    for row, code in enumerate(expected):
        with pytest.raises(CounterfoilError) as caught:
            chains.check((tmp_path / "chain",), receipt=tmp_path / f"{row}.json", policy=policy)
        assert caught.value.code == code


def test_a_report_without_a_page_or_a_ledger() -> None:
    """Figures alone can be asked for; what the data lacks is said."""
    done = chains.report((data_path("eth_raw_blocks"),))
    assert done.to_json()["out"] is None
    assert all("recorded" not in one for one in done.to_json()["figures"])
    assert "same-code" in shown(text.report(done, Paint(io.StringIO())))


def test_sync_from_files(tmp_path: Path) -> None:
    """Other people's files become a folder of ours with the same rows, once."""
    folder = data_path("eth_raw_blocks")
    done = chains.sync((folder,), out=tmp_path)
    assert (done.first, done.last, done.chain_id) == (17_173_049, 17_173_050, None)
    assert done.rows["transactions"] == 298
    theirs, ours = (
        {one["name"]: one["result_sha256"] for one in chains.report((at,)).to_json()["figures"]}
        for at in (folder, tmp_path)
    )
    for name in ("overview", "top-senders", "concentration", "fee-rule", "tokens", "communities"):
        assert theirs[name] == ours[name]
    assert "17,173,049 to 17,173,050" in shown(text.sync(done, Paint(io.StringIO())))
    with pytest.raises(InputError) as caught:
        chains.sync((folder,), out=tmp_path)
    assert caught.value.code == "insight.range"


def test_sync_from_a_chain(tmp_path: Path) -> None:
    """A chain is named by its address; people see what a run read."""
    from counterfoil.chain import fund

    chain, faucet = embedded(tmp_path)
    fund(chain, faucet, numbered_account(1).address, 5)
    chain.close()
    url = f"embedded:{tmp_path / 'chain.db'}"
    done = chains.sync(out=tmp_path / "tables", rpc=url)
    assert (done.first, done.last, done.read, done.rows["transactions"]) == (0, 1, 2, 1)
    lines = shown(text.sync(done, Paint(io.StringIO())))
    assert "blocks 0 to 1" in lines
    assert "read now" in lines
    again = chains.sync(out=tmp_path / "tables", rpc=url, last=0)
    assert again.read == 0


@pytest.mark.parametrize(
    ("files", "rpc"), [((), None), ((Path("a.csv"),), "http://127.0.0.1:9")], ids=["none", "both"]
)
def test_sync_from_one_source(tmp_path: Path, files: tuple[Path, ...], rpc: str | None) -> None:
    """Neither and both sources are refused."""
    with pytest.raises(InputError) as caught:
        chains.sync(files, out=tmp_path, rpc=rpc)
    assert caught.value.code == "insight.source"


@pytest.mark.parametrize(("batch", "per_second"), [(0, None), (101, None), (5, 0)])
def test_rates(tmp_path: Path, batch: int, per_second: int | None) -> None:
    """A batch has 1 to 100 calls, and a rate is above 0."""
    chain, _ = embedded(tmp_path)
    chain.close()
    with pytest.raises(InputError) as caught:
        chains.sync(
            out=tmp_path / "out",
            rpc=f"embedded:{tmp_path / 'chain.db'}",
            batch=batch,
            per_second=per_second,
        )
    assert caught.value.code == "insight.rate"
