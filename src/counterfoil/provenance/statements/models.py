"""Statements about models: what an artefact is, what it was trained on, how well it does."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from counterfoil.formats.predicates.header import ContentRef, Count, Header, HexDigest, Name
from counterfoil.provenance.statements.parts import (
    Accountable,
    Code,
    Measurement,
    Reference,
    Text,
)

__all__ = ["Evaluation", "Model", "Slice"]


class Model(Header, frozen=True, kw_only=True):
    """A model as an artefact: its digest, its training data, its code, its figures, its card.

    format: of the artefact, never a pickle; `other` is one that nobody here scores. digest:
    SHA-256 of its file, or of a folder's manifest. size: bytes. features: names of its inputs,
    in order. outcomes: what it can say. trained_on: data sets. explained_by: another artefact
    that explains this one's scores. agreement: how far the two differed, and on how many rows.
    kept: the artefact's bytes beside the log; of a folder, one tar archive of its files.
    background: rows that explanations compare with. card_file: the card, where it is longer
    than `card` may be.
    """

    name: Name
    version: Name | None = None
    format: Literal["onnx", "lightgbm", "skops", "folder", "other"]
    digest: HexDigest
    size: Count
    task: Name | None = None
    features: Annotated[tuple[Name, ...], msgspec.Meta(max_length=2048)] = ()
    outcomes: Annotated[tuple[Name, ...], msgspec.Meta(max_length=1024)] = ()
    trained_on: Annotated[tuple[Reference, ...], msgspec.Meta(max_length=256)] = ()
    derived_from: Annotated[tuple[Reference, ...], msgspec.Meta(max_length=256)] = ()
    explained_by: Reference | None = None
    agreement: Measurement | None = None
    checks: Annotated[tuple[Reference, ...], msgspec.Meta(max_length=256)] = ()
    code: Code | None = None
    parameters: dict[str, str] = msgspec.field(default_factory=dict)
    metrics: Annotated[tuple[Measurement, ...], msgspec.Meta(max_length=256)] = ()
    card: Text = ""
    accountable: Accountable | None = None
    kept: ContentRef | None = None
    background: ContentRef | None = None
    card_file: ContentRef | None = None

    def payloads(self) -> tuple[ContentRef, ...]:
        """List what lies beside the log for this statement."""
        named = (self.kept, self.background, self.card_file)
        return tuple(one for one in named if one is not None)


class Slice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Figures on a part of the data; where: for people and programs, such as `sex=Female`."""

    where: Name
    metrics: Annotated[tuple[Measurement, ...], msgspec.Meta(min_length=1, max_length=64)]


class Evaluation(Header, frozen=True, kw_only=True):
    """How well a model does on data that it was not trained on."""

    model: Reference
    data: Reference
    metrics: Annotated[tuple[Measurement, ...], msgspec.Meta(min_length=1, max_length=256)]
    slices: Annotated[tuple[Slice, ...], msgspec.Meta(max_length=256)] = ()
    method: Text = ""
