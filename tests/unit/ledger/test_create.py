"""A new ledger is whole or not there, whatever it is called and whatever goes wrong."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

import counterfoil
from counterfoil.errors import CounterfoilError, Unavailable
from counterfoil.formats import note
from counterfoil.formats import policy as policies
from counterfoil.formats.vkey import KeyType
from counterfoil.ledger import Layout, create_ledger
from counterfoil.ports import SystemClock
from tests.ledgers import prove
from tests.shared_data import program
from tests.statements import refused

PARTS = {"checkpoint", "counterfoil.toml", "keys", "ledger.db", "payload", "policy.txt", "tile"}


def create(folder: Path, **options: Any) -> None:
    """Make a ledger by the machine's clock."""
    create_ledger(folder, SystemClock(), **options)


def mode(path: Path) -> int:
    """Read the permissions of a file."""
    return stat.S_IMODE(path.stat().st_mode)


def test_what_a_new_ledger_holds(tmp_path: Path) -> None:
    """A new ledger has its files, its keys, a policy, and three statements that are proven."""
    folder = tmp_path / "shop"
    create(folder, name="Shop", organisation="https://shop.example")
    assert {path.name for path in folder.iterdir()} == PARTS
    assert list(tmp_path.iterdir()) == [folder]
    with counterfoil.open(folder, read_only=True) as ledger:
        assert (ledger.config.name, ledger.config.organisation) == ("Shop", "https://shop.example")
        assert [view.kind for view in ledger.views()] == ["key", "key", "organisation"]
        assert [period.role for period in ledger.keys] == ["producer", "recovery"]
        for index in range(3):
            assert prove(ledger, index).signer.keyid == ledger.keys[0].keyid
        assert ledger.get(2).content["name"] == "Shop"


def test_keys_are_private(tmp_path: Path) -> None:
    """Nobody but the owner may read a key, or look into the folder of keys."""
    folder = tmp_path / "shop"
    before = os.umask(0)
    try:
        create(folder, post_quantum=True)
    finally:
        os.umask(before)
    assert mode(folder / "keys") == 0o700
    keys = sorted((folder / "keys").iterdir())
    assert [path.name for path in keys] == [
        "log-ml-dsa-44.key",
        "log.key",
        "producer.key",
        "recovery.key",
    ]
    assert {mode(path) for path in keys} == {0o600}
    assert mode(folder) == 0o755


def test_both_signatures(tmp_path: Path) -> None:
    """With post_quantum every checkpoint has two signatures, and either alone convinces a reader.

    The policy lists both keys as the log's, as tlog-policy has it: a reader accepts the log by
    each. The log itself takes no checkpoint for its own that lacks one.
    """
    create(tmp_path / "shop", post_quantum=True)
    with counterfoil.open(tmp_path / "shop") as ledger:
        ledger.record({"a": 1})
        ledger.publish()
        policy = ledger.policy
        types = [log.key.type for log in policy.logs]
        assert types == [KeyType.ED25519, KeyType.COSIGNATURE_MLDSA44]
        assert policy.quorum == "self"
        signed = note.parse(ledger.published())
        known = [log.key for log in policy.logs] + [one.key for one in policy.witnesses]
        assert {s.key_id for s in signed.signatures} == {key.key_id for key in known}
        for log in policy.logs:
            alone = policies.Policy((log,), (), (), policies.NONE)
            assert counterfoil.verify(ledger.receipt(3), alone).trusted.log == log.key


def test_two_ledgers_never_share_an_origin(tmp_path: Path) -> None:
    """Ledgers of one name are different logs, with different owners unless one is named."""
    for name in ("a", "b"):
        create(tmp_path / name, name="Same")
    configs = [counterfoil.open(tmp_path / n, read_only=True).config for n in ("a", "b")]
    assert configs[0].origin != configs[1].origin
    assert configs[0].origin.startswith("counterfoil.local/same/")
    assert configs[0].organisation != configs[1].organisation
    assert configs[0].organisation.startswith("urn:uuid:")


@pytest.mark.parametrize(
    ("folder", "name", "slug"),
    [
        ("Bücher & mehr", "Bücher & mehr", "b-cher-mehr"),
        ("日本語", "日本語", "ledger"),
        ("with space\u00a0", "with space\u00a0", "with-space"),
        ("-", "-", "ledger"),
        ("x" * 255, "x" * 255, "x" * 40),
        ("a'b\"c\\d", "a'b\"c\\d", "a-b-c-d"),
        ("a+b", "a+b", "a-b"),
        ("../shop/../shop/up", "up", "up"),
    ],
    ids=["umlaut", "japanese", "space", "hyphen", "long", "quotes", "plus", "up"],
)
def test_odd_folders(tmp_path: Path, folder: str, name: str, slug: str) -> None:
    """A ledger takes its folder's name, whatever characters it has, and works under it."""
    (tmp_path / "shop").mkdir()
    with counterfoil.open(tmp_path / "shop" / folder, create=True) as ledger:
        assert ledger.config.name == name
        assert ledger.origin.split("/")[1] == slug
        assert prove(ledger, ledger.record({"a": 1}).index).content == b'{"a":1}'
    with counterfoil.open(tmp_path / "shop" / folder) as ledger:
        assert (ledger.config.name, ledger.size) == (name, 4)


def test_a_folder_whose_name_is_no_unicode(tmp_path: Path) -> None:
    """A folder's name may be any bytes; what is no text is replaced in the ledger's name."""
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9"))
    with counterfoil.open(folder, create=True) as ledger:
        assert ledger.config.name == "caf?"
        ledger.record({})


@pytest.mark.parametrize(
    "options",
    [
        {"name": "x" * 256},
        {"name": "a\nb"},
        {"name": "\ud800"},
        {"organisation": "shop"},
        {"organisation": "https://shop example"},
        {"organisation": "https://b\u00fccher.example"},
        {"organisation": "urn:" + "x" * 512},
        {"organisation": "\ud800:x"},
    ],
    ids=["long", "newline", "surrogate", "no uri", "space", "umlaut", "long uri", "no text"],
)
def test_bad_names_make_nothing(tmp_path: Path, options: dict[str, str]) -> None:
    """A name or organisation that no statement can hold is refused before anything is made."""
    with refused("config.malformed"):
        create(tmp_path / "shop", **options)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_name_that_is_no_name(tmp_path: Path) -> None:
    """A folder with a control character in its name needs another name for its ledger."""
    with refused("config.malformed"):
        create(tmp_path / "a\tb")
    create(tmp_path / "a\tb", name="ab")


@pytest.mark.parametrize("name", ["a\0b", "x" * 256, "y" * 5000], ids=["null", "long", "longer"])
def test_paths_that_are_none(tmp_path: Path, name: str) -> None:
    """A path that no file system takes is refused, with and without `open`."""
    with refused("ledger.path"):
        counterfoil.open(tmp_path / name, create=True)
    with pytest.raises(CounterfoilError):
        create(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_links_that_lead_in_a_circle(tmp_path: Path) -> None:
    """A link to itself is no folder."""
    (tmp_path / "a").symlink_to(tmp_path / "a")
    with pytest.raises(CounterfoilError):
        create(tmp_path / "a")


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    """A ledger, a file, and a folder with anything in it are left as they are."""
    create(tmp_path / "shop")
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / ".hidden").touch()
    before = (tmp_path / "shop" / "counterfoil.toml").read_bytes()
    for name in ("shop", "file", "full"):
        with refused("ledger.exists"):
            create(tmp_path / name)
    assert (tmp_path / "shop" / "counterfoil.toml").read_bytes() == before
    assert (tmp_path / "file").read_text("utf-8") == "mine"
    assert [path.name for path in (tmp_path / "full").iterdir()] == [".hidden"]


def test_an_empty_folder_keeps_its_permissions(tmp_path: Path) -> None:
    """A folder that was made for a ledger, perhaps a mounted disk, is filled and not replaced."""
    folder = tmp_path / "shop"
    folder.mkdir(mode=0o700)
    before = folder.stat()
    create(folder)
    assert (folder.stat().st_ino, mode(folder)) == (before.st_ino, 0o700)
    assert {path.name for path in folder.iterdir()} == PARTS


def test_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A ledger can be made in the current folder, and through a link."""
    monkeypatch.chdir(tmp_path)
    with counterfoil.open(".", create=True) as ledger:
        assert ledger.config.name == tmp_path.name
    (tmp_path.parent / "link").symlink_to(tmp_path.parent / "target")
    create(tmp_path.parent / "link")
    assert (tmp_path.parent / "target" / "counterfoil.toml").is_file()


def test_many_at_once(tmp_path: Path) -> None:
    """Of those who make a ledger in one folder at the same time one does; nothing is mixed."""
    for name, there in (("new", False), ("empty", True)):
        folder = tmp_path / name
        if there:
            folder.mkdir()
        outcomes, start = list[object](), threading.Barrier(6, timeout=30)

        def work(folder: Path = folder, start: threading.Barrier = start) -> None:
            start.wait()
            try:
                create(folder)
                outcomes.append("made")  # noqa: B023 - each round has its own threads
            except CounterfoilError as err:
                outcomes.append(err.code)  # noqa: B023

        threads = [threading.Thread(target=work) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(map(str, outcomes)).count("made") == 1
        assert set(outcomes) <= {"made", "ledger.exists", "ledger.create"}
        assert {path.name for path in folder.iterdir()} == PARTS
        with counterfoil.open(folder) as ledger:
            assert prove(ledger, ledger.record({}).index).index == 3
    assert {path.name for path in tmp_path.iterdir()} == {"new", "empty"}


def test_where_nothing_can_be_made(tmp_path: Path) -> None:
    """Below a file, or in a folder that takes no files, the answer is one clear error."""
    (tmp_path / "file").touch()
    with refused("ledger.create", Unavailable):
        create(tmp_path / "file" / "shop")
    with refused("ledger.create", Unavailable):
        create(Path("/proc/counterfoil"))


CHILD = """
import itertools, os, resource, shutil, signal, sys, time
from pathlib import Path
from counterfoil.errors import CounterfoilError, FatalLogError, Unavailable
from counterfoil.ledger import Layout, create_ledger
from counterfoil.ports import SystemClock

parent = Path(sys.argv[1])
folder = parent / "shop"

def attempt(there):
    if there:
        folder.mkdir()
    try:
        create_ledger(folder, SystemClock(), name="shop")
    except CounterfoilError as err:
        assert isinstance(err, (FatalLogError, Unavailable)), err
        assert [path.name for path in parent.iterdir()] == (["shop"] if there else []), err
        assert not there or not any(folder.iterdir()), list(folder.iterdir())
        print(err.code)
    else:
        assert Layout(folder).exists()
        print("made")
    shutil.rmtree(folder, ignore_errors=True)
"""

SHORT_FILES = """
for limit, there in itertools.product((1, 150, 300, 9_000, 30_000), (False, True)):
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    attempt(there)
"""

FAILING_CALLS = """
for there in (False, True) * 8:
    attempt(there)
"""

KILLED = """
for at_ms in range(0, 60, 3):
    if at_ms % 2:
        folder.mkdir()
    child = os.fork()
    if child == 0:
        create_ledger(folder, SystemClock(), name="shop")
        os._exit(0)
    time.sleep(at_ms / 1000)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    print("made" if Layout(folder).exists() else "not")
    if not Layout(folder).exists():
        if at_ms % 2 == 0:
            assert not folder.exists()
        try:
            create_ledger(folder, SystemClock(), name="shop")
        except CounterfoilError as err:  # killed while moving up: no ledger, and it is said so
            assert at_ms % 2 and err.code == "ledger.exists", err
            shutil.rmtree(folder)
            continue
    folder.rename(parent / f"shop{at_ms}")
"""


def in_child(parent: Path, script: str, *before: str) -> list[str]:
    """Make ledgers in another process, and give what became of each.

    before: a program that runs it.
    """
    command = [*before, sys.executable, "-c", CHILD + script, str(parent)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.split()


def test_files_that_cannot_grow(tmp_path: Path) -> None:
    """When a file cannot be written whole (keys, settings, database), nothing is left behind."""
    outcomes = in_child(tmp_path, SHORT_FILES)
    assert len(outcomes) == 10
    assert "made" not in outcomes


@pytest.mark.root
def test_a_full_disk(tmp_path: Path) -> None:
    """On a disk that is full at any moment of making it, no half ledger appears."""
    mount, umount, disk = program("mount"), program("umount"), tmp_path / "disk"
    disk.mkdir()
    for kilobytes in (4, 16, 40, 64, 96):
        size = f"size={kilobytes}k"
        subprocess.run([mount, "-t", "tmpfs", "-o", size, "none", disk], check=True)
        try:
            with pytest.raises(Unavailable):
                create(disk / "shop")
            assert list(disk.iterdir()) == []
        finally:
            subprocess.run([umount, disk], check=True)


def test_calls_that_fail(tmp_path: Path) -> None:
    """When renaming, syncing or making a folder fails at any point, nothing half made stays."""
    strace = [program("strace"), "-f", "-qq", "-o", "/dev/null"]
    found = set()
    for call, error, when in (  # each thread counts its own calls
        ("rename", "EIO", "2+3"),
        ("rename", "EIO", "9+4"),
        ("fsync,fdatasync", "EIO", "5+7"),
        ("mkdir", "ENOSPC", "4+5"),
    ):
        outcomes = in_child(
            tmp_path, FAILING_CALLS, *strace, "-e", f"inject={call}:error={error}:when={when}"
        )
        assert len(outcomes) == 16
        found |= set(outcomes)
    assert found >= {"made", "ledger.create", "tiles.write"}, found


def test_a_maker_that_is_killed(tmp_path: Path) -> None:
    """Killed at any moment, the folder holds a whole ledger or none; then one can be made."""
    outcomes = in_child(tmp_path, KILLED)
    assert len(outcomes) == 20
    assert outcomes[0] == "not"
    for folder in tmp_path.glob("shop*"):
        with counterfoil.open(folder, read_only=True) as ledger:
            assert prove(ledger, 2).index == 2


def test_origins_are_names_of_keys(tmp_path: Path) -> None:
    """Whatever a ledger is called, its origin can name a key and a log in a policy."""
    create(tmp_path / "shop", name="+ +\u2003log quorum none\u00a0")
    text = Layout(tmp_path / "shop").policy.read_bytes()
    (log,) = policies.parse(text).logs
    assert log.key.name.startswith("counterfoil.local/log-quorum-none/")
    assert text.startswith(b"# Whom")
