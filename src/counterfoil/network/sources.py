"""Where a log can be read: an address that serves it, or a folder that holds it.

Both have the C2SP layout. A source says what it has and nothing is believed: callers check every
byte against a root that their policy accepts. This module refuses to read more than the format
allows.
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Final, Protocol

from counterfoil.errors import InputError, NotFound, Unavailable
from counterfoil.formats.ascii import NOTE_MAX_BYTES
from counterfoil.formats.bundle import BUNDLE_MAX_BYTES
from counterfoil.formats.tile import parse_path
from counterfoil.network.fetch import Fetcher, FetchLimits
from counterfoil.storage.payload_files import PAYLOAD_MAX_BYTES
from counterfoil.units import HASH_BYTES, TILE_WIDTH

__all__ = [
    "WITNESS_PREFIX",
    "FolderSource",
    "HttpSource",
    "LogSource",
    "WitnessSource",
    "open_source",
    "tile_limit",
]

WITNESS_PREFIX: Final = "witness:"
"""Before an address, says that a witness answers there, and no log."""


class LogSource(Protocol):
    """A party that can be asked for one log. Safe for threads.

    name: what people call it. has_tiles: it serves more than checkpoints.
    """

    name: str
    has_tiles: bool

    def checkpoint(self) -> bytes:
        """Fetch the newest signed checkpoint.

        Raises NotFound with code source.no-checkpoint, Unavailable and InputError with a code
        source.*.
        """

    def tile(self, path: str) -> bytes | None:
        """Fetch a tile or entry bundle by its C2SP path; None where there is none.

        Raises Unavailable and InputError with a code source.* or tile.*.
        """

    def payload(self, digest: str) -> bytes | None:
        """Fetch a payload by its SHA-256, 64 hexadecimal digits; its bytes are not checked.

        Returns None where there is none. Raises Unavailable and InputError with a code source.*.
        """

    def close(self) -> None:
        """Let go of connections."""


def open_source(
    where: str, *, origin: str | None = None, limits: FetchLimits | None = None
) -> LogSource:
    """Choose how to read a log.

    where: an http or https address, `witness:` and the address of a witness, or a folder.
    origin: of the log; a witness is asked by it. Raises InputError with code source.url or
    source.origin, NotFound with code source.folder.
    """
    if where.startswith(WITNESS_PREFIX):
        if origin is None:
            raise InputError(
                "source.origin",
                "expected to know the log's origin to ask a witness, found none",
                hint="Give a policy that names exactly one log.",
            )
        return WitnessSource(where.removeprefix(WITNESS_PREFIX), origin, limits)
    if "://" in where:
        return HttpSource(where, limits)
    return FolderSource(Path(where))


class HttpSource:
    """A log behind an address."""

    has_tiles = True

    def __init__(self, url: str, limits: FetchLimits | None = None) -> None:
        self.name = url
        self._fetcher = Fetcher(url, limits)

    def checkpoint(self) -> bytes:
        """Fetch the newest signed checkpoint."""
        return _found(self._fetcher.get("checkpoint", NOTE_MAX_BYTES), self.name)

    def tile(self, path: str) -> bytes | None:
        """Fetch a tile or bundle."""
        return self._fetcher.get(path, tile_limit(path))

    def payload(self, digest: str) -> bytes | None:
        """Fetch a payload."""
        return self._fetcher.get(payload_path(digest), PAYLOAD_MAX_BYTES)

    def close(self) -> None:
        """Close the connections."""
        self._fetcher.close()


class WitnessSource:
    """A witness's last cosigned checkpoint of one log (C2SP tlog-witness); it has no tiles."""

    has_tiles = False

    def __init__(self, url: str, origin: str, limits: FetchLimits | None = None) -> None:
        self.name = f"{WITNESS_PREFIX}{url}"
        self._fetcher = Fetcher(url, limits)
        self._path = f"{sha256(origin.encode()).hexdigest()}/checkpoint"

    def checkpoint(self) -> bytes:
        """Fetch the last checkpoint that the witness cosigned."""
        return _found(self._fetcher.get(self._path, NOTE_MAX_BYTES), self.name)

    def tile(self, path: str) -> bytes | None:  # noqa: ARG002  # the protocol's
        """Have none."""
        return None

    def payload(self, digest: str) -> bytes | None:  # noqa: ARG002  # the protocol's
        """Have none."""
        return None

    def close(self) -> None:
        """Close the connections."""
        self._fetcher.close()


class FolderSource:
    """A ledger, backup or mirror in a folder. Raises NotFound with code source.folder."""

    has_tiles = True

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            raise NotFound(
                "source.folder",
                f"expected a log at {folder}, found no folder",
                hint="Name the folder of a ledger or mirror, or an http address.",
            )
        self.name = str(folder)
        self._folder = folder

    def checkpoint(self) -> bytes:
        """Read the published checkpoint."""
        return _found(self._read("checkpoint", NOTE_MAX_BYTES), self.name)

    def tile(self, path: str) -> bytes | None:
        """Read a tile or bundle."""
        return self._read(path, tile_limit(path))

    def payload(self, digest: str) -> bytes | None:
        """Read a payload."""
        return self._read(payload_path(digest), PAYLOAD_MAX_BYTES)

    def close(self) -> None:
        """Hold nothing open."""

    def _read(self, path: str, limit: int) -> bytes | None:
        target = self._folder / path
        try:
            with target.open("rb") as file:
                data = file.read(limit + 1)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as err:
            raise Unavailable(
                "source.unreachable",
                f"expected to read {target}, but: {err}",
                hint="Check the disk and the permissions.",
            ) from err
        if len(data) > limit:
            raise InputError(
                "source.too-large",
                f"expected at most {limit} bytes in {target}, found more",
                hint="No honest log has such a file: do not rely on the folder.",
            )
        return data


def payload_path(digest: str) -> str:
    """Name a payload below a log's address. Raises InputError with code source.digest."""
    if len(digest) != 64 or set(digest) - set("0123456789abcdef"):
        raise InputError("source.digest", f"expected a SHA-256 digest, found {digest[:80]!a}")
    return f"payload/{digest[:2]}/{digest}"


def tile_limit(path: str) -> int:
    """Tell the largest size of what stands at a path, bytes. Raises InputError as `parse_path`."""
    return BUNDLE_MAX_BYTES if parse_path(path).level is None else TILE_WIDTH * HASH_BYTES


def _found(data: bytes | None, name: str) -> bytes:
    if data is None:
        raise NotFound(
            "source.no-checkpoint",
            f"expected a checkpoint at {name}, found none",
            hint="The log is new, or something else answers there: check the address.",
        )
    return data
