"""Tables without what most of them have: a header, an end of their last cell."""

from __future__ import annotations

from pathlib import Path

import pytest

from counterfoil.errors import InputError
from counterfoil.provenance.fingerprint import fingerprint_table, open_table


def test_a_file_without_a_header_is_the_same_table(tmp_path: Path) -> None:
    """Columns that are named by hand give the fingerprint of the file with a header."""
    rows = "39,Private\n50,\n"
    for name, text in (("bare.csv", rows), ("headed.csv", f"age,work\n{rows}")):
        (tmp_path / name).write_text(text)
    bare = open_table(tmp_path / "bare.csv", columns=("age", "work"))
    headed = open_table(tmp_path / "headed.csv")
    assert bare.schema.names == ["age", "work"]
    digests = {fingerprint_table(one.schema, one.batches()).digest for one in (bare, headed)}
    assert len(digests) == 1
    with pytest.raises(InputError) as caught:
        open_table(tmp_path / "bare.csv", columns=("age",))
    assert caught.value.code == "dataset.unreadable"


def test_a_cell_that_never_ends_is_not_shown(tmp_path: Path) -> None:
    """An error about a file ends up in logs; its cells may be personal."""
    path = tmp_path / "cut.csv"
    path.write_text('name,note\nAnn,"Lee')
    with pytest.raises(InputError) as caught:
        list(open_table(path).batches())
    assert "Lee" not in f"{caught.value} {caught.value.hint}"
