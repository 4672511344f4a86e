"""Open the vault's databases so that what is deleted is gone: from the file and from its WAL.

`secure_delete` overwrites what is deleted with zeros; a checkpoint that truncates removes the
copies in the write-ahead log. One connection a file, in the process that owns the ledger. This
module refuses a file that is another ledger's.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from counterfoil.errors import CounterfoilError, FatalLogError, Unavailable

__all__ = ["VaultFile"]

_APPLICATION_ID: Final = 0x43465631  # "CFV1"
_VERSION: Final = 1
_BUSY_TIMEOUT_S: Final = 10.0


class VaultFile:
    """A SQLite file of the vault: WAL, `synchronous=FULL`, deleted means overwritten.

    path: readable by its owner only, made when it is not there, with its folder. schema: its
    tables. Raises Unavailable with code vault.unavailable, FatalLogError with code vault.schema.
    """

    def __init__(self, path: Path, schema: str) -> None:
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with contextlib.suppress(FileExistsError):  # to close one takes SQLite's locks away
                os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
            self.connection = sqlite3.connect(
                path, isolation_level=None, check_same_thread=False, timeout=_BUSY_TIMEOUT_S
            )
        except (OSError, sqlite3.Error) as err:
            raise self.fault(err) from err
        try:
            self._prepare(schema)
        except sqlite3.Error as err:
            self.connection.close()
            raise self.fault(err) from err
        except BaseException:
            self.connection.close()
            raise

    def _prepare(self, schema: str) -> None:
        run = self.connection.execute
        if sys.platform == "darwin":
            run("PRAGMA fullfsync = ON")
            run("PRAGMA checkpoint_fullfsync = ON")
        for pragma in (
            "journal_mode = WAL",
            "synchronous = FULL",
            "secure_delete = ON",
            "temp_store = MEMORY",  # no copies in temporary files
            "trusted_schema = OFF",
            "foreign_keys = ON",
        ):
            run(f"PRAGMA {pragma}").fetchall()
        (application,) = run("PRAGMA application_id").fetchone()
        (version,) = run("PRAGMA user_version").fetchone()
        if (application, version) == (0, 0):
            self.connection.executescript(
                f"BEGIN; {schema} PRAGMA user_version = {_VERSION}; "
                f"PRAGMA application_id = {_APPLICATION_ID}; COMMIT;"
            )
        elif (application, version) != (_APPLICATION_ID, _VERSION):
            raise FatalLogError(
                "vault.schema",
                f"expected a vault's file of version {_VERSION} at {self.path}, "
                f"found application {application:#x}, version {version}",
                hint="Put the right file back from a backup.",
            )

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Run one transaction that is durable when it ends, or nothing.

        Raises Unavailable with code vault.full or vault.unavailable, FatalLogError with code
        vault.corrupt.
        """
        try:
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                yield self.connection
                self.connection.execute("COMMIT")
            except BaseException:
                if self.connection.in_transaction:
                    self.connection.execute("ROLLBACK")
                raise
        except sqlite3.Error as err:
            raise self.fault(err) from err

    def read(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Run one query; errors as for `transaction`."""
        try:
            return self.connection.execute(query, values).fetchall()
        except sqlite3.Error as err:
            raise self.fault(err) from err

    def forget(self) -> None:
        """Fold the write-ahead log into the file and empty it: old copies of pages are gone.

        Raises Unavailable with code vault.busy while another process reads the file.
        """
        try:
            busy, _, _ = self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except sqlite3.Error as err:
            raise self.fault(err) from err
        if busy:
            raise Unavailable(
                "vault.busy",
                f"expected to empty the write-ahead log of {self.path.name}, "
                "but another process reads it",
                hint="Stop that process; erasing goes on when the ledger is opened again.",
            )

    def close(self) -> None:
        """Close the file; its write-ahead log is removed with it."""
        self.connection.close()

    def fault(self, err: Exception) -> CounterfoilError:
        """Say what an error of the disk or of SQLite means to whoever runs the ledger."""
        code = (getattr(err, "sqlite_errorcode", None) or 0) & 0xFF
        if code == sqlite3.SQLITE_FULL:
            return Unavailable(
                "vault.full",
                f"expected space for {self.path.name}, found the disk full",
                hint="Free space on the disk and try again; nothing was sealed.",
            )
        if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            return FatalLogError(
                "vault.corrupt",
                f"expected a whole file at {self.path}, found damage: {err}",
                hint="Keep the file, and put it back from a backup.",
            )
        return Unavailable(
            "vault.unavailable",
            f"expected to use {self.path}, but: {err}",
            hint="Check the space and the permissions of the disk.",
        )
