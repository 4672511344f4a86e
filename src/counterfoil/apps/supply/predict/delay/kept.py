"""A trained model of delays as a folder: what scores and explains, what is remembered, how.

| file | holds |
|---|---|
| `delay.json` | layout, calibration, figures, and the digests of the other files |
| `model.txt` | the LightGBM model: features -> probability of being late, and why |
| `memory.bin` | what the features remember at the end of training (MessagePack) |

The folder appears whole under its name, or not at all. This module refuses a folder whose files are
not those that were written together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Final

import msgspec

from counterfoil.apps.supply.predict.delay.features import Fold
from counterfoil.apps.supply.predict.delay.layout import Layout
from counterfoil.apps.supply.predict.delay.memory import Memory
from counterfoil.apps.supply.predict.delay.training import Calibration
from counterfoil.errors import InputError, NotFound, Unavailable, VerificationError
from counterfoil.provenance.models import Scorer as Model
from counterfoil.provenance.models import open_artefact, open_scorer
from counterfoil.provenance.models.lightgbm_text import read_lightgbm
from counterfoil.storage.folder_copy import replace_folder

__all__ = ["OUTCOMES", "Kept", "Manifest", "load_kept", "open_kept", "save_kept"]

OUTCOMES: Final = ("on-time", "at-risk")
"""What a forecast can say."""

_MANIFEST: Final = "delay.json"
_FILES: Final = ("model.txt", "memory.bin")
_TYPE: Final = "https://counterfoil.dev/delay-model/v1"


class Manifest(msgspec.Struct, frozen=True, tag_field="type", tag=_TYPE):
    """What a model is besides its trees.

    threshold: at risk from this probability on. trees: of each booster. rows, late: learned from.
    data: SHA-256 of the file. figures: on orders that were later than what had been learned.
    digests: file -> SHA-256. until: the last day that it remembers.
    """

    layout: Layout
    threshold: float
    calibration: Calibration
    trees: int
    rows: int
    late: int
    data: str
    figures: Mapping[str, float]
    digests: Mapping[str, str]
    until: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Kept:
    """A model, loaded. model: scores and explains. memory: bytes, see `fresh_memory`.

    texts: feature -> the texts that it knows; others are missing to it.
    """

    manifest: Manifest
    model: Model
    texts: Mapping[str, frozenset[str]] = field(repr=False)
    text: bytes = field(repr=False)
    memory: bytes = field(repr=False)

    @property
    def digest(self) -> str:
        """SHA-256 of what scores, 64 hexadecimal digits."""
        return self.model.digest

    def fresh_memory(self) -> Memory:
        """Give what was remembered at the end of training, for a fold of its own.

        Raises InputError with code delay.model.
        """
        try:
            return msgspec.msgpack.decode(self.memory, type=Memory)
        except msgspec.MsgspecError as err:
            raise InputError(
                "delay.model",
                f"expected what a model of delays remembers, but: {str(err)[:200]}",
                hint="Learn one: counterfoil supply delay-train DATA --out MODEL.",
            ) from err


def save_kept(folder: Path, manifest: Manifest, text: bytes, memory: bytes) -> Manifest:
    """Write a model's folder, which must not be there yet, or be one of a model.

    Gives the manifest with the digests. Raises InputError with code delay.out, Unavailable with
    code delay.write.
    """
    files = dict(zip(_FILES, (text, memory), strict=True))
    digests = {name: sha256(data).hexdigest() for name, data in files.items()}
    manifest = msgspec.structs.replace(manifest, digests=digests)
    files[_MANIFEST] = msgspec.json.format(msgspec.json.encode(manifest), indent=1) + b"\n"
    if folder.exists() and not (folder / _MANIFEST).is_file():
        raise InputError(
            "delay.out",
            f"expected no file or folder at {folder}, or one of a model, found another",
            hint="Name a new folder: --out MODEL.",
        )
    try:
        replace_folder(folder, files)
    except OSError as err:
        raise Unavailable(
            "delay.write",
            f"expected to write {folder}, but: {err.strerror or err}",
            hint="Check the folder above it, its permissions and the space of the disk.",
        ) from err
    return manifest


def load_kept(folder: Path) -> Kept:
    """Load a model's folder, its files checked by their digests.

    Raises NotFound with code delay.model-missing, InputError with code delay.model,
    VerificationError with code delay.model-changed, and as `open_scorer`.
    """
    hint = "Learn one: counterfoil supply delay-train DATA --out MODEL."
    try:
        manifest = msgspec.json.decode((folder / _MANIFEST).read_bytes(), type=Manifest)
        text, memory = ((folder / name).read_bytes() for name in _FILES)
    except (FileNotFoundError, NotADirectoryError) as err:
        raise NotFound(
            "delay.model-missing",
            f"expected the folder of a model of delays at {folder}, found none, or not all of it",
            hint=hint,
        ) from err
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as err:
        raise InputError(
            "delay.model",
            f"expected the folder of a model of delays at {folder}, but: {str(err)[:200]}",
            hint=hint,
        ) from err
    for name, data in zip(_FILES, (text, memory), strict=True):
        if sha256(data).hexdigest() != manifest.digests.get(name):
            raise VerificationError(
                "delay.model-changed",
                f"expected {name} as it was written with the model, found other bytes",
                hint="Learn the model again, or bring the folder back from a copy.",
            )
    return open_kept(manifest, text, memory)


def open_kept(manifest: Manifest, text: bytes, memory: bytes) -> Kept:
    """Open what scores and explains. Raises as `open_scorer`."""
    features = Fold(manifest.layout).features
    model = open_scorer(
        open_artefact(text), features=features, outcomes=OUTCOMES, target=OUTCOMES[1]
    )
    read = read_lightgbm(text)
    texts = {
        name: frozenset(read.categories[own])
        for name, own in zip(features, read.features, strict=True)
        if own in read.categories
    }
    return Kept(manifest, model, texts, text, memory)
