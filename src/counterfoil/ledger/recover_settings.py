"""Which ledger a recovery is about: its settings and policy, from its folder or from a copy.

Without them nothing can be checked, so they are read first; they are put in place last, since a
folder without settings is no ledger yet. This module refuses to mix two ledgers.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from counterfoil.errors import FatalLogError, Refused
from counterfoil.formats import policy as policies
from counterfoil.formats.policy import Policy
from counterfoil.ledger.config import Config, format_config, load_config
from counterfoil.ledger.layout import Layout, key_files, shared_files
from counterfoil.ledger.mirror_marker import config_of_mirror
from counterfoil.ledger.people.copies import bring_vault
from counterfoil.ledger.policy_file import opener_of
from counterfoil.log.startup import OpenNote
from counterfoil.storage.folder_copy import FolderCopy

__all__ = ["Settings", "bring_settings", "settings_of"]


@dataclass(frozen=True, slots=True)
class Settings:
    """What identifies a ledger.

    open_note: checks that a note is signed by this log.
    """

    config: Config
    policy: Policy
    open_note: OpenNote

    @property
    def origin(self) -> str:
        """The log's identity."""
        return self.config.origin


def settings_of(target: Layout, copy: Layout | None) -> Settings:
    """Read settings and policy from a folder, or from the copy where it has none.

    Raises NotFound with code ledger.missing, InputError with code config.malformed or a policy's,
    FatalLogError with code log.policy, Refused with code recover.other-log or recover.hashes-only.
    """
    mirrored = config_of_mirror(copy) if copy is not None and not copy.config.is_file() else None
    layout = target if target.config.is_file() or copy is None else copy
    if layout is copy and mirrored is not None:
        config = mirrored  # a mirror has no settings: its log says whose it is
    else:
        layout.require()
        config = load_config(layout.config)
    if mirrored is not None and mirrored.origin != config.origin:
        raise _other_log(config.origin, mirrored.origin)
    if copy is not None and copy.config.is_file():
        other = load_config(copy.config).origin
        if other != config.origin:
            raise _other_log(config.origin, other)
    policy = _policy([layout.policy for layout in (target, copy) if layout is not None])
    return Settings(config, policy, opener_of(policy, config.origin).open)


def _other_log(expected: str, found: str) -> Refused:
    return Refused(
        "recover.other-log",
        f"expected a copy of {expected}, found one of {found}",
        hint="Name a backup or mirror of this very log.",
    )


def bring_settings(target: Layout, copy: Layout | None, config: Config, notices: list[str]) -> bool:
    """Copy what a folder lacks: policy, keys if the copy has them, and settings, last.

    config: written where neither has a file, as after a recovery from a mirror.
    Returns whether the settings were missing: the folder was no ledger before.
    """
    missing = not target.config.is_file()
    files = FolderCopy(link=False)
    if copy is not None:
        if not target.policy.is_file():
            files.copy(copy.policy, target.policy)
        if not target.keys.is_dir():
            for path in key_files(copy):
                place = target.folder / path.relative_to(copy.folder)
                place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                files.copy(path, place, mode=0o600)
        bring_vault(target, copy)
        if missing:
            _bring_anchors(target, copy, files)
            target.payloads.mkdir(exist_ok=True)
            if copy.config.is_file():
                files.copy(copy.config, target.config)
            else:
                files.write(target.config, format_config(config))
        files.flush()
    if not list(target.keys.glob("*.key")):
        notices.append(
            f"There are no keys in {target.keys}: bring them back before writing; reading and "
            "auditing need none."
        )
    return missing


def _bring_anchors(target: Layout, copy: Layout, files: FolderCopy) -> None:
    """Copy what anchoring knew; where the chain has gone on, anchoring catches up by itself."""
    for source in (copy.anchor_book, copy.act_book, copy.chain, *shared_files(copy)):
        place = target.folder / source.relative_to(copy.folder)
        if source.is_file() and not place.exists():
            files.copy(source, place)


def _policy(paths: list[Path]) -> Policy:
    for path in paths:
        if path.is_file():
            return policies.parse(path.read_bytes())
    raise FatalLogError(
        "log.policy",
        f"expected a policy at {paths[0]}, found none",
        hint="Restore policy.txt from a copy: it names the keys that the log signs with.",
    )
