"""A trained model as a folder: what scores, what explains, what is remembered, how it decides.

| file | holds |
|---|---|
| `fraud.json` | columns, settings, costs, calibration, and the digests of the other files |
| `model.onnx` | what scores: features -> calibrated probability |
| `reasons.txt` | the LightGBM model that explains it |
| `memory.bin` | what the features remember at the end of training (MessagePack) |

The folder appears whole under its name, or not at all. This module refuses a folder whose files are
not those that were written together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import msgspec

from counterfoil.apps.finance.fraud.calibration import Calibration
from counterfoil.apps.finance.fraud.columns import Columns
from counterfoil.apps.finance.fraud.costs import Costs
from counterfoil.apps.finance.fraud.features import Named
from counterfoil.apps.finance.fraud.memory import Memory
from counterfoil.apps.finance.fraud.trees import OUTCOMES
from counterfoil.errors import InputError, NotFound, Unavailable, VerificationError
from counterfoil.provenance.models import Scorer, open_artefact, open_scorer
from counterfoil.storage.folder_copy import replace_folder

__all__ = ["Kept", "Manifest", "load_kept", "save_kept"]

_MANIFEST: Final = "fraud.json"
_FILES: Final = ("model.onnx", "reasons.txt", "memory.bin")
_TYPE: Final = "https://counterfoil.dev/fraud-model/v1"


class Manifest(msgspec.Struct, frozen=True, tag_field="type", tag=_TYPE):
    """What a model is besides its trees.

    columns: of the data. unit: of times that are numbers. delay_ms: from a payment to its label.
    trees: how many. figures: on later payments than were learned. digests: file -> SHA-256.
    rows, frauds: learned from. data: SHA-256 of the file. notes: what was left out.
    """

    columns: Columns
    unit: str
    delay_ms: int
    costs: Costs
    calibration: Calibration
    trees: int
    rows: int
    frauds: int
    data: str
    figures: Mapping[str, float]
    digests: Mapping[str, str]
    notes: tuple[str, ...] = ()
    until_ms: int = 0

    @property
    def named(self) -> Named:
        """Say what the features are made of."""
        columns = self.columns
        return Named(
            columns.card is not None,
            columns.terminal is not None,
            columns.numbers,
            columns.words,
        )


@dataclass(frozen=True, slots=True)
class Kept:
    """A model, loaded. scorer: scores and explains. memory: bytes, see `fresh_memory`."""

    manifest: Manifest
    scorer: Scorer
    onnx: bytes = field(repr=False)
    reasons: bytes = field(repr=False)
    memory: bytes = field(repr=False)

    @property
    def digest(self) -> str:
        """SHA-256 of what scores, 64 hexadecimal digits."""
        return self.scorer.digest

    def fresh_memory(self) -> Memory:
        """Give what was remembered at the end of training, for a fold of its own."""
        return msgspec.msgpack.decode(self.memory, type=Memory)


def save_kept(
    folder: Path, manifest: Manifest, onnx: bytes, reasons: bytes, memory: bytes
) -> Manifest:
    """Write a model's folder, which must not be there yet, or be one of a model.

    Gives the manifest with the digests. Raises InputError with code fraud.out, Unavailable with
    code fraud.write.
    """
    files = dict(zip(_FILES, (onnx, reasons, memory), strict=True))
    digests = {name: sha256(data).hexdigest() for name, data in files.items()}
    manifest = msgspec.structs.replace(manifest, digests=digests)
    files[_MANIFEST] = msgspec.json.format(msgspec.json.encode(manifest), indent=1) + b"\n"
    if folder.exists() and not (folder / _MANIFEST).is_file():
        raise InputError(
            "fraud.out",
            f"expected no file or folder at {folder}, or one of a model, found another",
            hint="Name a new folder: --out MODEL.",
        )
    try:
        replace_folder(folder, files)
    except OSError as err:
        raise Unavailable(
            "fraud.write",
            f"expected to write {folder}, but: {err.strerror or err}",
            hint="Check the folder above it, its permissions and the space of the disk.",
        ) from err
    return manifest


def load_kept(folder: Path) -> Kept:
    """Load a model's folder, its files checked by their digests.

    Raises NotFound with code fraud.model-missing, InputError with code fraud.model,
    VerificationError with code fraud.model-changed, and as `open_scorer`.
    """
    try:
        manifest = msgspec.json.decode((folder / _MANIFEST).read_bytes(), type=Manifest)
        files: dict[str, bytes] = {name: (folder / name).read_bytes() for name in _FILES}
    except (FileNotFoundError, NotADirectoryError) as err:
        raise NotFound(
            "fraud.model-missing",
            f"expected the folder of a fraud model at {folder}, found none, or not all of it",
            hint="Learn one: counterfoil finance train DATA --out MODEL.",
        ) from err
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as err:
        raise InputError(
            "fraud.model",
            f"expected the folder of a fraud model at {folder}, but: {str(err)[:200]}",
            hint="Learn one: counterfoil finance train DATA --out MODEL.",
        ) from err
    for name, data in files.items():
        if sha256(data).hexdigest() != manifest.digests.get(name):
            raise VerificationError(
                "fraud.model-changed",
                f"expected {name} as it was written with the model, found other bytes",
                hint="Learn the model again, or bring the folder back from a copy.",
            )
    scorer = open_model(files["model.onnx"], files["reasons.txt"], manifest.named.features)
    return Kept(manifest, scorer, *files.values())


def open_model(onnx: bytes, reasons: bytes, features: Any) -> Scorer:
    """Open what scores, with what explains it. Raises as `open_scorer`."""
    explainer = open_scorer(open_artefact(reasons), features=features, outcomes=OUTCOMES)
    return open_scorer(open_artefact(onnx), explainer=explainer)
