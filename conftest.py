"""Collect the code blocks of the documents and the doctests of the source as tests."""

from __future__ import annotations

import atexit
import gc
import gzip
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest

from tests.doc_blocks import ROOT, collect_examples
from tests.shared_data import data_path

pytest_collect_file = collect_examples

_RECURSION_LIMIT = sys.getrecursionlimit()


def pytest_configure() -> None:
    """Give each run, and each worker, a state folder of its own: never touch the user's."""
    state = tempfile.mkdtemp(prefix="counterfoil-tests-state-")
    atexit.register(shutil.rmtree, state, ignore_errors=True)
    os.environ["COUNTERFOIL_STATE"] = state


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection() -> Generator[None, object, object]:
    """Keep the collector of garbage off what lasts: modules and tests, a million objects.

    It would look through them again and again, in collection and in each of the tests.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.collect()
        gc.freeze()
        gc.enable()


def pytest_runtest_setup() -> None:
    """Take back what importing an EVM does to the whole process: a limit beyond the C stack."""
    if sys.getrecursionlimit() > 10_000:
        sys.setrecursionlimit(_RECURSION_LIMIT)


@pytest.fixture(scope="module")
def document_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Run all blocks of one document in one empty folder, where `./dev` is at hand."""
    folder = tmp_path_factory.mktemp("document")
    (folder / "dev").symlink_to(ROOT / "dev")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        yield folder


@pytest.fixture(scope="module")
def fetch(document_folder: Path) -> Callable[[str], str]:
    """Let a document ask for a packed file of the data sets; see `tests.doc_blocks`.

    The file comes into the document's folder, unpacked; where it is missing, the blocks are skipped
    for the reason that is given back.
    """

    def bring(name: str) -> str:
        try:
            packed = data_path(name)
        except pytest.skip.Exception as missing:
            return str(missing.msg)
        (document_folder / packed.stem).write_bytes(gzip.decompress(packed.read_bytes()))
        return ""

    return bring
