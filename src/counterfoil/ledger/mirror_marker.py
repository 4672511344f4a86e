"""Mark a folder as a mirror: whose log it copies, and how much of it.

A mirror has the log's public layout and no settings or keys, so nothing can write to it as to a
ledger; recovery reads here what it copies. This module refuses to verify: `network.mirror` does,
before anything is put in place.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal

import msgspec

from counterfoil.errors import FatalLogError, InputError, Refused
from counterfoil.formats import entry as entries
from counterfoil.formats import predicates
from counterfoil.formats.entry import StatementEntry
from counterfoil.formats.predicates import Key, Organisation
from counterfoil.formats.predicates.header import Name
from counterfoil.ledger.config import Config
from counterfoil.ledger.layout import Layout
from counterfoil.ledger.policy_file import read_policy
from counterfoil.log import LogReader
from counterfoil.proofs.trust import OWN_WITNESS
from counterfoil.storage import TileFiles
from counterfoil.storage.folder_copy import replace_file

__all__ = ["MIRROR_FILE", "MirrorMarker", "MirrorMode", "config_of_mirror", "read_mirror"]

MIRROR_FILE: Final = "mirror.json"
"""Name of the marker in a mirror's folder."""

MirrorMode = Literal["hashes", "ciphertext", "entries", "all"]
"""How much a mirror copies: hash tiles; those and entries (with sealed payloads, once there are
any, for `ciphertext`); or everything that the log's owner serves."""

_TYPE: Final = "https://counterfoil.dev/mirror/v1"
_GENESIS: Final = 8  # a ledger names its owner in its first entries


class MirrorMarker(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag=_TYPE
):
    """What a mirror is of. origin: of the log. source: where it is copied from."""

    origin: Name
    mode: MirrorMode
    source: str

    def write(self, folder: Path) -> None:
        """Put the marker into a folder. Raises Unavailable with code copy.write."""
        data = msgspec.json.format(msgspec.json.encode(self), indent=1) + b"\n"
        replace_file(folder / MIRROR_FILE, data)


def read_mirror(folder: Path) -> MirrorMarker | None:
    """Read the marker of a mirror; None where there is none.

    Raises FatalLogError with code mirror.marker when it cannot be read.
    """
    try:
        return msgspec.json.decode((folder / MIRROR_FILE).read_bytes(), type=MirrorMarker)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as err:
        raise FatalLogError(
            "mirror.marker",
            f"expected to read {folder / MIRROR_FILE}, but: {err}",
            hint="Mirror into an empty folder; what is here can still be copied by hand.",
        ) from err


def config_of_mirror(copy: Layout) -> Config | None:
    """Make the settings of the ledger that a mirror copies; None where the folder is no mirror.

    The origin is the mirror's, the owner and name are what the log's first entries say, its
    witness is what the mirror's policy says, and the rest are defaults. Raises Refused with code
    recover.hashes-only, FatalLogError with code recover.damaged, log.damaged, log.policy or
    mirror.marker.
    """
    marker = read_mirror(copy.folder)
    if marker is None:
        return None
    if marker.mode == "hashes":
        raise Refused(
            "recover.hashes-only",
            f"expected a mirror with entries at {copy.folder}, found one of hashes only",
            hint="Name a mirror of mode `entries` or `all`, or a backup.",
        )
    reader = LogReader(TileFiles(copy.folder))
    size = reader.published()[0].size
    owner, name = None, None
    for data in reader.published_entries(0, min(size, _GENESIS), size):
        try:
            parsed = entries.parse(data)
            if not isinstance(parsed, StatementEntry):
                continue
            said = predicates.parse_predicate(parsed.statement)
        except InputError:
            continue
        if isinstance(said, Key) and owner is None:
            owner = said.organisation
        if isinstance(said, Organisation) and said.organisation == owner and name is None:
            name = said.name
    if owner is None:
        raise FatalLogError(
            "recover.damaged",
            f"expected the first entries of {copy.folder} to name the log's owner, found none",
            hint="This log was not made by Counterfoil, or the mirror is damaged.",
        )
    watched = any(witness.name == OWN_WITNESS for witness in read_policy(copy).witnesses)
    return Config(
        origin=marker.origin, name=name or marker.origin, organisation=owner, witness=watched
    )
