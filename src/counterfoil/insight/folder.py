"""A chain's tables on disk: Parquet in parts, and one small file that says which parts count.

A part is a folder with a file for each table; it is written whole under a name that nothing
points to, synced, and counts from the moment when `chain.json` is renamed into place with it. So
a kill at any moment leaves the state before or after, and what no state names is swept away by the
next writer. Blocks that may still go are in the last part alone, which is written anew under
another name until it is sealed. This module refuses to ask a chain, and a state of another form.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from counterfoil.chain.small_files import replace_file, sync_folder
from counterfoil.errors import Conflict, InputError, NotFound, Unavailable
from counterfoil.insight.extra import need
from counterfoil.insight.tables import TABLES, arrow_schema

__all__ = [
    "STATE_FILE",
    "ChainFolder",
    "Part",
    "State",
    "all_files",
    "is_chain_folder",
    "part_files",
    "read_state",
    "stored",
]

STATE_FILE: Final = "chain.json"
"""The file that says which parts count."""

_FORM: Final = 1
_LOCK: Final = ".lock"
_PARTS: Final = "parts"


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A range of blocks, both ends included. name: its folder. rows: table -> how many.

    sealed: it never changes again.
    """

    name: str
    first: int
    last: int
    sealed: bool
    rows: dict[str, int]


class State(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a folder holds.

    source: where it is from, without credentials. chain_id: None where not known. parts: by
    block; only the last one may not be sealed. last_hash: of the last block of the sealed parts,
    empty where there is none. written: how many parts were ever written, for new names. final:
    the newest block that was known to be final, -1 for none.
    """

    form: int
    source: str
    chain_id: int | None
    parts: tuple[Part, ...] = ()
    last_hash: str = ""
    written: int = 0
    final: int = -1
    simulated: bool = False

    @property
    def sealed_parts(self) -> tuple[Part, ...]:
        """The parts that never change again."""
        return tuple(part for part in self.parts if part.sealed)


def is_chain_folder(folder: Path) -> bool:
    """Tell whether a folder holds the tables of a chain as this module writes them."""
    return (folder / STATE_FILE).is_file()


def read_state(folder: Path) -> State:
    """Read which parts count.

    Raises NotFound with code insight.folder, InputError with code insight.state.
    """
    try:
        data = (folder / STATE_FILE).read_bytes()
    except FileNotFoundError as err:
        raise NotFound(
            "insight.folder",
            f"expected the tables of a chain in {folder}, found none",
            hint="`counterfoil chain sync --rpc URL --out DIR` makes them.",
        ) from err
    except OSError as err:
        raise _disk(folder, err) from err
    try:
        state = msgspec.json.decode(data, type=State)
    except msgspec.MsgspecError as err:
        raise _malformed(folder, str(err)) from err
    if state.form != _FORM:
        raise _malformed(folder, f"form {state.form}")
    if any(Path(part.name).name != part.name for part in state.parts):
        raise _malformed(folder, "a part outside of the folder")
    return state


def part_files(folder: Path, state: State, table: str) -> list[Path]:
    """List the files of a table, oldest blocks first."""
    return [folder / _PARTS / part.name / f"{table}.parquet" for part in state.parts]


class ChainFolder:
    """A folder that is written by this process alone, until it is closed.

    Raises Conflict with code insight.busy where another process writes it, Unavailable with code
    insight.disk, and as `read_state`, but for a folder that holds nothing yet.
    """

    def __init__(
        self, folder: Path, source: str, chain_id: int | None, *, simulated: bool = False
    ) -> None:
        self.folder = folder
        try:
            (folder / _PARTS).mkdir(parents=True, exist_ok=True)
            self._lock = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as err:
            raise _disk(folder, err) from err
        try:
            self._own()
            if is_chain_folder(folder):
                self.state = read_state(folder)
                self._require_same_chain(chain_id)
            else:
                self.state = State(_FORM, source, chain_id, simulated=simulated)
            self._sweep()
        except BaseException:
            os.close(self._lock)
            raise

    def _own(self) -> None:
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as err:
            raise Conflict(
                "insight.busy",
                f"expected to be the only one to write {self.folder}, found another process",
                hint="Wait until it is done; reading needs no waiting.",
            ) from err

    def _require_same_chain(self, chain_id: int | None) -> None:
        held = self.state.chain_id
        if held != chain_id:
            raise InputError(
                "insight.other-chain",
                f"expected chain {held}, which {self.folder} holds, found chain {chain_id}",
                hint="Name another folder for this chain.",
            )

    def _sweep(self) -> None:
        """Remove parts that no state names: a kill left them."""
        named = {part.name for part in self.state.parts}
        with contextlib.suppress(OSError):  # they only take space
            for path in (self.folder / _PARTS).iterdir():
                if path.name not in named:
                    shutil.rmtree(path)

    def commit(
        self,
        parts: Sequence[tuple[int, int, bool, Mapping[str, Any]]],
        last_hash: str,
        final: int = -1,
    ) -> None:
        """Put new parts after the sealed ones, in one step; the part that was not sealed goes.

        parts: (first block, last block, sealed, table -> pyarrow.Table). last_hash: of the last
        sealed block. final: newest block that is final. Raises Unavailable with code
        insight.disk.
        """
        written, made = self.state.written, []
        try:
            for first, last, sealed, tables in parts:
                name = f"{first:012}-{last:012}-{written}"
                made.append(Part(name, first, last, sealed, self._write(name, tables)))
                written += 1
            sync_folder(self.folder / _PARTS)
            state = msgspec.structs.replace(
                self.state,
                parts=(*self.state.sealed_parts, *made),
                last_hash=last_hash,
                written=written,
                final=max(final, self.state.final),
            )
            replace_file(self.folder / STATE_FILE, msgspec.json.encode(state))
        except OSError as err:
            raise _disk(self.folder, err) from err
        self.state = state
        self._sweep()

    def _write(self, name: str, tables: Mapping[str, Any]) -> dict[str, int]:
        parquet = need("pyarrow.parquet")
        place = self.folder / _PARTS / name
        place.mkdir()
        rows = {}
        for table in TABLES:
            found = tables.get(table)
            if found is None:
                found = arrow_schema(table).empty_table()
            path = place / f"{table}.parquet"
            parquet.write_table(found, path, compression="zstd", row_group_size=100_000)
            with path.open("rb") as file:
                os.fsync(file.fileno())
            rows[table] = found.num_rows
        sync_folder(place)
        return rows

    def close(self) -> None:
        """Let others write it. Calling it again does nothing."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def __enter__(self) -> ChainFolder:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def stored(folder: Path, part: Part) -> dict[str, Any]:
    """Read a part: table -> `pyarrow.Table`. Raises Unavailable with code insight.disk."""
    parquet = need("pyarrow.parquet")
    place = folder / _PARTS / part.name
    try:
        return {table: parquet.read_table(place / f"{table}.parquet") for table in TABLES}
    except OSError as err:
        raise _disk(folder, err) from err


def all_files(folder: Path, state: State) -> Iterator[Path]:
    """List every file that counts, by part and table."""
    for part in state.parts:
        for table in TABLES:
            yield folder / _PARTS / part.name / f"{table}.parquet"


def _malformed(folder: Path, found: str) -> InputError:
    return InputError(
        "insight.state",
        f"expected a state of this version in {folder / STATE_FILE}, but: {found!a:.200}",
        hint="Sync into a new folder.",
    )


def _disk(folder: Path, err: OSError) -> Unavailable:
    return Unavailable(
        "insight.disk",
        f"expected to read and write {folder}, but: {err.strerror or err}",
        hint="Check the space and the permissions of the disk, then run it again: it goes on.",
    )
