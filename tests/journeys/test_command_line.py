"""The whole story through the command line: record, take proof away, copy, and use it wrongly."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from counterfoil.ledger import open_ledger
from tests.journeys.command_line import counterfoil, forked, start

ROWS = [{"payment": f"P-{n}", "amount_minor": 100 + n} for n in range(2500)]


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """Make a ledger."""
    counterfoil("init", tmp_path / "shop", "--organisation", "https://shop.example").json()
    return tmp_path / "shop"


def ndjson(path: Path, rows: list[dict[str, object]]) -> Path:
    """Write rows as NDJSON."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def recorded(folder: Path) -> list[dict[str, object]]:
    """Export all records of a ledger, and give their contents in order."""
    ran = counterfoil("export", "--ledger", folder, "--out", "-", "--kind", "record")
    return [line["content"] for line in ran.lines()]


@pytest.mark.parametrize("form", ["ndjson", "csv", "parquet"])
def test_a_file_is_recorded_proven_and_verified_far_away(
    shop: Path, tmp_path: Path, form: str
) -> None:
    """Rows of each kind of file become records, whose receipts verify without the ledger."""
    run = counterfoil if form == "ndjson" else forked  # of all that follows only the file differs
    file = tmp_path / f"rows.{form}"
    if form == "ndjson":
        ndjson(file, ROWS)
    elif form == "csv":
        lines = [f"{row['payment']},{row['amount_minor']}" for row in ROWS]
        file.write_text("\n".join(["payment,amount_minor", *lines]) + "\n")
    else:
        pq.write_table(pa.Table.from_pylist(ROWS), file)
    done = run("record", "batch", file, "--ledger", shop).json()
    assert (done["rows"], done["new"], done["media"]) == (2500, 2500, form)
    expected = {**ROWS[1224], "amount_minor": str(1324)} if form == "csv" else ROWS[1224]
    found = run("record", "search", "payment=P-1224", "--ledger", shop).json()
    assert [hit["content"] for hit in found["hits"]] == [expected]
    index = str(found["hits"][0]["index"])
    assert run("record", "get", index, "--ledger", shop).json()["content"] == expected
    for flags in ([], ["--html"], ["--tlog-proof"]):
        out = tmp_path / f"receipt{len(flags)}{''.join(flags)}"
        run("receipt", "get", index, "--ledger", shop, "--out", out, *flags).json()
    policy = (shop / "policy.txt").rename(tmp_path / "policy.txt")
    shop.rename(tmp_path / "gone")
    for out in sorted(tmp_path.glob("receipt*")):
        proven = run("verify", out, "--policy", policy).json()
        assert (str(proven["index"]), proven["record"]["content"]) == (index, expected)
        assert proven["grade"] == "self-witnessed"
        shown = run("receipt", "show", out).json()
        assert (str(shown["index"]), shown["verified"]) == (index, False)


def test_a_life_of_a_ledger(shop: Path, tmp_path: Path) -> None:
    """Records, corrections, counters, keys, proofs, export and audit hang together."""
    place = ["--ledger", str(shop)]
    first = counterfoil("record", "add", '{"n":1}', *place, "--expect", "stock=:5").json()
    counterfoil("record", "add", "-", *place, "--corrects", first["leaf"], stdin=b'{"n":2}').json()
    refused = counterfoil("record", "add", "{}", *place, "--expect", "stock=4:3")
    assert (refused.status, refused.out) == (4, b"")
    counterfoil("key", "rotate", *place, "--why", "a year is over").json()
    counterfoil("record", "add", '{"n":3}', *place).json()
    assert [key["in_force"] for key in counterfoil("key", "ls", *place).lines()].count(True) == 2
    status = counterfoil("status", *place).json()
    assert status["size"] == status["published_size"] == 7
    sizes = [one["size"] for one in counterfoil("checkpoint", "ls", *place).lines()]
    assert sizes[-1] == 7
    note = counterfoil("checkpoint", "get", *place).out
    assert note == (shop / "checkpoint").read_bytes()
    proof = counterfoil("prove", "consistency", "3", *place).json()
    assert (proof["old_size"], proof["new_size"]) == (3, 7)
    assert counterfoil("prove", "inclusion", "4", *place).json()["root"] == proof["new_root"]
    (tmp_path / "kept").write_bytes(note)
    counterfoil("record", "add", '{"n":4}', *place).json()
    report = counterfoil("audit", "--full", "--against", tmp_path / "kept", *place).json()
    assert (report["damaged"], report["entries_checked"]) == (False, 8)
    assert recorded(shop) == [{"n": 1}, {"n": 2}, {"n": 3}, {"n": 4}]
    tail = counterfoil("record", "tail", "-n", "2", cwd=shop).lines()
    assert [entry["content"] for entry in tail] == [{"n": 3}, {"n": 4}]
    again = counterfoil("record", "tail", "-n", "2", COUNTERFOIL_LEDGER=str(shop)).lines()
    assert again == tail


def test_killed_at_any_moment_and_run_again_records_each_row_once(
    shop: Path, tmp_path: Path
) -> None:
    """Kill -9 during a batch loses nothing that stood, and the next run adds only what is missing.

    Killed at five moments that the log's own growth chooses, then run to its end.
    """
    rows: list[dict[str, object]] = [{"n": n} for n in range(40_000)]
    file = ndjson(tmp_path / "rows.ndjson", rows)
    stood = 0
    for share in range(1, 6):
        running = start("record", "batch", file, "--ledger", shop, "--no-check")
        wait_for_entries(shop, stood + share * 500)
        running.kill()
        running.communicate()
        with open_ledger(shop, read_only=True) as ledger:
            now = sum(count for _, source, count in ledger.sources() if "sha256:" in source)
        assert now >= stood
        stood = now
    assert 0 < stood < len(rows), "expected to kill it while it was recording"
    done = counterfoil("record", "batch", file, "--ledger", shop).json()
    assert (done["rows"], done["new"]) == (len(rows), len(rows) - stood)
    assert recorded(shop) == rows
    assert counterfoil("audit", "--full", "--ledger", shop).json()["damaged"] is False


def wait_for_entries(folder: Path, entries: int) -> None:
    """Wait until a log has so many entries."""
    deadline = time.monotonic() + 60
    with open_ledger(folder, read_only=True) as ledger:
        while ledger.size < entries and time.monotonic() < deadline:
            time.sleep(0.002)


def test_ctrl_c_says_how_to_go_on(shop: Path, tmp_path: Path) -> None:
    """An interrupted batch ends with 130 and one line, leaves a sound ledger, and is finished."""
    rows: list[dict[str, object]] = [{"n": n} for n in range(40_000)]
    file = ndjson(tmp_path / "rows.ndjson", rows)
    running = start("record", "batch", file, "--ledger", shop)
    wait_for_entries(shop, 3000)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate()
    assert (running.returncode, out) == (130, b"")
    assert err.startswith(b"interrupted: at least ")
    assert err.endswith(b"rows are recorded; run it again to go on\n")
    assert err.count(b"\n") == 1
    counterfoil("record", "batch", file, "--ledger", shop).json()
    assert recorded(shop) == rows


def test_a_stream_is_recorded_as_it_comes(shop: Path) -> None:
    """Rows of a pipe are durable, and followed by others, while it is still open."""
    following = start("record", "tail", "-n", "1", "--follow", "--ledger", shop)
    assert following.stdout is not None
    assert json.loads(following.stdout.readline())["kind"] == "organisation"  # it is up
    running = start("record", "batch", "-", "--source", "till", "--ledger", shop)
    assert running.stdin is not None
    running.stdin.write(b'{"n":1}\n')
    running.stdin.flush()
    assert json.loads(following.stdout.readline())["content"] == {"n": 1}
    out, _ = running.communicate(b'{"n":2}\n')
    assert json.loads(out)["rows"] == 2
    assert json.loads(following.stdout.readline())["content"] == {"n": 2}
    following.send_signal(signal.SIGINT)
    rest, err = following.communicate()
    assert (following.returncode, rest, err) == (130, b"", b"interrupted\n")


def test_streams_are_series_by_their_name(shop: Path) -> None:
    """A named stream run again adds what is new; without a name each run is a series of its own."""
    two, three = b'{"n":0}\n{"n":1}\n', b'{"n":0}\n{"n":1}\n{"n":2}\n'
    place = ["record", "batch", "-", "--ledger", str(shop)]
    named = [*place, "--source", "till"]
    assert counterfoil(*named, stdin=two).json()["new"] == 2
    assert counterfoil(*named, stdin=three).json()["new"] == 1
    assert counterfoil(*named, stdin=three).json()["new"] == 0
    sources = {counterfoil(*place, stdin=two).json()["source"] for _ in range(2)}
    assert len(sources) == 2
    assert all(source.startswith("stream:") for source in sources)


def test_a_reader_that_leaves_ends_it_silently(shop: Path, tmp_path: Path) -> None:
    """`| head -1` prints one line and no error."""
    counterfoil("record", "batch", ndjson(tmp_path / "r.ndjson", ROWS), "--ledger", shop).json()
    with start("record", "tail", "-n", "2500", "--ledger", shop) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.readline()
        running.stdout.close()
        assert running.stderr.read() == b""
        assert running.wait() == 0


def test_blocks_through_the_command_line(shop: Path, tmp_path: Path) -> None:
    """A table becomes few statements, each row of which has a receipt that verifies."""
    file = ndjson(tmp_path / "rows.ndjson", ROWS)
    words = ["record", "batch", str(file), "--block", "--ledger", str(shop)]
    done = counterfoil(*words, COUNTERFOIL_BLOCK_ROWS="1000").json()
    assert (done["rows"], done["blocks"], done["new"]) == (2500, 3, 3)
    index = str(done["first_index"] + 1)
    out = tmp_path / "row.json"
    counterfoil("receipt", "get", index, "--row", "7", "--out", out, "--ledger", shop).json()
    proven = counterfoil("verify", out, "--policy", shop / "policy.txt").json()
    assert json.loads(proven["content"]) == ROWS[1007]


def test_a_ledger_comes_back_from_its_copy(shop: Path, tmp_path: Path) -> None:
    """A backup made while the ledger is in use restores it, to where a kept receipt says at least.

    A damaged tile is mended from the copy, a lost ledger is restored from it, and a copy is never
    taken for the log itself.
    """
    place, copy, kept = ["--ledger", str(shop)], tmp_path / "copy", tmp_path / "kept.json"
    forked("record", "batch", ndjson(tmp_path / "r.ndjson", ROWS), *place).json()
    forked("receipt", "get", "1000", "--out", kept, *place).json()
    assert forked("backup", shop, copy, "--with-keys").json()["size"] > 2500
    assert forked("record", "add", "{}", "--ledger", copy).status == 4
    tile = shop / "tile" / "entries" / "000"
    tile.unlink()
    tile.write_bytes(b"damaged")
    assert forked("audit", *place).status == 1
    mended = forked("recover", shop, "--from", copy, "--last-known", kept).json()
    assert (mended["way"], mended["lost"]) == ("mended", None)
    shop.rename(tmp_path / "lost")
    restored = forked("recover", shop, "--from", copy, "--last-known", kept).json()
    assert restored["way"] == "restored"
    assert forked("audit", "--full", "--against", kept, *place).json()["damaged"] is False
    assert recorded(shop) == ROWS
    assert forked("record", "add", '{"n":1}', *place).json()["index"] == restored["size"]
    checks = forked("doctor", *place).json()["checks"]
    assert "bad" not in {check["status"] for check in checks}
    heir = tmp_path / "heir"
    succeeded = forked("recover", heir, "--from", shop, "--successor", "--why", "moved").json()
    assert succeeded["way"] == "successor"
    last = forked("record", "tail", "-n", "1", "--ledger", heir).lines()[0]
    assert last["kind"] == "log-frozen"
