"""The room for data sets: record their fingerprints, find them, prove rows of them.

The data itself stays where it is. Beside the log lie the leaves of its rows, among the keys the
secret that salts them. This module refuses to call a look-up a proof: that a row is in no data set
is proven only where the owner chose the second, sorted tree.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from counterfoil.formats.statement import Subject
from counterfoil.ledger.datasets.absence import AbsenceProof
from counterfoil.ledger.datasets.found import RecordedDataset, find_dataset, list_datasets
from counterfoil.ledger.datasets.matching import DatasetMatch, match, open_like
from counterfoil.ledger.datasets.membership import MembershipProof
from counterfoil.ledger.datasets.proving import prove_absence, prove_row, rows_like
from counterfoil.ledger.datasets.secrets import keep_secret, new_secret
from counterfoil.ledger.models.found import reference_to
from counterfoil.proofs.merkle import root_of
from counterfoil.provenance.fingerprint import (
    FilesPrint,
    TablePrint,
    fingerprint_files,
    fingerprint_table,
    open_table,
)
from counterfoil.provenance.statements.datasets import Column, Fingerprint
from counterfoil.provenance.statements.parts import Accountable, Code, Reference

if TYPE_CHECKING:
    from counterfoil.ledger.ledger import Ledger
    from counterfoil.ledger.results import Recorded

__all__ = ["Datasets"]

_COLUMNS_MAX_BYTES: Final = 16_000  # of their JSON, else they lie beside the log


class Datasets:
    """The data sets of a ledger: `ledger.datasets`."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def record(
        self,
        data: Any,
        name: str,
        *,
        version: str | None = None,
        public: bool = False,
        sorted_tree: bool = False,
        as_files: bool = False,
        derived_from: Sequence[Any] = (),
        licence: str | None = None,
        location: str | None = None,
        personal: bool = False,
        description: str = "",
        accountable: Accountable | str | None = None,
        types: Mapping[str, str] | None = None,
        missing: Sequence[str] = (),
        columns: Sequence[str] | None = None,
    ) -> RecordedDataset:
        """Record a data set and wait until it is durable.

        data: a frame, the path of a table, or with `as_files` of any file or folder. public: its
        rows need no salt, so that everybody can compute the same digest. sorted_tree: be able to
        prove that a row is in it or not. derived_from: data sets that it was made from. personal:
        it is about people. types, missing, columns: for CSV, see `open_table`.
        Raises as `open_table`, `fingerprint_table` and `Ledger.record_statement`.
        """
        who = Accountable(accountable) if isinstance(accountable, str) else accountable
        common = {
            "name": name,
            "version": version,
            "derived_from": tuple(self._reference(one) for one in derived_from),
            "licence": licence,
            "location": location,
            "personal": personal,
            "description": description,
            "accountable": who,
        }
        if as_files or (isinstance(data, (str, Path)) and Path(data).is_dir()):
            said = self._files(fingerprint_files(Path(data)))
        else:
            opened = open_table(data, types=types, missing=missing, columns=columns)
            secret = None if public else new_secret()
            made = fingerprint_table(opened.schema, opened.batches(), secret, contents=sorted_tree)
            said = self._table(made)
            if secret is not None:
                keep_secret(self._ledger.layout, made.digest, secret)
        fields = {key: value for key, value in {**common, **said}.items() if value is not None}
        plain = msgspec.to_builtins(fields)
        subject = Subject(digest={"sha256": plain["fingerprint"]["digest"]}, name=name)
        done = self._ledger.record_statement("dataset", plain, subjects=[subject])
        return self.get(done.index)

    def get(self, dataset: Any) -> RecordedDataset:
        """Find a data set: by index, leaf, digest, `name` or `name:version`; see `find_dataset`."""
        return find_dataset(self._ledger, dataset)

    def ls(self, name: str | None = None) -> Iterator[RecordedDataset]:
        """List data sets, newest first; name: only those of this name."""
        return list_datasets(self._ledger, name)

    def transformation(
        self,
        name: str,
        inputs: Sequence[Any],
        outputs: Sequence[Any],
        *,
        code: Code | None = None,
        parameters: Mapping[str, str] | None = None,
        description: str = "",
    ) -> Recorded:
        """Record a step that made data sets out of others; errors as `Ledger.record_statement`."""
        said = {
            "name": name,
            "inputs": [self._reference(one) for one in inputs],
            "outputs": [self._reference(one) for one in outputs],
            "parameters": dict(parameters or {}),
            "description": description,
            **({} if code is None else {"code": code}),
        }
        return self._ledger.record_statement("transformation", msgspec.to_builtins(said))

    def match(
        self,
        dataset: Any,
        data: Any,
        *,
        missing: Sequence[str] = (),
        columns: Sequence[str] | None = None,
    ) -> DatasetMatch:
        """Tell whether data is the data set that was recorded, and which columns differ if not.

        dataset: as for `get`. data: as for `record`; CSV is read by the types that were recorded.
        Raises as `open_table` and `fingerprint_table`, NotFound with code dataset.no-secret,
        InputError with code dataset.no-rows where somebody else only told of the data set.
        """
        return match(self._ledger, self.get(dataset), data, missing, columns)

    def prove_row(
        self,
        dataset: Any,
        row: int,
        data: Any,
        *,
        model: Any = None,
        missing: Sequence[str] = (),
        columns: Sequence[str] | None = None,
    ) -> MembershipProof:
        """Prove that a row belongs to a data set, and to the training set of a model.

        dataset: as for `get`. row: from 0. data: the data set itself, which is not kept; CSV is
        read by the types that were recorded. model: a recorded model that names the data set as
        training data; see `Models.get`. missing, columns: as in `record`. Raises InputError with
        code dataset.no-rows or dataset.row-number, NotFound with code dataset.no-secret or
        payload.missing, VerificationError with code dataset.row where the data is not what was
        recorded.
        """
        opened = open_like(self._ledger, self.get(dataset), data, missing, columns)
        return prove_row(self._ledger, self.get(dataset), row, opened, model)

    def prove_absence(
        self,
        dataset: Any,
        values: Any,
        *,
        missing: Sequence[str] = (),
        columns: Sequence[str] | None = None,
    ) -> AbsenceProof:
        """Prove that no row of a data set has these values.

        dataset: as for `get`, recorded with `sorted_tree`. values: a frame, or the path of a
        table, of one row with the data set's columns. The proof of a salted set reveals the key
        of its second tree; see `absence`. Raises Refused with code dataset.no-sorted-tree,
        InputError with code dataset.columns or dataset.row-number, VerificationError with code
        dataset.not-absent where the row is in the data set.
        """
        opened = open_like(self._ledger, self.get(dataset), values, missing, columns)
        return prove_absence(self._ledger, self.get(dataset), opened)

    def rows_like(self, dataset: Any, values: Any) -> list[int]:
        """Look up where a row stands in a data set: its numbers, none if it is not in it.

        values: as for `prove_absence`. A look-up and no proof. Of a salted set it tries the row at
        every place. Raises as `prove_row` and `prove_absence`.
        """
        opened = open_like(self._ledger, self.get(dataset), values, (), None)
        return rows_like(self._ledger, self.get(dataset), opened)

    def _reference(self, thing: Any) -> Reference:
        return reference_to(self._ledger, thing)

    def _files(self, made: FilesPrint) -> dict[str, Any]:
        leaves = b"".join(one.leaf for one in made.files)
        fingerprint = Fingerprint("files/v1", made.root, made.root, len(made.files))
        return {"fingerprint": fingerprint, "leaves": self._ledger.keep(leaves)}

    def _table(self, made: TablePrint) -> dict[str, Any]:
        columns = tuple(Column(one.name, one.type, one.digest) for one in made.columns)
        listed = msgspec.json.encode(columns)
        fits = len(listed) <= _COLUMNS_MAX_BYTES
        second = made.contents or b""
        in_order = (second[at : at + 32] for at in range(0, len(second), 32))
        return {
            "fingerprint": Fingerprint(
                "table/v1",
                made.digest,
                made.root,
                made.rows,
                columns if fits else (),
                made.salted,
                None if made.contents is None else root_of(in_order).hex(),
                made.contents_key,
            ),
            "leaves": self._ledger.keep(made.leaves) if made.rows else None,
            "sorted_leaves": self._ledger.keep(second) if second else None,
            "columns_file": None if fits else self._ledger.keep(listed),
        }
