"""Open the tables of a chain: a folder that `chain sync` wrote, or other people's files.

Parquet of our own stays on disk, and queries read the columns that they need; files of others are
read into memory once. What the files do not hold is made from what they do: transfers of tokens
from events, contracts and their times from receipts and blocks. What was assumed is noted. This
module refuses a file that holds no table it knows, and a value that is not of its column.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Any, Final

from counterfoil.errors import InputError, NotFound
from counterfoil.insight.documents import Documents
from counterfoil.insight.extra import need
from counterfoil.insight.folder import all_files, is_chain_folder, part_files, read_state
from counterfoil.insight.foreign import Foreign
from counterfoil.insight.tables import SCHEMAS, TABLES, Tables

__all__ = ["connect", "open_tables"]

_ENDINGS: Final = (".parquet", ".csv", ".csv.gz", ".json", ".jsonl", ".ndjson")


def connect(threads: int | None = None) -> Any:
    """Open an empty DuckDB in memory, which neither installs nor loads extensions."""
    config: dict[str, Any] = {
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
    }
    if threads is not None:
        config["threads"] = threads
    return need("duckdb").connect(":memory:", config=config)


def open_tables(*places: Path, threads: int | None = None) -> Tables:
    """Open a folder of `chain sync`, or files and folders of files of one chain.

    places: at least one. Files: Parquet (.parquet), CSV (.csv, .csv.gz) or JSON (.json, .jsonl,
    .ndjson, and .gz of these); a folder means all such files in it. threads: None for one a core.
    Raises NotFound with code insight.folder or insight.file, InputError with code insight.state,
    insight.places, insight.json, insight.file, insight.unknown or insight.value, Unavailable with
    code insight.disk or extra.missing.
    """
    if len(places) == 1 and is_chain_folder(places[0]):
        return _own(places[0], threads)
    files = _files(places)
    connection = connect(threads)
    try:
        return _foreign(connection, files)
    except BaseException:
        connection.close()
        raise


def _own(folder: Path, threads: int | None) -> Tables:
    state = read_state(folder)
    connection = connect(threads)
    given = {}
    try:
        for table in TABLES:
            files = [str(path) for path in part_files(folder, state, table)]
            if files:
                listed = ", ".join("'" + one.replace("'", "''") + "'" for one in files)
                connection.execute(
                    f"CREATE VIEW {table} AS SELECT * FROM read_parquet([{listed}])"  # noqa: S608
                )
                given[table] = frozenset(SCHEMAS[table])
            else:
                connection.execute(_empty(table))
        digest = digest_of(folder, all_files(folder, state))
        _confine(connection, all_files(folder, state))
    except (need("duckdb").Error, OSError) as err:
        connection.close()
        raise InputError(
            "insight.file",
            f"expected the tables of a chain in {folder}, but: {str(err)!a:.200}",
            hint="Sync again into a new folder.",
        ) from err
    except BaseException:
        connection.close()
        raise
    notes = ["the data is simulated"] if state.simulated else []
    if not state.simulated and state.parts and state.parts[-1].last > state.final >= 0:
        notes.append(f"blocks after {state.final} were not final yet")
    return Tables(connection, given, digest, notes)


def _confine(connection: Any, files: Iterable[Path]) -> None:
    """Let queries, which anybody may have written, read these files and nothing else."""
    listed = ", ".join("'" + str(one).replace("'", "''") + "'" for one in files)
    connection.execute(f"SET allowed_paths = [{listed}]")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")


def _empty(table: str) -> str:
    from counterfoil.insight.tables import SQL_TYPES

    columns = ", ".join(f'"{name}" {SQL_TYPES[kind]}' for name, kind in SCHEMAS[table].items())
    return f"CREATE TABLE {table} ({columns})"


def digest_of(base: Path | None, files: Iterable[Path]) -> str:
    """Compute the SHA-256 of the lines that `sha256sum` prints for files, sorted: 64 digits.

    base: what the names in the lines are relative to; None for the files' own names. Raises
    OSError.
    """
    lines = []
    for path in files:
        with path.open("rb") as file:
            found = file_digest(file, "sha256").hexdigest()
        name = Path(path.name) if base is None else path.relative_to(base)
        lines.append(f"{found}  {name.as_posix()}\n")
    return sha256("".join(sorted(lines)).encode()).hexdigest()


def _files(places: Sequence[Path]) -> list[Path]:
    found: list[Path] = []
    for place in places:
        if is_chain_folder(place):
            raise InputError(
                "insight.places",
                f"expected one folder of tables or files of others, found {place} beside more",
                hint="Name the folder alone.",
            )
        if place.is_dir():
            found += sorted(path for path in place.rglob("*") if _is_table(path))
        elif place.is_file():
            found.append(place)
        else:
            raise NotFound(
                "insight.file",
                f"expected a file or folder at {place}, found none",
                hint="Check the path.",
            )
    if not found:
        raise NotFound(
            "insight.file",
            f"expected files that end in {', '.join(_ENDINGS)}, found none",
            hint="Name a folder of `counterfoil chain sync`, or exports of a chain.",
        )
    return list(dict.fromkeys(found))


def _is_table(path: Path) -> bool:
    return path.name.removesuffix(".gz").endswith(_ENDINGS) and path.is_file()


def _foreign(connection: Any, files: Sequence[Path]) -> Tables:
    foreign, documents = Foreign(connection), Documents()
    for path in files:
        plain = path.name.removesuffix(".gz").lower()
        if plain.endswith((".json", ".jsonl", ".ndjson")):
            documents.add(path)
        elif plain.endswith((".csv", ".parquet")):
            foreign.add_file(path)
        else:
            raise InputError(
                "insight.unknown",
                f"expected a file that ends in {', '.join(_ENDINGS)}, found {path.name}",
                hint="Rename it by what it holds.",
            )
    foreign.add_documents(documents)
    given = foreign.finish()
    try:
        digest = digest_of(None, files)
    except OSError as err:
        raise NotFound(
            "insight.file", f"expected files to read, but: {err}", hint="Check the paths."
        ) from err
    _confine(connection, ())
    return Tables(connection, given, digest, foreign.notes)
