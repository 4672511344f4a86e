"""Published vectors: Go's signed notes, and a small C2SP log with a checkpoint at every size."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

import pytest

from counterfoil.errors import VerificationError
from counterfoil.formats import bundle, checkpoint, note, policy, tlog_proof
from counterfoil.formats.note import Note
from counterfoil.formats.tile import bundles_between, entries_path, parse_path, tile_path
from counterfoil.formats.tlog_proof import TlogProof
from counterfoil.formats.vkey import VerifierKey, format_skey, format_vkey, parse_skey, parse_vkey
from counterfoil.proofs.signing import note_signature, public_of
from counterfoil.proofs.trust import evaluate, open_note
from tests.c2sp import refuses
from tests.shared_data import data_path

LOG_KEY = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx"
# The entries of the published log; they are not in the data, only their bundles are.
WORDS = [
    *("one", "two", "three", "four", "five", "six", "seven", "eit", "nain", "ten"),
    *("ileven", "twelf", "threeten", "fourten", "fivten"),
]


def sumdb() -> dict[str, Any]:
    """Read the note vectors of Go's module `sumdb/note`."""
    text = (data_path("vectors_checkpoint_note") / "sumdb_note.json").read_text(encoding="utf-8")
    vectors: dict[str, Any] = json.loads(text)
    return vectors


def log_file(path: str) -> bytes:
    """Read one file of the published log."""
    return (data_path("vectors_checkpoint_note") / "tlog_tiles_testlog" / path).read_bytes()


def tree_root(leaves: list[bytes]) -> bytes:
    """Compute a Merkle root by the recursive definition (RFC 6962, 2.1)."""
    if len(leaves) < 2:
        return leaves[0] if leaves else sha256(b"").digest()
    half = 1 << (len(leaves) - 1).bit_length() - 1
    return sha256(b"\x01" + tree_root(leaves[:half]) + tree_root(leaves[half:])).digest()


def test_keys_of_go() -> None:
    """Go's published keys are read and written unchanged, and a secret one fits its public one."""
    keys = sumdb()["keys"]
    for text in (keys["peter_vkey"], keys["enoch_vkey"], LOG_KEY):
        assert format_vkey(parse_vkey(text)) == text
    secret = keys["peter_skey"].replace("TEST+SKEY+", "PRIVATE+KEY+")
    assert format_skey(parse_skey(secret)) == secret
    assert format_vkey(public_of(parse_skey(secret))) == keys["peter_vkey"]


def test_go_signs_the_same() -> None:
    """We sign Go's example text with Go's example key to the same bytes."""
    vectors = sumdb()
    for vector in vectors["sign"]:
        secret = vectors["keys"][vector["skey"]].replace("TEST+SKEY+", "PRIVATE+KEY+")
        text = vector["text"].encode()
        made = Note(text, (note_signature(parse_skey(secret), text),))
        assert note.format(made) == vector["want"].encode()


def test_go_opens_the_same() -> None:
    """Go's signed notes are read and written unchanged, and the same signatures verify."""
    vectors = sumdb()
    for vector in vectors["open_ok"]:
        data = vector["msg"].encode()
        assert note.format(note.parse(data)) == data
        keys = [parse_vkey(vectors["keys"][f"{name}_vkey"]) for name in vector["verifiers"]]
        verified = [item.key.name for item in open_note(data, keys)]
        assert verified == vector["verified"]
        names = [line.name for line in note.parse(data).signatures]
        assert [name for name in names if name not in verified] == vector["unverified"]
        with refuses("signature.invalid", VerificationError):
            open_note(data.replace(b"cryptography", b"cartography"), keys)


@pytest.mark.parametrize("size", range(16))
def test_published_log(size: int) -> None:
    """Each checkpoint is trusted under the log's key; its tile and bundle hold its entries."""
    data = log_file(f"checkpoint.{size}")
    assert note.format(note.parse(data)) == data
    trust = policy.parse(f"log {LOG_KEY}\nquorum none\n".encode())
    trusted = evaluate(trust, data)
    assert trusted.checkpoint.size == size
    assert checkpoint.format(trusted.checkpoint) == note.parse(data).text
    leaves = [sha256(b"\x00" + word.encode()).digest() for word in WORDS[:size]]
    assert trusted.checkpoint.root == tree_root(leaves)
    if size == 0:
        return
    entries = log_file(entries_path(0, size))
    assert bundle.parse(entries) == [word.encode() for word in WORDS[:size]]
    assert bundle.format(bundle.parse(entries)) == entries
    assert log_file(tile_path(0, 0, size)) == b"".join(leaves)
    assert [str(path) for path in bundles_between(size - 1, size)] == [entries_path(0, size)]


def test_published_paths() -> None:
    """Every path of the published log is read, and is the one that we would give."""
    folder = data_path("vectors_checkpoint_note") / "tlog_tiles_testlog"
    paths = [p.relative_to(folder).as_posix() for p in (folder / "tile").rglob("*") if p.is_file()]
    assert len(paths) == 30
    assert [str(parse_path(path)) for path in paths] == paths


def test_published_checkpoint_in_a_proof() -> None:
    """A `.tlog-proof` keeps a published checkpoint verbatim, so it is still trusted."""
    data = log_file("checkpoint")
    proof = TlogProof(14, (bytes(32),) * 4, data, None)
    again = tlog_proof.parse(tlog_proof.format(proof))
    assert again.checkpoint == data
    key: VerifierKey = parse_vkey(LOG_KEY)
    assert open_note(again.checkpoint, [key])[0].key == key
