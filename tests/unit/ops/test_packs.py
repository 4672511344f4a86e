"""Evidence packs: made the same each time, and checked by somebody who has nothing else."""

from __future__ import annotations

import io
import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

import counterfoil
from counterfoil.cli.paint import Paint
from counterfoil.cli.text import packs as text
from counterfoil.errors import NotFound
from counterfoil.ledger.documents import write_zip
from counterfoil.ledger.lineage.pack_zip import read_zip
from counterfoil.ops import ledgers, packs
from counterfoil.ops.packs import Checked, Packed
from counterfoil.ports import STANDARD_STREAM, Document
from tests.ledgers import copy_ledger
from tests.provenance_story import tell_story
from tests.statements import refused

PLAIN = Paint(io.StringIO())


class Story:
    """A ledger with a story in it, and the pack of its first decision."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ledger = folder / "shop"
        ledgers.init(self.ledger, name="shop", organisation="https://shop.example")
        with counterfoil.open(self.ledger) as opened:
            self.told = tell_story(opened)
        self.policy = self.ledger / "policy.txt"
        self.zip = folder / "pack.zip"
        self.decision = str(self.told["decision 0"])
        packs.pack(self.decision, out=self.zip, ledger=self.ledger)
        self.files = read_zip(self.zip.read_bytes())

    def checked(self, files: dict[str, bytes], *, relist: bool = False) -> Checked:
        """Check changed files; relist: with a manifest that was rewritten to fit them."""
        files = dict(files)
        if relist:
            manifest = json.loads(files["manifest.json"])
            manifest["files"] = {
                name: {"sha256": sha256(data).hexdigest(), "bytes": len(data)}
                for name, data in files.items()
                if name != "manifest.json"
            }
            files["manifest.json"] = json.dumps(manifest).encode()
        changed = self.folder / "changed.zip"
        changed.write_bytes(write_zip(files))
        return packs.check(changed, policy=self.policy)


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """Make one for all tests of this module; none changes its ledger."""
    return Story(tmp_path_factory.mktemp("packs"))


def written(entry: str | None, **given: Any) -> Packed:
    """Write a pack to a file."""
    made = packs.pack(entry, **given)
    assert isinstance(made, Packed)
    return made


def fails(checked: Checked) -> set[tuple[str, str]]:
    return {(problem.file, problem.code) for problem in checked.problems}


def test_a_pack_holds_and_is_the_same_each_time(story: Story) -> None:
    """Statements, receipts, PROV, summaries, policy, README; the same bytes; it checks."""
    again = story.folder / "again.zip"
    made = written(story.decision, out=again, ledger=story.ledger)
    assert again.read_bytes() == story.zip.read_bytes()
    assert made.statements == 9
    assert made.complete
    assert next(text.pack(made, PLAIN)).endswith("with 9 statements and their receipts")
    assert {"prov.json", "checks.json", "evaluations.json", "datasets.json", "policy.txt"} <= set(
        story.files
    )
    prints = json.loads(story.files["datasets.json"])
    assert [one["fingerprint"]["rows"] for one in prints] == [100, 100]
    assert b"What is not proven" in story.files["README.txt"]
    checked = packs.check(story.zip, policy=story.policy)
    assert (checked.problems, checked.exit_status, checked.own_policy) == ((), 0, True)
    said = list(text.check(checked, PLAIN))
    assert said[0] == "holds: 9 statements, self-witnessed"
    assert said[-1].startswith("  not proven: that the statements are true")
    assert json.loads(json.dumps(checked.to_json()))["holds"]


def test_a_changed_byte_in_any_file_is_named(story: Story) -> None:
    """Whichever file is changed, the check fails and names it."""
    for name, data in story.files.items():
        at = len(data) // 2
        changed = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
        if name == "manifest.json":
            with refused("pack.malformed"):
                story.checked(story.files | {name: b"{" + changed})
            continue
        checked = story.checked(story.files | {name: changed})
        assert (name, "pack.changed") in fails(checked)
        assert checked.exit_status == 1
        said = "\n".join(text.check(checked, PLAIN))
        assert f"fails  {name}: " in said
        assert "do not rely on this pack" in said


def test_a_missing_file_is_named(story: Story) -> None:
    """Also where the manifest was rewritten without it: the rest follows from the receipts."""
    for name in story.files:
        if name == "manifest.json":
            continue
        less = {one: data for one, data in story.files.items() if one != name}
        assert (name, "pack.missing") in fails(story.checked(less))
        if name not in ("README.txt", "policy.txt", "trace.json"):
            assert (name, "pack.missing") in fails(story.checked(less, relist=True))
    with refused("pack.malformed"):
        story.checked({"README.txt": b"nothing else"})


def test_a_lie_with_a_rewritten_manifest_is_named(story: Story) -> None:
    """A statement, summary, export or tie that its receipt does not bear out fails by name."""
    index = story.told["decision 0"]
    lies: dict[str, tuple[bytes, bytes, str]] = {
        f"statements/{index}.json": (b'"hold"', b'"grant"', "pack.other-content"),
        "evaluations.json": (b"0.87", b"0.97", "pack.other-content"),
        "prov.json": (b"Ada Example", b"Eve Example", "pack.other-content"),
        "trace.json": (b'"trained_on"', b'"tested_on"', "pack.tie"),
    }
    for name, (true, lie, code) in lies.items():
        assert true in story.files[name]
        files = story.files | {name: story.files[name].replace(true, lie)}
        assert (name, code) in fails(story.checked(files, relist=True))
    for true, lie in ((b"Ada Example", b"Eve Example"), (b'"train"', b'"test"')):
        assert true in story.files["trace.json"]
        files = story.files | {"trace.json": story.files["trace.json"].replace(true, lie)}
        assert "trace.json" in {one.file for one in story.checked(files, relist=True).problems}


def test_a_foreign_receipt_is_named(story: Story, tmp_path: Path) -> None:
    """A receipt of another log, and one of another entry of this log, each fail."""
    other = tmp_path / "other"
    ledgers.init(other, name="other", organisation="https://other.example")
    with counterfoil.open(other) as opened:
        tell_story(opened)
    packs.pack(story.decision, out=tmp_path / "other.zip", ledger=other)
    foreign = read_zip((tmp_path / "other.zip").read_bytes())
    name = f"receipts/{story.decision}.json"
    checked = story.checked(story.files | {name: foreign[name]}, relist=True)
    assert (name, "trust.unknown-log") in fails(checked)
    swapped = story.files | {name: story.files[f"receipts/{story.told['model']}.json"]}
    assert (name, "pack.other-entry") in fails(story.checked(swapped, relist=True))
    whole = packs.check(tmp_path / "other.zip", policy=story.policy)
    assert len(whole.problems) >= 9
    assert not whole.own_policy


def test_files_that_do_not_belong_are_named(story: Story) -> None:
    """A file beside the manifest, and one that was listed but follows from nothing."""
    more = story.files | {"verdict.txt": b"all is well"}
    assert fails(story.checked(more)) >= {("verdict.txt", "pack.unlisted")}
    assert fails(story.checked(more, relist=True)) == {("verdict.txt", "pack.stray")}


@pytest.mark.parametrize(
    ("first", "until"), [("3", None), ("0001-01-01", "9999-12-31"), ("2020-01-01T00:00:00Z", "99")]
)
def test_a_period_is_packed(
    first: str | None, until: str | None, story: Story, tmp_path: Path
) -> None:
    """By entry numbers or dates, and what its statements point at comes with it."""
    out = tmp_path / "period.zip"
    made = written(None, out=out, ledger=story.ledger, from_=first, until=until)
    assert made.statements >= len(story.told)
    assert packs.check(out, policy=story.policy).problems == ()
    one = str(story.told["action"])
    assert written(None, out=out, ledger=story.ledger, from_=one, until=one).statements == 2
    checked = packs.check(out, policy=story.policy)
    assert checked.problems == ()
    assert f"The period from {one} until {one}" in "\n".join(text.check(checked, PLAIN))


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({}, "pack.subject"),
        ({"entry": "3", "from_": "3"}, "pack.subject"),
        ({"from_": "yesterday"}, "lineage.period"),
        ({"from_": "2026-13-01"}, "lineage.period"),
        ({"from_": "-5"}, "lineage.period"),
        ({"entry": "3", "depth": 0}, "lineage.bound"),
    ],
)
def test_what_cannot_be_packed_is_refused(
    given: dict[str, Any], code: str, story: Story, tmp_path: Path
) -> None:
    """The error says what was expected, and no file is written."""
    with refused(code):
        packs.pack(out=tmp_path / "x.zip", ledger=story.ledger, **given)
    with refused("lineage.nothing", NotFound):
        packs.pack(out=tmp_path / "x.zip", ledger=story.ledger, until="1999-12-31")
    assert not list(tmp_path.iterdir())


def test_a_page_carries_its_pack(story: Story, tmp_path: Path) -> None:
    """The page is checked as the zip in it is, and held to show what is in that and no more."""
    page = tmp_path / "pack.html"
    packs.pack(story.decision, out=page, ledger=story.ledger)  # the ending says how
    assert packs.check(page, policy=story.policy).problems == ()
    data = page.read_bytes()
    page.write_bytes(data.replace(b"<h1>Evidence pack</h1>", b"<h1>All is well</h1>"))
    assert fails(packs.check(page, policy=story.policy)) == {("the page", "pack.page")}
    page.write_bytes(data.replace(b'id="pack"', b'id="no"'))
    with refused("pack.malformed"):
        packs.check(page, policy=story.policy)


def test_a_pack_goes_to_standard_output_and_never_under_a_wrong_name(
    story: Story, tmp_path: Path
) -> None:
    """`-` gets the zip, or the page if asked; a zip is not named .html, nor a page .zip."""
    piped = packs.pack(story.decision, out=STANDARD_STREAM, ledger=story.ledger)
    assert isinstance(piped, Document)
    assert b"".join(piped.chunks) == story.zip.read_bytes()
    for name, html in (("p.pdf", False), ("p.zip", True)):
        with refused("file.ending"):
            packs.pack(story.decision, out=tmp_path / name, ledger=story.ledger, html=html)
    assert list(tmp_path.iterdir()) == []


def test_a_pack_is_made_beside_an_owner(story: Story, tmp_path: Path) -> None:
    """Reading is enough: a service that owns the ledger goes on."""
    with counterfoil.open(story.ledger):
        made = written(story.decision, out=tmp_path / "p.zip", ledger=story.ledger)
    assert made.statements == 9


def test_a_log_with_two_histories_is_named(tmp_path: Path) -> None:
    """Receipts that each verify, under two roots of one size, are told as what they prove."""
    packed = []
    for name in ("one", "two"):
        folder = copy_ledger(tmp_path / name)  # copies are one log, with one key
        with counterfoil.open(folder) as opened:
            told = tell_story(opened)
        out = tmp_path / f"{name}.zip"
        packs.pack(str(told["decision 0"]), out=out, ledger=folder)
        packed.append(read_zip(out.read_bytes()))
    receipt = f"receipts/{told['decision 0']}.json"
    mixed = tmp_path / "mixed.zip"
    mixed.write_bytes(write_zip(packed[0] | {receipt: packed[1][receipt]}))
    checked = packs.check(mixed, policy=tmp_path / "one" / "policy.txt")
    assert "pack.two-histories" in {code for _, code in fails(checked)}


def test_too_much_for_a_page_or_a_pack_is_refused(tmp_path: Path) -> None:
    """A page has at most 200 statements, a period 1,000; the error says how to take less."""
    folder = copy_ledger(tmp_path / "ledger")
    with counterfoil.open(folder) as opened:
        opened.record_many([{"n": n} for n in range(1001)])
    out = tmp_path / "pack.html"
    with refused("pack.page-large"):
        packs.pack(out=out, ledger=folder, html=True, from_="10", until="300")
    with refused("lineage.period"):
        packs.pack(out=out, ledger=folder, from_="0")
    assert not out.exists()


def test_a_cut_pack_and_another_policy_are_told(story: Story, tmp_path: Path) -> None:
    """Who makes a pack, and who checks it, hear that there is more, and whose policy was used."""
    out = tmp_path / "cut.zip"
    made = written(story.decision, out=out, ledger=story.ledger, depth=1)
    assert list(text.pack(made, PLAIN))[-1].startswith("not all was followed")
    mine = tmp_path / "mine.txt"
    mine.write_bytes(b"# from a friend\n" + story.policy.read_bytes())
    said = "\n".join(text.check(packs.check(out, policy=mine), PLAIN))
    assert "the trace was cut by its sender" in said
    assert "the pack's policy.txt is not yours" in said


@pytest.mark.parametrize(
    "changed", [{"format": "v2"}, {"origin": 1}, {"files": {"a": {}}}, {"more": 1}]
)
def test_another_manifest_is_refused(changed: dict[str, Any], story: Story) -> None:
    """A pack of another version is not judged by the rules of this one."""
    manifest = json.loads(story.files["manifest.json"]) | changed
    with refused("pack.malformed"):
        story.checked(story.files | {"manifest.json": json.dumps(manifest).encode()})


def test_a_statement_that_is_told_otherwise_in_the_graph_fails(story: Story) -> None:
    """Also one that cannot be exported, and one that the graph leaves out."""
    graph = json.loads(story.files["trace.json"])
    for node in graph["nodes"]:
        if node["kind"] == "model":
            node["at_ms"] = 2**52
    files = story.files | {"trace.json": json.dumps(graph).encode()}
    assert ("trace.json", "pack.trace") in fails(story.checked(files, relist=True))
    graph = json.loads(story.files["trace.json"])
    gone = next(node for node in graph["nodes"] if node["kind"] == "evaluation")
    graph["nodes"].remove(gone)
    graph["edges"] = [e for e in graph["edges"] if gone["id"] not in (e["from"], e["to"])]
    files = story.files | {"trace.json": json.dumps(graph).encode()}
    stray = (f"receipts/{gone['index']}.json", "pack.stray")
    assert stray in fails(story.checked(files, relist=True))


def test_a_pack_is_about_what_it_says(story: Story) -> None:
    """A manifest that names another entry than the trace begins at fails."""
    manifest = json.loads(story.files["manifest.json"])
    manifest["about"]["index"] = story.told["model"]
    files = story.files | {"manifest.json": json.dumps(manifest).encode()}
    assert fails(story.checked(files)) == {("trace.json", "pack.trace")}


def test_a_long_list_of_failures_is_counted(story: Story) -> None:
    """Fifty are named, and the rest is counted."""
    more = {f"f{number}.txt": b"x" for number in range(60)}
    said = list(text.check(story.checked(story.files | more), PLAIN))
    assert len(said) == 52
    assert said[-2] == "and 70 more"
