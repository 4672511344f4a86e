"""Signatures of models: ours are accepted by OpenSSF's model-signing, and its by us."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from counterfoil.errors import InputError, VerificationError
from counterfoil.provenance.models import sign_model, verify_model
from tests.statements import refused

model_signing = pytest.importorskip("model_signing")

CURVES = [ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1()]


class Keys:
    """A pair of keys as PEM files."""

    def __init__(self, folder: Path, curve: ec.EllipticCurve) -> None:
        private = ec.generate_private_key(curve)
        self.private, self.public = folder / "key.pem", folder / "pub.pem"
        self.private.write_bytes(
            private.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        self.public.write_bytes(
            private.public_key().public_bytes(
                serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
            )
        )


def _folder(path: Path) -> Path:
    (path / "weights" / "a").mkdir(parents=True)
    (path / "model.onnx").write_bytes(b"\x08\x0a model")
    (path / "weights" / "b.bin").write_bytes(bytes(range(256)))
    (path / "weights" / "a" / "c.json").write_text("{}")
    (path / "weights-2").write_text("sorts between, as text")
    (path / ".gitignore").write_text("*.tmp")
    return path


def _they_verify(model: Path, signature: Path, keys: Keys) -> None:
    config = model_signing.verifying.Config().use_elliptic_key_verifier(public_key=keys.public)
    config.verify(model, signature)


@pytest.mark.parametrize("curve", CURVES, ids=lambda curve: str(curve.name))
def test_they_accept_ours(tmp_path: Path, curve: ec.EllipticCurve) -> None:
    """The unmodified package accepts our signature of a folder, and refuses a changed byte."""
    keys, model = Keys(tmp_path, curve), _folder(tmp_path / "model")
    bundle, said = sign_model(model, keys.private.read_bytes(), ignore=["model.sig"])
    (model / "model.sig").write_bytes(bundle)
    assert said.files == 4
    _they_verify(model, model / "model.sig", keys)
    (model / "weights" / "b.bin").write_bytes(bytes(range(255)) + b"\0")
    with pytest.raises(ValueError, match="mismatch"):
        _they_verify(model, model / "model.sig", keys)


def test_they_accept_ours_of_one_file(tmp_path: Path) -> None:
    """A model that is one file is signed as the package does."""
    keys, model = Keys(tmp_path, CURVES[0]), tmp_path / "model.onnx"
    model.write_bytes(b"\x08\x0a model")
    bundle, _ = sign_model(model, keys.private.read_bytes())
    (tmp_path / "model.sig").write_bytes(bundle)
    _they_verify(model, tmp_path / "model.sig", keys)
    assert verify_model(model, bundle, keys.public.read_bytes()).files == 1


@pytest.mark.parametrize("curve", CURVES, ids=lambda curve: str(curve.name))
def test_we_accept_theirs(tmp_path: Path, curve: ec.EllipticCurve) -> None:
    """Signatures by the package hold here; a changed, lost or new file is named."""
    keys, model = Keys(tmp_path, curve), _folder(tmp_path / "model")
    signature = tmp_path / "model.sig"
    config = model_signing.signing.Config().use_elliptic_key_signer(private_key=keys.private)
    config.sign(model, signature)
    public = keys.public.read_bytes()
    said = verify_model(model, signature.read_bytes(), public)
    assert (said.name, said.files) == ("model", 4)
    (model / "weights" / "b.bin").write_bytes(b"other")
    with pytest.raises(VerificationError, match=r"b\.bin' was changed"):
        verify_model(model, signature.read_bytes(), public)
    (model / "weights" / "b.bin").unlink()
    with pytest.raises(VerificationError, match=r"b\.bin' is missing"):
        verify_model(model, signature.read_bytes(), public)
    (model / "weights" / "b.bin").write_bytes(bytes(range(256)))
    (model / "extra").write_text("x")
    with pytest.raises(VerificationError, match="extra' was never signed"):
        verify_model(model, signature.read_bytes(), public)


@pytest.mark.parametrize("shards", [False, True])
def test_we_accept_their_other_ways_of_hashing(tmp_path: Path, *, shards: bool) -> None:
    """BLAKE2 and shards are understood."""
    keys, model = Keys(tmp_path, CURVES[0]), _folder(tmp_path / "model")
    hashing = model_signing.hashing.Config()
    if shards:
        hashing.use_shard_serialization(shard_size=100)
    else:
        hashing.use_file_serialization(hashing_algorithm="blake2")
    config = model_signing.signing.Config().set_hashing_config(hashing)
    config.use_elliptic_key_signer(private_key=keys.private)
    config.sign(model, tmp_path / "model.sig")
    verify_model(model, (tmp_path / "model.sig").read_bytes(), keys.public.read_bytes())


def test_a_changed_signature_or_another_key_is_refused(tmp_path: Path) -> None:
    """A bundle proves nothing with another key, or once a character of it is changed."""
    keys, model = Keys(tmp_path, CURVES[0]), _folder(tmp_path / "model")
    (tmp_path / "other").mkdir()
    others = Keys(tmp_path / "other", CURVES[0])
    bundle, _ = sign_model(model, keys.private.read_bytes())
    with refused("model.signature-key", VerificationError):
        verify_model(model, bundle, others.public.read_bytes())
    at = bundle.index(b'"payload":"') + 40
    changed = bundle[:at] + (b"A" if bundle[at : at + 1] != b"A" else b"B") + bundle[at + 1 :]
    with refused("model.signature", VerificationError):
        verify_model(model, changed, keys.public.read_bytes())
    for broken in (b"", b"{}", b"[1]", bundle[:-20]):
        with refused("model.signature-file"):
            verify_model(model, broken, keys.public.read_bytes())
    for key in (b"", keys.private.read_bytes()):
        with refused("model.key"):
            verify_model(model, bundle, key)
    with refused("model.key", InputError):
        sign_model(model, keys.public.read_bytes())
