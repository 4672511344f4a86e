"""What entries say that a mirror must know: key statements and payloads."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import counterfoil
from counterfoil.formats.predicates import IssuerKey, Key
from counterfoil.network.mirror_index import MirrorIndex, load_index, notable, save_index
from tests.cose_made import Issuer, introduce
from tests.ledgers import copy_ledger, parts_of


def test_it_finds_what_the_ledgers_own_database_knows(tmp_path: Path) -> None:
    """Key statements stand where the database says; payloads are named by their digests."""
    copy_ledger(tmp_path / "ledger")
    with counterfoil.open(tmp_path / "ledger") as ledger:
        rows = [b'{"n":%d}' % n for n in range(20)] + [b'{"text":"a \\"quote\\" and \\u00e9"}']
        ledger.record_rows(rows, "file", 0).result()
        ledger.record({"content_ref": "no reference", "key": "/key/v1"})
        large = ledger.record({"text": "x" * 60_000})
        block = ledger.record_block([{"n": 1}])
        ledger.key_admin.rotate("a year is over")
        issuer = introduce(ledger, Issuer())
        ledger.scitt.register(Issuer().statement())
        found = list(notable(0, [*ledger.entries(), b"", b"{}", b"\xff"]))
        keys = [index for index, said in found if isinstance(said, Key)]
        assert keys == parts_of(ledger).writer.store.key_entries()
        assert [at for at, said in found if isinstance(said, IssuerKey)] == [issuer.index]
        digests = [(index, said) for index, said in found if isinstance(said, str)]
        assert [index for index, _ in digests] == [large.index, block.index]
        kept = {path.name for path in ledger.layout.payloads.glob("*/*")}
        assert {digest for _, digest in digests} == kept


def test_it_is_kept_and_read_back(tmp_path: Path) -> None:
    """An index is read as it was written; what is no index is none."""
    index = MirrorIndex(5, sha256(b"").hexdigest(), (0, 1), ("0f" * 32,), (4,))
    assert load_index(tmp_path) is None
    save_index(tmp_path, index)
    assert load_index(tmp_path) == index
    for wrong in (b"", b"{}", b"[]", b"\xff"):
        (tmp_path / "mirror-index.json").write_bytes(wrong)
        assert load_index(tmp_path) is None
