"""Which files are models, and which are refused, without ever loading what holds code."""

from __future__ import annotations

import gzip
import io
import os
import pickle  # noqa: TID251  # to make what must be refused
import re
import subprocess
import zipfile
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skops.io
from hypothesis import given
from hypothesis import strategies as st
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from counterfoil.errors import InputError, NotFound
from counterfoil.provenance.models import open_artefact
from counterfoil.provenance.models.suspects import is_pickle
from tests import models_made
from tests.statements import refused

TEXT = models_made.booster().model_to_string().encode()


class Bomb:
    """Leaves a mark where it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.mark),)


def _zip(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def _npy(array: Any) -> bytes:
    out = io.BytesIO()
    np.save(out, array)
    return out.getvalue()


def test_formats_are_known_by_their_bytes() -> None:
    """ONNX, LightGBM text and skops are told apart; the digest is the file's own."""
    onnx = models_made.booster_onnx()
    for data, kind in [
        (onnx, "onnx"),
        (TEXT, "lightgbm"),
        (skops.io.dumps(models_made.linear()), "skops"),
    ]:
        found = open_artefact(data)
        assert (found.format, found.digest) == (kind, sha256(data).hexdigest())
        assert (found.size, found.content()) == (len(data), data)


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("where", ["alone", "zip", "nested", "folder"])
def test_a_pickle_is_refused_and_never_loaded(tmp_path: Path, protocol: int, where: str) -> None:
    """Alone, in a zip as torch writes it, in a zip in a zip, or beside a good model."""
    mark = tmp_path / "mark"
    evil = pickle.dumps(Bomb(mark), protocol=protocol)
    source: bytes | Path = evil
    if where == "zip":
        source = _zip(**{"archive/data.pkl": evil, "archive/version": b"3"})
    elif where == "nested":
        source = _zip(inner=_zip(model=evil))
    elif where == "folder":
        source = tmp_path / "model"
        source.mkdir()
        (source / "model.onnx").write_bytes(models_made.booster_onnx())
        (source / "tokenizer.json").write_bytes(evil)
    with refused("model.pickle"):
        open_artefact(source)
    assert not mark.exists()


_NO_MODELS = {
    "gzip": (gzip.compress(b"x" * 99), "model.packed"),
    "zlib": (b"\x78\x9c" + b"x" * 20, "model.packed"),
    "npy of objects": (_npy(np.array([{}, None], dtype=object)), "model.objects"),
    "npy": (_npy(np.zeros(3)), "model.format"),
    "zip of objects": (_zip(weights=_npy(np.array([None], dtype=object))), "model.objects"),
    "zip of text": (_zip(note=b"hello"), "model.format"),
    "zip cut off": (_zip(note=b"hello" * 99)[:60], "model.zip"),
    "hdf5": (b"\x89HDF\r\n\x1a\n" + b"x" * 9, "model.format"),
    "empty": (b"", "model.format"),
    "text": (b"hello", "model.format"),
    "python": (b"import os", "model.format"),
    "onnx cut off": (b"\x08\x08\x12\x03abc", "model.onnx"),
    "onnx cut short": (models_made.booster_onnx()[:500], "model.protobuf"),
    "onnx run on": (models_made.booster_onnx() + b"\xff", "model.protobuf"),
    "lightgbm cut off": (TEXT[: len(TEXT) // 2], "model.lightgbm"),
    "lightgbm tree": (TEXT.replace(b"Tree=3\n", b"Tre=3\n"), "model.lightgbm"),
    "lightgbm features": (
        TEXT.replace(b"max_feature_idx=3", b"max_feature_idx=9"),
        "model.lightgbm",
    ),
    "lightgbm classes": (TEXT.replace(b"num_class=1", b"num_class=x"), "model.lightgbm"),
    "lightgbm sizes": (TEXT.replace(b"tree_sizes=", b"tree_sizes=1"), "model.lightgbm"),
    "lightgbm leaves": (re.sub(rb"num_leaves=\d", b"num_leaves=9", TEXT), "model.lightgbm"),
    "lightgbm split": (re.sub(rb"split_feature=\d", b"split_feature=9", TEXT), "model.lightgbm"),
    "lightgbm circle": (re.sub(rb"left_child=\d", b"left_child=0", TEXT), "model.lightgbm"),
    "lightgbm child": (re.sub(rb"left_child=\d", b"left_child=9", TEXT), "model.lightgbm"),
    "lightgbm value": (re.sub(rb"leaf_value=.{6}", b"leaf_value=-1e999", TEXT), "model.lightgbm"),
    "lightgbm bytes": (b"tree\nversion=v4\n\xff", "model.lightgbm"),
    "tar": (b"\0" * 257 + b"ustar" + b"\0" * 300, "model.tar"),
}


@pytest.mark.parametrize(("data", "code"), _NO_MODELS.values(), ids=_NO_MODELS)
def test_what_is_no_model_is_refused(data: bytes, code: str) -> None:
    """Each for what it is, with a word on what to do."""
    with refused(code):
        open_artefact(data)


def test_types_that_skops_does_not_trust_are_named() -> None:
    """A pipeline with a function of one's own is refused by the function's name."""
    pipeline = make_pipeline(FunctionTransformer(os.path.basename))
    with pytest.raises(InputError, match="basename") as caught:
        open_artefact(skops.io.dumps(pipeline))
    assert caught.value.code == "model.untrusted"


def test_a_folder_is_a_manifest_that_sha256sum_checks(tmp_path: Path) -> None:
    """Its digest is the manifest's; its archive is the same model again, byte for byte."""
    folder = tmp_path / "model"
    (folder / "sub").mkdir(parents=True)
    (folder / "model.onnx").write_bytes(models_made.booster_onnx())
    (folder / "sub" / "scale.npy").write_bytes(_npy(np.zeros(3)))
    (folder / "sub" / "both.npz").write_bytes(_zip(a=_npy(np.zeros(3)), b=_npy(np.ones(2))))
    (folder / "README.md").write_text("# A model\n")
    header = b'{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'
    weights = len(header).to_bytes(8, "little") + header + b"\0\0\x80\x3f"
    (folder / "weights.safetensors").write_bytes(weights)
    found = open_artefact(folder)
    assert (found.format, len(found.files)) == ("folder", 5)
    assert found.digest == sha256(found.manifest()).hexdigest()
    subprocess.run(
        ["sha256sum", "--check", "--strict"],
        cwd=folder,
        input=found.manifest(),
        check=True,
        capture_output=True,
    )
    packed = found.content()
    again = open_artefact(packed)
    assert (again.digest, again.format, again.content()) == (found.digest, "folder", packed)
    (folder / "README.md").write_text("# Another\n")
    with refused("model.changed"):
        found.content()
    assert open_artefact(folder).digest != found.digest


def test_folders_with_links_or_unknown_files_are_refused(tmp_path: Path) -> None:
    """Nothing outside of a folder becomes part of it, and nothing unknown."""
    folder = tmp_path / "model"
    folder.mkdir()
    with refused("model.empty"):
        open_artefact(folder)
    (folder / "x.bin").write_bytes(bytes(range(256)))
    with refused("model.format"):
        open_artefact(folder)
    (folder / "x.bin").unlink()
    (folder / "secret").symlink_to("/etc/passwd")
    with refused("model.link"):
        open_artefact(folder)
    with refused("model.missing", NotFound):
        open_artefact(tmp_path / "nothing")


def test_plain_text_is_no_pickle() -> None:
    """Words that begin like an opcode are not taken for a program."""
    for text in (b"check this\nand that\n", b".venv\n", b"I think.\n", b"1.0", b"# title\n"):
        assert not is_pickle(text)


@given(
    st.recursive(st.none() | st.integers() | st.text(), st.lists, max_leaves=5), st.integers(0, 5)
)
def test_every_pickle_is_known_for_one(value: object, protocol: int) -> None:
    """Whatever it holds, and in every protocol."""
    assert is_pickle(pickle.dumps([value], protocol=protocol))


@given(st.binary(max_size=300))
def test_random_bytes_raise_one_kind_of_error(data: bytes) -> None:
    """No bytes do anything but InputError."""
    for prefix in (b"", b"\x08\x08", b"tree\nversion=v4\n", b"PK\x03\x04", b"\x93NUMPY"):
        with pytest.raises(InputError):
            open_artefact(prefix + data)
