"""Collect the code blocks of the documents and the doctests of the source as tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.doc_blocks import ROOT, collect_examples

pytest_collect_file = collect_examples


@pytest.fixture(scope="module")
def document_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Run all blocks of one document in one empty folder, where `./dev` is at hand."""
    folder = tmp_path_factory.mktemp("document")
    (folder / "dev").symlink_to(ROOT / "dev")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        yield folder
