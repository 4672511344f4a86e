"""Record models, look at them, score with them, and sign their files.

This module refuses to train anything, and to take a password from a command line.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec

from counterfoil.errors import InputError, NotFound
from counterfoil.formats import json_text
from counterfoil.ledger import Ledger, Recorded, RecordView
from counterfoil.ledger.models import RecordedModel
from counterfoil.ops.files import read_file, read_input, refuse_json, shown, write_file
from counterfoil.ops.listing import Limit, at_most
from counterfoil.ops.place import LedgerFolder, open_for_reading, open_for_writing
from counterfoil.ports import STANDARD_STREAM, Channel, Document, Param
from counterfoil.provenance.models import (
    Explained,
    SignedModel,
    sign_model,
    verify_model,
    write_card,
)
from counterfoil.provenance.statements.models import Evaluation
from counterfoil.provenance.statements.parts import Accountable

__all__ = [
    "PASSWORD",
    "ModelShown",
    "Scored",
    "add",
    "evaluate",
    "get",
    "listing",
    "score",
    "sign",
    "verify_signature",
]

PASSWORD: Final = "COUNTERFOIL_MODEL_KEY_PASSWORD"  # noqa: S105  # the variable's name
"""Environment variable that holds the password of a private key."""

ModelName = Annotated[
    str, Param("The model: name, name:version, index, leaf, or the artefact's digest.", "MODEL")
]
Metrics = Annotated[tuple[str, ...], Param("A figure.", "NAME=NUMBER")]

_NUMBER: Final = re.compile(r"([-+]?)([0-9]*)(?:\.([0-9]*))?([eE][-+]?[0-9]+)?")
_INPUTS_MAX_BYTES: Final = 1 << 20
_PEM_MAX_BYTES: Final = 1 << 16
_SIGNATURE_MAX_BYTES: Final = 64 << 20
_EVALUATIONS: Final = 100


@dataclass(frozen=True, slots=True)
class ModelShown:
    """A recorded model with its evaluations, newest first. card: a summary, in Markdown.

    written: the file that its bytes were written to; None where they were not. bytes: how many.
    """

    found: RecordedModel
    evaluations: tuple[RecordView, ...] = ()
    card: str = ""
    written: str | None = None
    bytes: int = 0

    def to_json(self) -> dict[str, Any]:
        """Turn it into what the command line and the API print."""
        more = [{"index": one.index, "leaf": one.leaf, **one.content} for one in self.evaluations]
        shown = {**self.found.to_json(), "evaluations": more, "card": self.card}
        if self.written is None:
            return shown
        return {**shown, "written": self.written, "bytes": self.bytes}


@dataclass(frozen=True, slots=True)
class Scored:
    """A score. outcome: whose it is; empty for a number. scores: of every outcome."""

    model: str
    digest: str
    outcome: str
    score: float
    scores: dict[str, float] = field(default_factory=dict)
    explained: Explained | None = None

    def to_json(self) -> dict[str, Any]:
        """Turn it into what the command line and the API print."""
        return asdict(self)


def add(
    path: Annotated[
        Path, Param("The model: ONNX, LightGBM text, skops, or a folder.", "PATH", holds="tree")
    ],
    name: Annotated[str, Param("What to call it.", "NAME")],
    *,
    ledger: LedgerFolder = None,
    version: Annotated[str | None, Param("Its version.", "VERSION")] = None,
    trained_on: Annotated[
        tuple[str, ...],
        Param("A data set it learned from: its name, index, leaf or digest.", "DATASET"),
    ] = (),
    check: Annotated[tuple[str, ...], Param("Index or leaf of a check.", "INDEX|LEAF")] = (),
    metric: Metrics = (),
    parameter: Annotated[tuple[str, ...], Param("A parameter of training.", "NAME=VALUE")] = (),
    features: Annotated[
        str | None, Param("Names of the inputs, in the model's order.", "NAME,NAME,...")
    ] = None,
    outcomes: Annotated[
        str | None, Param("What it can say, in the model's order.", "NAME,NAME,...")
    ] = None,
    card: Annotated[
        Path | None, Param("A model card, text or Markdown.", "FILE", holds="file")
    ] = None,
    code: Annotated[
        Path | None,
        Param("Folder of the code that made it; else the current one.", "DIR", holds="machine"),
    ] = None,
    explained_by: Annotated[
        str | None, Param("A recorded model that explains this one's scores.", "MODEL")
    ] = None,
    accountable: Annotated[str | None, Param("The human who answers for it.", "NAME")] = None,
    keep: Annotated[bool, Param("Record the digest alone, and not the bytes.")] = True,
) -> ModelShown:
    """Record a model: its digest and bytes, what it was trained on, how well it does.

    Raises InputError with code model.pickle and others for what is no such model, Refused with
    code check.* where a policy asks for checks; see `Models.record`.
    """
    with open_for_writing(ledger) as opened:
        found = opened.models.record(
            path,
            name,
            version=version,
            trained_on=[_index_or_text(one) for one in trained_on],
            checks=[_index_or_text(one) for one in check],
            metrics=_metrics(metric),
            parameters=dict(_pair(one, "parameter") for one in parameter),
            features=_names(features),
            outcomes=_names(outcomes),
            card=card or "",
            code=code,
            explained_by=explained_by,
            accountable=None if accountable is None else Accountable(accountable),
            keep=keep,
        )
        return ModelShown(found)


def get(
    model: ModelName,
    *,
    ledger: LedgerFolder = None,
    out: Annotated[
        Path | None,
        Param(
            "Also write its bytes, a folder as a tar file; - for the bytes alone, on standard "
            "output.",
            "FILE",
            short="o",
            holds="output",
        ),
    ] = None,
) -> ModelShown | Document:
    """Show a recorded model, its card and its evaluations.

    Raises NotFound with code model.unknown, model.not-kept or payload.missing.
    """
    with open_for_reading(ledger) as opened:
        found = opened.models.get(model)
        evaluations = tuple(_evaluations(opened, found))
        card = write_card(found.model, [_evaluation(one) for one in evaluations], found.index)
        said = ModelShown(found, evaluations, card)
        if out is None:
            return said
        content = opened.models.artefact(found).content()
        if out == STANDARD_STREAM:
            return Document([content], "application/octet-stream", said.to_json())
        write_file(out, content)
        return replace(said, written=shown(out), bytes=len(content))


def listing(
    name: Annotated[str | None, Param("Only those of this name.", "NAME")] = None,
    *,
    ledger: LedgerFolder = None,
    limit: Limit = None,
) -> Iterator[RecordedModel]:
    """List the recorded models, newest first.

    Raises InputError with code list.limit.
    """
    with open_for_reading(ledger) as opened:
        yield from at_most(opened.models.ls(name), limit)


def score(
    model: ModelName,
    inputs: Annotated[
        str,
        Param(
            "A JSON object of its features, a file with one, or - for a pipe.",
            "INPUTS",
            holds="object",
        ),
    ],
    *,
    ledger: LedgerFolder = None,
    outcome: Annotated[str | None, Param("Whose score; else the model's own.", "NAME")] = None,
    explain: Annotated[bool, Param("Say what each input added.")] = False,
    artefact: Annotated[
        Path | None,
        Param("A copy of the model, where its bytes were not kept.", "PATH", holds="tree"),
    ] = None,
    channel: Channel,
) -> Scored:
    """Score with a recorded model, and say why; nothing is recorded.

    Raises InputError with code model.feature-missing and others naming a feature; see
    `Scorer.score` and `Models.load`.
    """
    text = inputs.encode() if inputs.lstrip()[:1] == "{" else _read(Path(inputs), channel)
    values = json_text.parse(text)
    with open_for_reading(ledger) as opened:
        found = opened.models.get(model)
        scorer = opened.models.load(found, artefact=artefact, target=outcome)
        scores = scorer.scores(values)
        value = scorer.score(values)
        likeliest = max(scores, key=lambda one: scores[one])
        return Scored(
            found.title,
            found.digest,
            scorer.target or likeliest,
            value,
            scores,
            scorer.explain(values) if explain else None,
        )


def evaluate(
    model: ModelName,
    *,
    data: Annotated[str, Param("The data set: its name, index, leaf or digest.", "DATASET")],
    ledger: LedgerFolder = None,
    metric: Metrics = (),
    slice_: Annotated[
        tuple[str, ...], Param("A figure of a part of the data.", "WHERE:NAME=N")
    ] = (),
    method: Annotated[str, Param("How it was measured.", "TEXT")] = "",
) -> Recorded:
    """Record how well a model does on data that it was not trained on.

    Raises InputError with code model.metric, NotFound with code model.unknown.
    """
    slices: dict[str, dict[str, str]] = {}
    for one in slice_:
        where, colon, figure = one.rpartition(":")
        if not colon or not where:
            raise InputError(
                "model.slice",
                f"expected WHERE:NAME=NUMBER, found {one[:80]!a}",
                hint="For example --slice sex=Female:auc=0.85.",
            )
        slices.setdefault(where, {}).update(_metrics((figure,)))
    with open_for_writing(ledger) as opened:
        return opened.models.evaluate(
            model, _index_or_text(data), _metrics(metric), slices=slices, method=method
        )


def sign(
    path: Annotated[Path, Param("The model: a file or folder.", "PATH", holds="tree")],
    *,
    key: Annotated[
        Path, Param("Private key in PEM, on P-256, P-384 or P-521.", "FILE", holds="machine")
    ],
    out: Annotated[
        Path,
        Param(
            "Where to write the signature; - for standard output.",
            "FILE",
            short="o",
            holds="output",
        ),
    ],
) -> SignedModel | Document:
    """Sign a model's files; the package model-signing accepts the signature.

    The key's password, if it has one, is $COUNTERFOIL_MODEL_KEY_PASSWORD. Raises InputError with
    code model.key or model.link, NotFound with code model.missing.
    """
    secret = os.environ.get(PASSWORD)
    bundle, said = sign_model(
        path,
        read_file(key, _PEM_MAX_BYTES),
        password=None if secret is None else secret.encode(),
        ignore=_inside(path, out),
    )
    if out == STANDARD_STREAM:
        return Document([bundle], "application/vnd.dev.sigstore.bundle.v0.3+json")
    write_file(out, bundle)
    return said


def verify_signature(
    path: Annotated[Path, Param("The model: a file or folder.", "PATH", holds="tree")],
    signature: Annotated[Path, Param("The signature.", "FILE", holds="file")],
    *,
    key: Annotated[
        Path, Param("Public key in PEM of whoever should have signed.", "FILE", holds="file")
    ],
) -> SignedModel:
    """Check a model's files against a signature by this tool or by model-signing.

    Raises VerificationError with code model.signature, model.signature-key or model.signed-files,
    InputError with code model.signature-file or model.key.
    """
    bundle = read_file(signature, _SIGNATURE_MAX_BYTES)
    public = read_file(key, _PEM_MAX_BYTES)
    return verify_model(path, bundle, public, ignore=_inside(path, signature))


def _evaluations(ledger: Ledger, found: RecordedModel) -> list[RecordView]:
    page = ledger.search(f"kind=evaluation model.digest={found.digest}", limit=_EVALUATIONS)
    return list(page.hits)


def _evaluation(view: RecordView) -> Evaluation:
    return msgspec.convert(view.content, Evaluation)


def _inside(path: Path, signature: Path) -> tuple[str, ...]:
    """Name the signature's place below the model's folder, where it is there."""
    folder, file = path.resolve(), signature.resolve()
    return (file.relative_to(folder).as_posix(),) if folder in file.parents else ()


def _read(path: Path, channel: Channel) -> bytes:
    try:
        return read_input(path, channel, _INPUTS_MAX_BYTES)
    except NotFound as err:
        refuse_json(str(path))
        raise NotFound(
            "model.inputs-file",
            f"expected a JSON object, or a file that holds one, found no file {str(path)[:80]!a}",
            hint="""Give inputs such as '{"age": 39}', a file, or - for a pipe.""",
        ) from err


def _metrics(given: tuple[str, ...]) -> dict[str, str]:
    found = dict(_pair(one, "metric") for one in given)
    return {name: _number(name, value) for name, value in found.items()}


def _number(name: str, text: str) -> str:
    """Write a number as JSON does, digit for digit: 0.9 for .9, 9 for 09 and +9."""
    parts = _NUMBER.fullmatch(text)
    if parts is None or not (parts[2] or parts[3]):
        raise InputError(
            "model.metric",
            f"expected a number as {name[:80]!a}, found {text[:40]!a}",
            hint="For example --metric auc=0.91.",
        )
    sign, whole, part, power = parts.groups(default="")
    point = f".{part}" if part else ""
    return f"{sign.replace('+', '')}{whole.lstrip('0') or '0'}{point}{power}"


def _pair(text: str, what: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise InputError(
            "model.pair",
            f"expected NAME=VALUE as a {what}, found {text[:80]!a}",
            hint=f"For example --{what} auc=0.91.",
        )
    return name, value


def _names(text: str | None) -> list[str] | None:
    return None if text is None else [one.strip() for one in text.split(",")]


def _index_or_text(text: str) -> int | str:
    return int(text) if text.isdecimal() and len(text) < 16 else text
