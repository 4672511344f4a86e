"""Record data sets, find them again, and prove single rows of them.

The data stays where it is: the ledger keeps fingerprints, leaves and the secret of the salts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import msgspec

from counterfoil.errors import InputError, VerificationError
from counterfoil.formats import policy as policies
from counterfoil.ledger.datasets import (
    DatasetMatch,
    RecordedDataset,
    verify_absence,
    verify_membership,
)
from counterfoil.ops.files import read_file, read_input, shown, write_file
from counterfoil.ops.kinds import told_apart
from counterfoil.ops.listing import Limit, at_most
from counterfoil.ops.place import LedgerFolder, open_for_reading, open_for_writing
from counterfoil.ops.table_options import Columns, Missing, Types, on_disk, reading
from counterfoil.ports import STANDARD_STREAM, Channel, Document, Param
from counterfoil.proofs.verify import Verified, grade
from counterfoil.provenance.statements.datasets import Dataset

__all__ = [
    "DatasetShown",
    "Matched",
    "ProofSaved",
    "RowShown",
    "add",
    "get",
    "listing",
    "match",
    "prove",
    "prove_absence",
    "verify",
]

_PROOF_MAX: Final = 64 << 20
_POLICY_MAX: Final = 1 << 20
_JSON: Final = "application/json"

DatasetName = Annotated[
    str, Param("The data set: name, name:version, index, leaf, or its digest.", "DATASET")
]

Proves = Literal["row", "no-row"]
ProofOut = Annotated[
    Path, Param("Where to; - for standard output.", "FILE", short="o", holds="output")
]


@dataclass(frozen=True, slots=True)
class DatasetShown:
    """A recorded data set."""

    found: RecordedDataset

    def to_json(self) -> dict[str, Any]:
        """Turn it into what the command line and the API print."""
        return self.found.to_json()


@dataclass(frozen=True, slots=True)
class Matched:
    """Whether a file is a recorded data set, and what differs."""

    file: str
    dataset: str
    index: int
    match: DatasetMatch

    @property
    def exit_status(self) -> int:
        """Of the command line."""
        return 0 if self.match.same else VerificationError.exit_status

    def to_json(self) -> dict[str, Any]:
        """Turn it into what the command line and the API print."""
        where = {"file": self.file, "dataset": self.dataset, "index": self.index}
        return {**where, **asdict(self.match)}


@dataclass(frozen=True, slots=True)
class ProofSaved:
    """A proof that was written; proves: that a row is in the data set, or that it is not."""

    proves: Proves
    file: str
    bytes: int


@dataclass(frozen=True, slots=True)
class RowShown:
    """A row that was proven: where it stands, what it says, of which data set and model.

    row: from 0; None where it was proven to be nowhere in the data set.
    """

    row: int | None
    values: dict[str, Any]
    dataset: str
    dataset_index: int
    model: str | None
    origin: str
    grade: str

    def to_json(self) -> dict[str, Any]:
        """Turn it into what the command line and the API print."""
        found: dict[str, Any] = msgspec.to_builtins(self)
        return found


def add(
    path: Annotated[
        Path, Param("A table (Parquet, CSV, NDJSON, Arrow), or a folder.", "FILE", holds="tree")
    ],
    name: Annotated[str, Param("What to call it.", "NAME")],
    *,
    ledger: LedgerFolder = None,
    version: Annotated[str | None, Param("Its version.", "VERSION")] = None,
    file: Annotated[bool, Param("Take the file as bytes, and not as a table.")] = False,
    public: Annotated[
        bool, Param("Do not salt its rows: everybody may compute the same digest.")
    ] = False,
    sorted_tree: Annotated[
        bool, Param("Be able to prove later that a row is not in it, too.")
    ] = False,
    derived_from: Annotated[
        tuple[str, ...],
        Param("Index, leaf or digest of a data set it was made from.", "INDEX|LEAF|DIGEST"),
    ] = (),
    licence: Annotated[str | None, Param("Under which licence.", "TEXT")] = None,
    location: Annotated[str | None, Param("Where it is kept.", "TEXT")] = None,
    personal: Annotated[bool, Param("It is about people.")] = False,
    accountable: Annotated[str | None, Param("The human who answers for it.", "NAME")] = None,
    type_: Types = (),
    missing: Missing = (),
    columns: Columns = None,
) -> DatasetShown:
    """Record a data set: its fingerprint, down to row and column, and where it came from.

    Raises as `dataset fingerprint`, InputError with code dataset.arguments, and as recording does.
    """
    if not path.exists() and Path(name).is_file():
        raise InputError(
            "dataset.arguments",
            f"expected a file and a name, found no file at {shown(path)}, but one at "
            f"{shown(Path(name))}",
            hint="The file comes first: counterfoil dataset add FILE NAME.",
        )
    with open_for_writing(ledger) as opened:
        found = opened.datasets.record(
            path,
            name,
            version=version,
            as_files=file,
            public=public,
            sorted_tree=sorted_tree,
            derived_from=[int(one) if one.isdigit() else one for one in derived_from],
            licence=licence,
            location=location,
            personal=personal,
            accountable=accountable,
            **reading(type_, missing, columns).options,
        )
        return DatasetShown(found)


def get(dataset: DatasetName, *, ledger: LedgerFolder = None) -> DatasetShown:
    """Show a recorded data set.

    Raises NotFound with code dataset.unknown, InputError with code dataset.other-statement.
    """
    with open_for_reading(ledger) as opened:
        return DatasetShown(opened.datasets.get(dataset))


def listing(
    name: Annotated[str | None, Param("Only those of this name.", "NAME")] = None,
    *,
    ledger: LedgerFolder = None,
    limit: Limit = None,
) -> Iterator[RecordedDataset]:
    """List the recorded data sets, newest first.

    Raises InputError with code list.limit.
    """
    with open_for_reading(ledger) as opened:
        yield from at_most(opened.datasets.ls(name), limit)


def match(
    dataset: DatasetName,
    path: Annotated[
        Path, Param("A table or folder, - for a table on standard input.", "FILE", holds="tree")
    ],
    *,
    ledger: LedgerFolder = None,
    missing: Missing = (),
    columns: Columns = None,
    channel: Channel,
) -> Matched:
    """Tell whether a file is the data set that was recorded.

    The exit status is 1 where it is another.
    A salted data set has another digest each time it is recorded: this is the way to compare.
    Raises as `dataset fingerprint`, NotFound with code dataset.unknown or dataset.no-secret,
    InputError with code dataset.no-rows.
    """
    how = reading((), missing, columns)
    with open_for_reading(ledger) as opened, on_disk(path, channel) as found:
        named = opened.datasets.get(dataset)
        compared = opened.datasets.match(named, found, missing=how.missing, columns=how.columns)
    return Matched(shown(path), named.title, named.index, compared)


def prove(
    dataset: DatasetName,
    row: Annotated[int, Param("Its number, from 0; a header is not counted.", "ROW")],
    path: Annotated[Path, Param("The data set itself, as it was recorded.", "FILE", holds="tree")],
    *,
    ledger: LedgerFolder = None,
    model: Annotated[
        str | None, Param("A model that was trained on it: prove that, too.", "MODEL")
    ] = None,
    out: ProofOut = STANDARD_STREAM,
    missing: Missing = (),
    columns: Columns = None,
) -> ProofSaved | Document:
    """Prove that a row belongs to a data set, and so to what a model was trained on.

    Raises InputError with code dataset.row-number, VerificationError with code dataset.row, and
    NotFound with code dataset.no-secret.
    """
    with open_for_reading(ledger) as opened:
        how = reading((), missing, columns)
        made = opened.datasets.prove_row(
            dataset, row, path, model=model, missing=how.missing, columns=how.columns
        )
    return _given_out(msgspec.json.encode(made), out, "row")


def prove_absence(
    dataset: DatasetName,
    path: Annotated[
        Path, Param("A table of one row, with the data set's columns.", "FILE", holds="file")
    ],
    *,
    ledger: LedgerFolder = None,
    out: ProofOut = STANDARD_STREAM,
    missing: Missing = (),
    columns: Columns = None,
) -> ProofSaved | Document:
    """Prove that no row of a data set is this one.

    It has to have its sorted tree. The proof of a salted data set reveals the key of that tree to
    whoever gets it. Raises Refused with code dataset.no-sorted-tree, VerificationError with code
    dataset.not-absent, InputError with code dataset.columns or dataset.row-number.
    """
    with open_for_reading(ledger) as opened:
        how = reading((), missing, columns)
        made = opened.datasets.prove_absence(
            dataset, path, missing=how.missing, columns=how.columns
        )
    return _given_out(msgspec.json.encode(made), out, "no-row")


def verify(
    file: Annotated[
        Path, Param("The proof about a row, - for standard input.", "FILE", holds="file")
    ],
    *,
    policy: Annotated[Path, Param("Whom you trust: a tlog-policy file.", "FILE", holds="file")],
    channel: Channel,
) -> RowShown:
    """Verify a proof about a row offline, against your own policy.

    It proves that the row is in a data set, or that it is not. The values are read from what is
    proven. Raises InputError with code dataset.proof or
    dataset.cells, VerificationError with code dataset.row, dataset.not-absent,
    dataset.columns-file or dataset.not-trained-on, and as verifying a receipt.
    """
    data = read_input(file, channel, _PROOF_MAX)
    trusted = policies.parse(read_file(policy, _POLICY_MAX))
    if b'"counterfoil-no-row/v1"' in data[:200]:
        absent = verify_absence(data, trusted)
        return _shown(absent.dataset, absent.dataset_verified, absent.values)
    with told_apart(data, "a proof about a row"):
        found = verify_membership(data, trusted)
    model = None if found.model is None else found.model.name
    return _shown(found.dataset, found.dataset_verified, found.values, found.row, model)


def _shown(
    said: Dataset,
    verified: Verified,
    values: dict[str, Any],
    row: int | None = None,
    model: str | None = None,
) -> RowShown:
    name = said.name + (f":{said.version}" if said.version else "")
    origin, how = verified.trusted.checkpoint.origin, grade(verified.trusted)
    return RowShown(row, values, name, verified.index, model, origin, how)


def _given_out(encoded: bytes, out: Path, proves: Proves) -> ProofSaved | Document:
    text = msgspec.json.format(encoded, indent=2) + b"\n"
    if out == STANDARD_STREAM:
        return Document([text], _JSON)
    write_file(out, text)
    return ProofSaved(proves, shown(out), len(text))
